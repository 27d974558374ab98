import Curl
import Resilience
import Web

/// What product-service holds, for comparison.
extension ProductServiceClient {
    /// A reservation as product-service tells it.
    struct Held: Sendable {
        enum Status: String, Sendable, CaseIterable {
            case held, committed, released, expired

            /// Whether stock is taken for it.
            var takesStock: Bool { self == .held || self == .committed }
        }

        let key: String
        let status: Status

        init?(_ json: JSON) {
            guard let key = json["key"]?.string,
                let status = json["status"]?.string.flatMap(Status.init(rawValue:))
            else { return nil }
            self.key = key
            self.status = status
        }
    }

    /// What its list answered.
    enum Listing: Sendable {
        case page([Held], hasMore: Bool)
        /// It has no such list; each reservation can be asked for by its key.
        case notListed
    }

    /// Reads a page of the reservations in a state that were made in a stretch of time, oldest
    /// first; blocks.
    ///
    /// - Parameters:
    ///   - status: the one state that is listed.
    ///   - times: when they were made, in whole seconds since 1970.
    ///   - last: the key after which the page begins; nil for the first page.
    ///   - deadline: of the caller.
    /// - Returns: one page, or that there is no such list.
    func reservations(
        _ status: Held.Status,
        made times: Range<Int64>,
        after last: String?,
        until deadline: Deadline
    ) -> Outcome<Listing, UpstreamFailure> {
        var fields = [
            (name: "status", value: status.rawValue), (name: "limit", value: "100"),
            (name: "from", value: String(times.lowerBound)),
            (name: "to", value: String(times.upperBound)),
        ]
        if let last { fields.append((name: "after", value: last)) }
        let query = String(decoding: PercentEncoding.form(fields), as: UTF8.self)
        return upstream.read(
            HTTPRequest(method: .get, url: "\(baseURL)/reservations?\(query)"),
            "list_reservations",
            until: deadline,
            nil
        ) { answer in
            if answer.status == 404 || answer.status == 405 { return .notListed }
            guard answer.status == 200, let elements = answer.json["reservations"]?.array else {
                return nil
            }
            let found = elements.compactMap { Held($0) }
            guard found.count == elements.count else { return nil }
            return .page(found, hasMore: answer.json["hasMore"]?.bool == true)
        }
    }

    /// Reads the reservation of a key, nil if there is none; blocks.
    func reservation(
        key: String,
        until deadline: Deadline
    ) -> Outcome<Held?, UpstreamFailure> {
        upstream.read(
            HTTPRequest(
                method: .get,
                url: "\(baseURL)/reservations/\(PercentEncoding.encode(key))"
            ),
            "reservation",
            until: deadline,
            nil
        ) { answer -> Held?? in
            // Only in its own words: what stands between us may say 404 as well.
            if answer.status == 404, answer.json["code"]?.string == "not_found" {
                return .some(nil)
            }
            guard answer.status == 200, let held = Held(answer.json) else { return nil }
            return .some(held)
        }
    }
}

import Commerce
import Curl
import MariaDB
import Resilience
import Web

/// A product with its price at this moment.
struct Product: Sendable {
    let sku: String
    let name: String
    let price: Money
    let vatRate: VATRate

    /// A product as a line has it.
    init(_ line: Line) {
        sku = line.sku
        name = line.name
        price = line.unitPrice
        vatRate = line.vatRate
    }

    /// Reads product-service's object; nil if it is not one that can be sold.
    init?(_ json: JSON) {
        guard let sku = json["sku"]?.string, let name = json["name"]?.string,
            let price = json["price"]?.integer, price >= 0,
            let rate = json["vatRate"]?.integer.flatMap({ VATRate(percent: Int(clamping: $0)) })
        else { return nil }
        self.sku = sku
        self.name = name
        let currency = json["currency"]?.string.flatMap(Currency.init(rawValue:)) ?? .ron
        self.price = Money(minor: price, currency)
        vatRate = rate
    }
}

/// Calls to product-service: prices, and reservations of stock under a key of ours.
struct ProductServiceClient: Sendable {
    let upstream: Upstream
    let baseURL: String

    /// What became of a reservation.
    enum Reservation: Sendable {
        case held
        /// What is short, with what there is.
        case outOfStock([(sku: String, available: Int64)])
        /// The key was released before, has run out, or was used for something else; nothing can
        /// be reserved under it any more.
        case released
    }

    /// The products of these SKUs; those that do not exist are not among them.
    func products(
        _ skus: [String],
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<[String: Product], UpstreamFailure> {
        let list = skus.map(PercentEncoding.encode).joined(separator: ",")
        return upstream.read(
            HTTPRequest(method: .get, url: "\(baseURL)/products?skus=\(list)"),
            "products",
            until: deadline,
            calls
        ) { answer in
            guard answer.status == 200, let list = answer.json["products"]?.array else {
                return nil
            }
            let known = list.compactMap { Product($0) }
            // What cannot be read is not what does not exist.
            guard known.count == list.count else { return nil }
            return Dictionary(known.map { ($0.sku, $0) }) { first, _ in first }
        }
    }

    /// Reserves stock; a repeat with the same key is the same reservation.
    ///
    /// - Parameters:
    ///   - key: ours, one an order.
    ///   - lines: what is reserved, all of it or nothing.
    ///   - timeToLive: how long, in whole seconds.
    ///   - deadline: of the caller.
    ///   - calls: where the request's log line finds the call.
    ///   - late: gets an outcome that came after the caller had gone.
    /// - Returns: what became of it, if there was an answer.
    func reserve(
        key: IdempotencyKey,
        lines: [Line],
        timeToLive: Duration,
        until deadline: Deadline,
        _ calls: CallLog?,
        late: @escaping @Sendable (Outcome<Reservation, UpstreamFailure>) -> Void = { _ in }
    ) -> Outcome<Reservation, UpstreamFailure> {
        let items = lines.map { line -> JSON in
            ["sku": .string(line.sku), "quantity": JSON(line.quantity)]
        }
        let body: JSON = [
            "key": .string(key.description), "items": .array(items),
            "ttlSeconds": .integer(timeToLive.components.seconds),
        ]
        return upstream.write(
            key,
            "reserve",
            until: deadline,
            calls,
            request: { _ in post("/reservations", body) },
            late: late,
            meaning: Reservation.init
        )
    }

    /// Makes a reservation final.
    ///
    /// The answer tells whether it still stood; one that is final already does, in whatever words a
    /// repeat is told so.
    func commit(
        key: IdempotencyKey,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Bool, UpstreamFailure> {
        end(key, "commit", until: deadline, calls, meaning: Self.isHeldOrFinal)
    }

    /// Gives the stock back; of a key never seen it makes a tombstone.
    func release(
        key: IdempotencyKey,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Bool, UpstreamFailure> {
        end(key, "release", until: deadline, calls)
    }

    /// Holds the stock of a reservation for longer.
    ///
    /// The answer tells whether it still stood; one that is final does.
    func extend(
        key: IdempotencyKey,
        timeToLive: Duration,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Bool, UpstreamFailure> {
        let body: JSON = ["ttlSeconds": .integer(timeToLive.components.seconds)]
        return end(key, "extend", body, until: deadline, calls, meaning: Self.isHeldOrFinal)
    }

    private func end(
        _ key: IdempotencyKey,
        _ operation: String,
        _ body: JSON = [:],
        until deadline: Deadline,
        _ calls: CallLog?,
        meaning: @escaping @Sendable (UpstreamAnswer) -> Bool? = stood
    ) -> Outcome<Bool, UpstreamFailure> {
        let path = "/reservations/\(PercentEncoding.encode(key.description))/\(operation)"
        return upstream.write(
            key,
            operation,
            until: deadline,
            calls,
            request: { _ in post(path, body) },
            meaning: meaning
        )
    }

    @Sendable private static func stood(_ answer: UpstreamAnswer) -> Bool? {
        switch (answer.status, answer.json["code"]?.string) {
        // An empty answer is nobody's word.
        case (200..<300, _): answer.json["status"]?.string == nil ? nil : true
        // Only in its own words: what stands between us may say 404 as well.
        case (404, "not_found"), (409, "released"), (409, "expired"), (409, "committed"): false
        default: nil
        }
    }

    /// Of a commit and an extension: a commit may have come before it whose answer is not noted yet.
    @Sendable private static func isHeldOrFinal(_ answer: UpstreamAnswer) -> Bool? {
        let isFinal = answer.status == 409 && answer.json["code"]?.string == "committed"
        return isFinal ? true : stood(answer)
    }

    private func post(_ path: String, _ body: JSON) -> HTTPRequest {
        HTTPRequest(
            method: .post,
            url: baseURL + path,
            headers: ["Content-Type": "application/json"],
            body: body.serialized()
        )
    }
}

extension ProductServiceClient.Reservation {
    /// Reads product-service's answer; nil if it is none of those it gives.
    fileprivate init?(_ answer: UpstreamAnswer) {
        switch (answer.status, answer.json["code"]?.string) {
        case (200, _), (201, _):
            guard answer.json["status"]?.string != nil else { return nil }
            self = .held
        case (409, "out_of_stock"):
            let items = answer.json["items"]?.array ?? []
            self = .outOfStock(
                items.map { ($0["sku"]?.string ?? "", $0["available"]?.integer ?? 0) }
            )
        case (409, "released"), (409, "expired"), (422, "key_reused"): self = .released
        default: return nil
        }
    }
}

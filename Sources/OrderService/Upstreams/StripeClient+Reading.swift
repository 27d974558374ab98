import Curl
import Resilience
import Web

/// What is read at Stripe besides PaymentIntents: events, disputes, warnings of fraud.
extension StripeClient {
    /// What Stripe said when it was asked for an object or a list.
    enum Reading<Object: Sendable>: Sendable {
        case found(Object)
        case refused(Refusal)
    }

    /// Reads the events of a stretch of time, newest first; blocks.
    ///
    /// - Parameters:
    ///   - types: at most 20 (Stripe, «list all events»).
    ///   - times: when they were made, in whole seconds since 1970.
    ///   - last: the event after which the page begins; nil for the first page.
    ///   - limit: events a page, 100 at most.
    ///   - deadline: of the caller.
    /// - Returns: one page, or a refusal: `resource_missing` if `last` is not known any more.
    func events(
        of types: [String],
        made times: Range<Int64>,
        after last: String?,
        limit: Int,
        until deadline: Deadline
    ) -> Outcome<Reading<StripeEvent.Page>, UpstreamFailure> {
        var fields = [
            (name: "limit", value: String(limit)),
            (name: "created[gte]", value: String(times.lowerBound)),
            (name: "created[lt]", value: String(times.upperBound)),
        ]
        fields += types.map { (name: "types[]", value: $0) }
        if let last { fields.append((name: "starting_after", value: last)) }
        let query = String(decoding: PercentEncoding.form(fields), as: UTF8.self)
        return get("/v1/events?\(query)", "list_events", until: deadline) {
            StripeEvent.Page($0)
        }
    }

    /// Reads a dispute; blocks.
    func dispute(
        _ id: String,
        until deadline: Deadline
    ) -> Outcome<Reading<StripeDispute>, UpstreamFailure> {
        let path = "/v1/disputes/\(PercentEncoding.encode(id))"
        return get(path, "retrieve_dispute", until: deadline) { StripeDispute($0) }
    }

    /// Reads an early warning of fraud; blocks.
    func fraudWarning(
        _ id: String,
        until deadline: Deadline
    ) -> Outcome<Reading<FraudWarning>, UpstreamFailure> {
        let path = "/v1/radar/early_fraud_warnings/\(PercentEncoding.encode(id))"
        return get(path, "retrieve_warning", until: deadline) { FraudWarning($0) }
    }

    /// Reads one object or page; blocks.
    func get<Object>(
        _ path: String,
        _ operation: String,
        until deadline: Deadline,
        _ parse: @escaping @Sendable (JSON) -> Object?
    ) -> Outcome<Reading<Object>, UpstreamFailure> {
        reads.read(request(.get, path), operation, until: deadline, nil) { answer in
            if answer.status < 300 { return parse(answer.json).map(Reading.found) }
            guard let error = answer.json["error"], (400..<500).contains(answer.status) else {
                return nil
            }
            let type = error["type"]?.string ?? ""
            let code = error["code"]?.string ?? ""
            return .refused(Refusal(status: answer.status, type: type, code: code))
        }
    }
}

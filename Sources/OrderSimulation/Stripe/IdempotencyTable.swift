import Web

/// Stripe's idempotency layer: the first answer to a key is kept and given again.
///
/// | request with a known key              | answer                              |
/// |---------------------------------------|-------------------------------------|
/// | same endpoint and parameters, done    | the stored status and body          |
/// | the first one is still in flight      | 409 `idempotency_key_in_use`        |
/// | another endpoint                      | 400 `idempotency_error`             |
/// | other parameters                      | 400 `idempotency_error`             |
/// | more than 24 h after the first        | executed as a new request           |
struct IdempotencyTable {
    /// What a key is bound to.
    struct Binding: Hashable {
        let endpoint: String
        let parameters: String
    }

    enum Decision {
        case execute
        case answer(Response)
    }

    private struct Entry {
        let binding: Binding
        let since: Instant
        var response: Response?
    }

    static let lifetime: Int64 = 24 * 3_600

    private var entries: [String: Entry] = [:]
    private var arrivals: [(key: String, since: Instant)] = []

    /// Looks a key up without claiming it.
    ///
    /// - Returns: the answer that a request with this key gets; nil if it would be executed.
    func answer(key: String, binding: Binding, now: Instant) -> Response? {
        guard let entry = entries[key],
            now < entry.since.adding(seconds: Self.lifetime)
        else { return nil }
        if entry.binding.endpoint != binding.endpoint {
            return Self.mismatch(
                """
                Keys for idempotent requests can only be used for the same endpoint they were \
                first used for ('\(binding.endpoint)' vs '\(entry.binding.endpoint)'). Try using \
                a key other than '\(key)' if you meant to execute a different request.
                """
            )
        }
        if entry.binding.parameters != binding.parameters {
            return Self.mismatch(
                """
                Keys for idempotent requests can only be used with the same parameters they were \
                first used with. Try using a key other than '\(key)' if you meant to execute a \
                different request.
                """
            )
        }
        guard let response = entry.response else { return Self.inUse(key) }
        return response.with("Idempotent-Replayed", "true")
    }

    /// Claims a key for the request that comes with it.
    mutating func begin(key: String, binding: Binding, now: Instant) -> Decision {
        if let response = answer(key: key, binding: binding, now: now) {
            return .answer(response)
        }
        prune(now)
        entries[key] = Entry(binding: binding, since: now)
        arrivals.append((key, now))
        return .execute
    }

    /// Ends a claimed request; without an answer to store the key is free again.
    mutating func finish(key: String, storing response: Response?) {
        if let response {
            entries[key]?.response = response
        } else {
            entries[key] = nil
        }
    }

    private mutating func prune(_ now: Instant) {
        var old = 0
        while old < arrivals.count, arrivals[old].since.adding(seconds: Self.lifetime) <= now {
            let key = arrivals[old].key
            if entries[key]?.since == arrivals[old].since { entries[key] = nil }
            old += 1
        }
        arrivals.removeFirst(old)
    }

    private static func mismatch(_ message: String) -> Response {
        StripeError(.badRequest, type: "idempotency_error", message).response
    }

    private static func inUse(_ key: String) -> Response {
        StripeError(
            .conflict,
            type: "idempotency_error",
            code: "idempotency_key_in_use",
            """
            There is currently another in-progress request using this Idempotent Key (that \
            probably means you submitted twice, and the other request is still going through): \
            \(key). Please try your request again later.
            """
        ).response.with("Stripe-Should-Retry", "true")
    }
}

import Curl
import Resilience
import Signing
import Web

/// What ends a PaymentIntent or takes its money.
///
/// Stripe cancels and captures an intent once, whatever the key; so each call has a key of its
/// own, which a stored failure cannot block, and its tries share it.
extension StripeClient {
    /// Cancels an intent; blocks.
    ///
    /// - Parameters:
    ///   - id: the intent's.
    ///   - reason: one of Stripe's: `abandoned`, `duplicate`, `fraudulent`,
    ///     `requested_by_customer`.
    ///   - deadline: of the caller.
    ///   - calls: where the request's log line finds the call.
    /// - Returns: the intent, cancelled; a refusal where its state forbids it.
    func cancelIntent(
        _ id: String,
        reason: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Answer, UpstreamFailure> {
        end(reads, id, "cancel", [(name: "cancellation_reason", value: reason)], deadline, calls)
    }

    /// Takes the whole authorized amount of an intent; blocks.
    ///
    /// - Returns: the intent, succeeded; a refusal where its state forbids it.
    func captureIntent(
        _ id: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Answer, UpstreamFailure> {
        end(payments, id, "capture", [(name: "expand[]", value: "latest_charge")], deadline, calls)
    }

    private func end(
        _ upstream: Upstream,
        _ id: String,
        _ operation: String,
        _ fields: [(name: String, value: String)],
        _ deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Answer, UpstreamFailure> {
        let nonce = Base64URL.encode(SecureRandom.bytes(12))
        guard let key = IdempotencyKey("\(operation)-\(id)-\(nonce)") else {
            return .notExecuted(UpstreamFailure(upstream.dependency, "malformed_key"))
        }
        let path = "/v1/payment_intents/\(PercentEncoding.encode(id))/\(operation)"
        return upstream.write(
            key,
            operation,
            until: deadline,
            calls,
            request: { key in
                var request = request(.post, path, body: fields)
                request.headers["Idempotency-Key"] = key.description
                return request
            },
            meaning: Self.read
        )
    }
}

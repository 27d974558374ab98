import Commerce
import Curl
import Resilience
import Web

extension StripeClient {
    /// What Stripe said of refunds, in so far as it could be read.
    enum RefundAnswer: Sendable {
        case refund(StripeRefund)
        /// A page of a list; `isLast` if no older ones follow.
        case page([StripeRefund], isLast: Bool)
        /// An error object of Stripe, with its HTTP status.
        case refused(Refusal)
        /// A stored failure, repeated for its key: the key will never bring anything else.
        case storedFailure
    }

    /// Refunds a part of a PaymentIntent, or all of it.
    ///
    /// - Parameters:
    ///   - refundID: our refund's public id; goes into the metadata, with `orderID`.
    ///   - orderID: our order.
    ///   - intentID: the intent that was paid.
    ///   - amount: what goes back.
    ///   - key: Stripe's idempotency key; the same for every try of the same refund.
    ///   - deadline: of the caller.
    ///   - calls: where the request's log line finds the call.
    ///   - late: gets an outcome that came after the caller had gone.
    /// - Returns: Stripe's answer, if there was one.
    func createRefund(
        _ refundID: String,
        orderID: Int64,
        intentID: String,
        amount: Money,
        key: IdempotencyKey,
        until deadline: Deadline,
        _ calls: CallLog?,
        late: @escaping @Sendable (Outcome<RefundAnswer, UpstreamFailure>) -> Void
    ) -> Outcome<RefundAnswer, UpstreamFailure> {
        let fields = [
            (name: "payment_intent", value: intentID),
            (name: "amount", value: String(amount.minor)),
            (name: "metadata[order_id]", value: String(orderID)),
            (name: "metadata[refund_id]", value: refundID),
        ]
        return refunds.write(
            key,
            "create",
            until: deadline,
            calls,
            request: { key in
                var request = request(.post, "/v1/refunds", body: fields)
                request.headers["Idempotency-Key"] = key.description
                return request
            },
            late: late,
            meaning: Self.readRefund
        )
    }

    /// Reads one refund.
    func refund(
        _ id: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<RefundAnswer, UpstreamFailure> {
        reads.read(
            request(.get, "/v1/refunds/\(PercentEncoding.encode(id))"),
            "retrieve_refund",
            until: deadline,
            calls,
            meaning: Self.readRefund
        )
    }

    /// Reads a page of a PaymentIntent's refunds, newest first, those older than `last`.
    func refunds(
        ofIntent id: String,
        after last: String? = nil,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<RefundAnswer, UpstreamFailure> {
        var path = "/v1/refunds?limit=100&payment_intent=\(PercentEncoding.encode(id))"
        if let last { path += "&starting_after=\(PercentEncoding.encode(last))" }
        return reads.read(
            request(.get, path),
            "list_refunds",
            until: deadline,
            calls,
            meaning: Self.readRefund
        )
    }

    /// A 5xx says nothing about what was done, so it has no meaning; everything else has one.
    @Sendable private static func readRefund(_ answer: UpstreamAnswer) -> RefundAnswer? {
        if answer.status < 300, let refund = StripeRefund(answer.json) { return .refund(refund) }
        if answer.status < 300, answer.json["object"]?.string == "list",
            let elements = answer.json["data"]?.array
        {
            let refunds = elements.compactMap(StripeRefund.init)
            // A page with something unreadable on it proves nothing about what is missing.
            guard refunds.count == elements.count else { return nil }
            return .page(refunds, isLast: answer.json["has_more"]?.bool != true)
        }
        switch failure(answer) {
        case .refused(let refusal): return .refused(refusal)
        case .storedFailure: return .storedFailure
        case .intent, nil: return nil
        }
    }
}

import Commerce
import Curl
import Resilience
import Web

/// Calls to Stripe's API in a pinned version: PaymentIntents, and refunds in an extension.
struct StripeClient: Sendable {
    /// What creates payments.
    let payments: Upstream
    /// What gives money back.
    let refunds: Upstream
    /// What reads and cancels.
    let reads: Upstream
    /// Without a slash at the end.
    let baseURL: String
    let secretKey: String
    /// The pinned `Stripe-Version`.
    let apiVersion: String

    /// What Stripe said, in so far as it could be read.
    enum Answer: Sendable {
        case intent(PaymentIntent)
        /// An error object of Stripe, with its HTTP status.
        case refused(Refusal)
        /// A stored failure, repeated for its key: the key will never bring anything else.
        case storedFailure
    }

    struct Refusal: Sendable {
        let status: Int
        let type: String
        let code: String

        /// Whether the first request with the key is still being carried out.
        var isInFlight: Bool { status == 409 && code == "idempotency_key_in_use" }
    }

    /// Creates a PaymentIntent for cards and wallets.
    ///
    /// - Parameters:
    ///   - amount: at least Stripe's minimum for the currency.
    ///   - orderID: goes into the metadata, with `paymentID`.
    ///   - paymentID: our payment's public id.
    ///   - capture: `automatic` or `manual`.
    ///   - key: Stripe's idempotency key; the same for every try of the same payment.
    ///   - deadline: of the caller.
    ///   - calls: where the request's log line finds the call.
    ///   - late: gets an outcome that came after the caller had gone.
    /// - Returns: Stripe's answer, if there was one.
    func createIntent(
        amount: Money,
        orderID: Int64,
        paymentID: String,
        capture: String,
        key: IdempotencyKey,
        until deadline: Deadline,
        _ calls: CallLog?,
        late: @escaping @Sendable (Outcome<Answer, UpstreamFailure>) -> Void
    ) -> Outcome<Answer, UpstreamFailure> {
        let fields = [
            (name: "amount", value: String(amount.minor)),
            (name: "currency", value: amount.currency.rawValue.lowercased()),
            (name: "capture_method", value: capture),
            (name: "payment_method_types[]", value: "card"),
            (name: "metadata[order_id]", value: String(orderID)),
            (name: "metadata[payment_id]", value: paymentID),
        ]
        return payments.write(
            key,
            "create",
            until: deadline,
            calls,
            request: { key in
                var request = request(.post, "/v1/payment_intents", body: fields)
                request.headers["Idempotency-Key"] = key.description
                return request
            },
            late: late,
            meaning: Self.read
        )
    }

    /// Reads a PaymentIntent with its latest charge.
    func intent(
        _ id: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Answer, UpstreamFailure> {
        let path = "/v1/payment_intents/\(PercentEncoding.encode(id))?expand%5B%5D=latest_charge"
        return reads.read(
            request(.get, path),
            "retrieve",
            until: deadline,
            calls,
            meaning: Self.read
        )
    }

    func request(
        _ method: HTTPRequest.Method,
        _ path: String,
        body fields: [(name: String, value: String)]? = nil
    ) -> HTTPRequest {
        var headers: HTTPHeaders = [
            "Authorization": "Bearer \(secretKey)", "Stripe-Version": apiVersion,
        ]
        if fields != nil { headers["Content-Type"] = "application/x-www-form-urlencoded" }
        return HTTPRequest(
            method: method,
            url: baseURL + path,
            headers: headers,
            body: fields.map(PercentEncoding.form) ?? []
        )
    }

    /// A 5xx says nothing about what was done, so it has no meaning; everything else has one.
    @Sendable static func read(_ answer: UpstreamAnswer) -> Answer? {
        if let intent = PaymentIntent(answer.json) { return .intent(intent) }
        return failure(answer)
    }

    /// What an answer without an object says.
    static func failure(_ answer: UpstreamAnswer) -> Answer? {
        if answer.status >= 500, answer.isReplayed {
            return .storedFailure
        }
        guard answer.isRefusal, let error = answer.json["error"] else { return nil }
        return .refused(
            Refusal(
                status: answer.status,
                type: error["type"]?.string ?? "",
                code: error["code"]?.string ?? ""
            )
        )
    }
}

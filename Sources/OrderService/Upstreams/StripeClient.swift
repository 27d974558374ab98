import Commerce
import Curl
import Resilience
import Web

/// Calls to Stripe's API: PaymentIntents in a pinned version.
struct StripeClient: Sendable {
    let caller: UpstreamCaller
    /// Without a slash at the end.
    let baseURL: String
    let secretKey: String
    /// The pinned `Stripe-Version`.
    let apiVersion: String
    /// One try of a write.
    let writeTimeout: Duration
    /// One try of a read.
    let readTimeout: Duration

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
    ///   - deadline: of the request; one try takes at most the write timeout.
    ///   - calls: where the request's log line finds the call.
    /// - Returns: Stripe's answer, if there was one.
    func createIntent(
        amount: Money,
        orderID: Int64,
        paymentID: String,
        capture: String,
        key: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Answer, UpstreamCaller.Failure> {
        let fields = [
            (name: "amount", value: String(amount.minor)),
            (name: "currency", value: amount.currency.rawValue.lowercased()),
            (name: "capture_method", value: capture),
            (name: "payment_method_types[]", value: "card"),
            (name: "metadata[order_id]", value: String(orderID)),
            (name: "metadata[payment_id]", value: paymentID),
        ]
        var request = request(.post, "/v1/payment_intents", body: fields)
        request.headers["Idempotency-Key"] = key
        let outcome = caller.send(
            request,
            "create",
            until: deadline.tightened(to: writeTimeout),
            calls
        )
        return read(outcome)
    }

    /// Reads a PaymentIntent.
    func intent(
        _ id: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Answer, UpstreamCaller.Failure> {
        let path = "/v1/payment_intents/\(PercentEncoding.encode(id))"
        return read(
            caller.send(
                request(.get, path),
                "retrieve",
                until: deadline.tightened(to: readTimeout),
                calls
            )
        )
    }

    private func request(
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

    /// A 5xx says nothing about what was done, so it is unknown; everything else is an answer.
    private func read(
        _ outcome: Outcome<UpstreamCaller.Answer, UpstreamCaller.Failure>
    ) -> Outcome<Answer, UpstreamCaller.Failure> {
        outcome.map { answer in
            if let intent = PaymentIntent(answer.json) { return .intent(intent) }
            if answer.status >= 500, answer.headers["Idempotent-Replayed"] == "true" {
                return .storedFailure
            }
            guard let error = answer.json["error"], (400..<500).contains(answer.status) else {
                return nil
            }
            return .refused(
                Refusal(
                    status: answer.status,
                    type: error["type"]?.string ?? "",
                    code: error["code"]?.string ?? ""
                )
            )
        }
    }
}

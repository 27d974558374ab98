import Web

/// An error as Stripe answers it: `{"error": {"type", "code", "message", …}}`.
struct StripeError: Error {
    var status: Status
    var type: String
    var code: String?
    var message: String
    var param: String?
    var declineCode: String?
    var adviceCode: String?
    var charge: String?
    var paymentIntent: JSON?
    var paymentMethod: JSON?
    /// Whether the idempotency layer keeps the answer: only once the endpoint began to execute.
    var isStored: Bool

    init(
        _ status: Status,
        type: String = "invalid_request_error",
        code: String? = nil,
        _ message: String,
        param: String? = nil,
        isStored: Bool = true
    ) {
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.param = param
        self.isStored = isStored
    }

    static func missingParameter(_ name: String) -> StripeError {
        invalidParameter(name, code: "parameter_missing", "Missing required param: \(name).")
    }

    static func emptyParameter(_ name: String) -> StripeError {
        invalidParameter(
            name,
            code: "parameter_invalid_empty",
            """
            You passed an empty string for '\(name)'. We assume empty values are an attempt to \
            unset a parameter; however '\(name)' cannot be unset. You should remove '\(name)' \
            from your request or supply a non-empty value.
            """
        )
    }

    static func invalidParameter(_ name: String, code: String?, _ message: String) -> StripeError {
        StripeError(.badRequest, code: code, message, param: name, isStored: false)
    }

    static func noSuch(
        _ kind: String,
        _ id: String,
        param: String,
        status: Status = .notFound
    ) -> StripeError {
        StripeError(
            status,
            code: "resource_missing",
            "No such \(kind): '\(id)'",
            param: param
        )
    }

    static func unexpectedState(_ message: String, _ intent: JSON) -> StripeError {
        var error = StripeError(
            .badRequest,
            code: "payment_intent_unexpected_state",
            message
        )
        error.paymentIntent = intent
        return error
    }

    /// The members of `error`, as they stand in an answer and in `last_payment_error`.
    var members: JSON {
        var error = ObjectBuilder()
        if let adviceCode { error["advice_code"] = .string(adviceCode) }
        if let charge { error["charge"] = .string(charge) }
        if let code {
            error["code"] = .string(code)
            let page = code.replacing("_", with: "-")
            error["doc_url"] = .string("https://stripe.com/docs/error-codes/\(page)")
        }
        if let declineCode { error["decline_code"] = .string(declineCode) }
        error["message"] = .string(message)
        if let param { error["param"] = .string(param) }
        if let paymentMethod { error["payment_method"] = paymentMethod }
        error["type"] = .string(type)
        return error.json
    }

    var response: Response {
        var error = members
        if let paymentIntent {
            error = error.replacing("payment_intent", with: paymentIntent)
        }
        return .json(status, JSON.object([("error", error)]).serialized())
    }
}

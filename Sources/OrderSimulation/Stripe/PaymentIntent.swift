import Web

/// A payment from its creation to its end, with the states and moves of Stripe.
///
/// ```
/// requires_payment_method ⇄ requires_confirmation → requires_action → processing
///            ↑  a decline or a failed challenge leads back   │            │
///            └───────────────────────────────────────────────┴────────────┤
///                              requires_capture (manual) → succeeded ←────┘
/// canceled: from every state but processing, succeeded and canceled
/// ```
struct PaymentIntent {
    enum Status: String, CaseIterable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled
    }

    /// How the payment methods are chosen.
    enum Methods {
        case automatic(allowRedirects: String)
        case listed([String])
    }

    let id: String
    let clientSecret: String
    let created: Instant
    var amount: Int64
    var currency: String
    var captureMethod: String
    var methods: Methods
    var status = Status.requiresPaymentMethod
    var amountCapturable: Int64 = 0
    var amountReceived: Int64 = 0
    var metadata: [String: String] = [:]
    var details: [String: JSON] = [:]
    var method: PaymentMethod?
    var lastError: JSON?
    var latestCharge: String?
    var nextAction: JSON?
    var review: String?
    var canceledAt: Instant?
    var cancellationReason: String?
    /// When an authorization that nobody captured lapses.
    var captureBefore: Instant?
    var returnURL: String?

    var isManual: Bool { captureMethod == "manual" }

    /// The optional texts and objects that are kept as they were given.
    static let keptDetails = [
        "customer", "description", "receipt_email", "setup_future_usage", "shipping",
        "statement_descriptor", "statement_descriptor_suffix", "transfer_group",
    ]

    var json: JSON {
        var object = ObjectBuilder()
        object["id"] = .string(id)
        object["object"] = "payment_intent"
        object["amount"] = JSON(amount)
        object["amount_capturable"] = JSON(amountCapturable)
        object["amount_details"] = ["tip": [:]]
        object["amount_received"] = JSON(amountReceived)
        object["application"] = nil
        object["application_fee_amount"] = nil
        object["automatic_payment_methods"] = automaticMethods
        object["canceled_at"] = JSON(canceledAt?.seconds)
        object["cancellation_reason"] = JSON(cancellationReason)
        object["capture_method"] = .string(captureMethod)
        object["client_secret"] = .string(clientSecret)
        object["confirmation_method"] = "automatic"
        object["created"] = JSON(created.seconds)
        object["currency"] = .string(currency)
        object["last_payment_error"] = lastError ?? .null
        object["latest_charge"] = JSON(latestCharge)
        object["livemode"] = false
        object["metadata"] = JSON(strings: metadata)
        object["next_action"] = nextAction ?? .null
        object["on_behalf_of"] = nil
        object["payment_method"] = JSON(method?.id)
        object["payment_method_options"] = [
            "card": ["installments": nil, "network": nil, "request_three_d_secure": "automatic"]
        ]
        object["payment_method_types"] = .array(methodTypes.map(JSON.string))
        object["processing"] = nil
        object["review"] = JSON(review)
        object["source"] = nil
        object["status"] = .string(status.rawValue)
        object["transfer_data"] = nil
        for name in Self.keptDetails { object[name] = details[name] ?? .null }
        return object.json
    }

    /// What a browser sees, which has only a publishable key and the client secret.
    var publicJSON: JSON {
        Self.publicView(json)
    }

    /// The members of an intent that a browser sees.
    static func publicView(_ json: JSON) -> JSON {
        json.keeping([
            "id", "object", "amount", "amount_details", "automatic_payment_methods",
            "canceled_at", "cancellation_reason", "capture_method", "client_secret",
            "confirmation_method", "created", "currency", "description", "last_payment_error",
            "livemode", "next_action", "payment_method", "payment_method_types", "processing",
            "receipt_email", "setup_future_usage", "shipping", "source", "status",
        ])
    }

    private var automaticMethods: JSON {
        guard case .automatic(let allowRedirects) = methods else { return .null }
        return ["allow_redirects": .string(allowRedirects), "enabled": true]
    }

    private var methodTypes: [String] {
        switch methods {
        case .automatic: ["card"]
        case .listed(let types): types
        }
    }
}

extension PaymentIntent {
    static let cancelable: [Status] = [
        .requiresPaymentMethod, .requiresCapture, .requiresConfirmation, .requiresAction,
    ]
    static let confirmable: [Status] = [
        .requiresConfirmation, .requiresAction, .requiresPaymentMethod,
    ]

    func requireConfirmable() throws(StripeError) {
        if status == .succeeded {
            throw .unexpectedState(
                """
                You cannot confirm this PaymentIntent because it has already succeeded after \
                being previously confirmed.
                """,
                json
            )
        }
        try require(Self.confirmable, to: "confirm", participle: "confirmed")
    }

    func requireCancelable() throws(StripeError) {
        try require(Self.cancelable, to: "cancel", participle: "canceled")
    }

    func requireCapturable() throws(StripeError) {
        guard status == .requiresCapture else {
            throw .unexpectedState(
                """
                This PaymentIntent could not be captured because it has a status of \
                \(status.rawValue). Only a PaymentIntent with one of the following statuses may \
                be captured: requires_capture.
                """,
                json
            )
        }
    }

    func requireUpdatable(_ name: String) throws(StripeError) {
        guard !Self.confirmable.contains(status) else { return }
        throw .unexpectedState(
            """
            This PaymentIntent's \(name) could not be updated because it has a status of \
            \(status.rawValue). You may only update the \(name) of a PaymentIntent with one of \
            the following statuses: \(Self.list(Self.confirmable)).
            """,
            json
        )
    }

    private func require(
        _ legal: [Status],
        to verb: String,
        participle: String
    ) throws(StripeError) {
        guard !legal.contains(status) else { return }
        throw .unexpectedState(
            """
            You cannot \(verb) this PaymentIntent because it has a status of \(status.rawValue). \
            Only a PaymentIntent with one of the following statuses may be \(participle): \
            \(Self.list(legal)).
            """,
            json
        )
    }

    private static func list(_ statuses: [Status]) -> String {
        statuses.map(\.rawValue).joined(separator: ", ")
    }
}

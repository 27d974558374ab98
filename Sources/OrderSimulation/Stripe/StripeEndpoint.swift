import Web

/// A call of Stripe's API that the stand-in knows, by its name in Stripe's documentation.
enum StripeEndpoint: Sendable {
    case createIntent, listIntents, searchIntents, retrieveIntent, updateIntent
    case confirmIntent, cancelIntent, captureIntent
    case createRefund, listRefunds, retrieveRefund, updateRefund, cancelRefund
    case listEvents, retrieveEvent
    case listCharges, retrieveCharge
    case retrieveMethod
    case listDisputes, retrieveDispute
    case listReviews, retrieveReview, approveReview
    case listFraudWarnings, retrieveFraudWarning
    case retrieveBalance

    /// Whether a publishable key with the client secret may do it, as a browser does.
    var isPublic: Bool {
        switch self {
        case .retrieveIntent, .confirmIntent: true
        default: false
        }
    }

    static let router: Router<StripeEndpoint> = {
        var router = Router<StripeEndpoint>()
        router.add(.post, "/stripe/v1/payment_intents", .createIntent)
        router.add(.get, "/stripe/v1/payment_intents", .listIntents)
        router.add(.get, "/stripe/v1/payment_intents/search", .searchIntents)
        router.add(.get, "/stripe/v1/payment_intents/{id}", .retrieveIntent)
        router.add(.post, "/stripe/v1/payment_intents/{id}", .updateIntent)
        router.add(.post, "/stripe/v1/payment_intents/{id}/confirm", .confirmIntent)
        router.add(.post, "/stripe/v1/payment_intents/{id}/cancel", .cancelIntent)
        router.add(.post, "/stripe/v1/payment_intents/{id}/capture", .captureIntent)
        router.add(.post, "/stripe/v1/refunds", .createRefund)
        router.add(.get, "/stripe/v1/refunds", .listRefunds)
        router.add(.get, "/stripe/v1/refunds/{id}", .retrieveRefund)
        router.add(.post, "/stripe/v1/refunds/{id}", .updateRefund)
        router.add(.post, "/stripe/v1/refunds/{id}/cancel", .cancelRefund)
        router.add(.get, "/stripe/v1/events", .listEvents)
        router.add(.get, "/stripe/v1/events/{id}", .retrieveEvent)
        router.add(.get, "/stripe/v1/charges", .listCharges)
        router.add(.get, "/stripe/v1/charges/{id}", .retrieveCharge)
        router.add(.get, "/stripe/v1/payment_methods/{id}", .retrieveMethod)
        router.add(.get, "/stripe/v1/disputes", .listDisputes)
        router.add(.get, "/stripe/v1/disputes/{id}", .retrieveDispute)
        router.add(.get, "/stripe/v1/reviews", .listReviews)
        router.add(.get, "/stripe/v1/reviews/{id}", .retrieveReview)
        router.add(.post, "/stripe/v1/reviews/{id}/approve", .approveReview)
        router.add(.get, "/stripe/v1/radar/early_fraud_warnings", .listFraudWarnings)
        router.add(.get, "/stripe/v1/radar/early_fraud_warnings/{id}", .retrieveFraudWarning)
        router.add(.get, "/stripe/v1/balance", .retrieveBalance)
        return router
    }()
}

extension StripeAccount {
    /// Carries a call out.
    ///
    /// - Returns: the object or list that Stripe answers, with `expand[]` applied.
    mutating func perform(
        _ endpoint: StripeEndpoint,
        _ id: String,
        _ form: StripeForm,
        _ call: Call,
        isPublic: Bool
    ) throws(StripeError) -> JSON {
        if isPublic {
            var intent = try intent(id)
            guard form["client_secret"] == intent.clientSecret else {
                throw .invalidParameter(
                    "client_secret",
                    code: "payment_intent_invalid_parameter",
                    "The client_secret provided does not match the client_secret on the "
                        + "PaymentIntent."
                )
            }
            guard endpoint == .confirmIntent else { return intent.publicJSON }
            do throws(StripeError) {
                intent = try confirmIntent(id, form, call)
            } catch {
                var shown = error
                shown.paymentIntent = shown.paymentIntent.map(PaymentIntent.publicView)
                throw shown
            }
            return intent.publicJSON
        }
        // In two steps: as an argument the call would run with `self` borrowed, and every array
        // that it changes would be copied first.
        let json = try result(endpoint, id, form, call)
        return expanding(json, form)
    }

    private mutating func result(
        _ endpoint: StripeEndpoint,
        _ id: String,
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> JSON {
        switch endpoint {
        case .createIntent: try createIntent(form, call).json
        case .listIntents: try listIntents(form)
        case .searchIntents: try searchIntents(form)
        case .retrieveIntent: try intent(id).json
        case .updateIntent: try updateIntent(id, form, call).json
        case .confirmIntent: try confirmIntent(id, form, call).json
        case .cancelIntent: try cancelIntent(id, form, call).json
        case .captureIntent: try captureIntent(id, form, call).json
        case .createRefund: try createRefund(form, call).json
        case .listRefunds: try listRefunds(form)
        case .retrieveRefund: try found(refunds[id]?.json, "refund", id)
        case .updateRefund: try updateRefund(id, form, call).json
        case .cancelRefund: try cancelRefund(id, call).json
        case .listEvents: try listEvents(form, now: call.now)
        case .retrieveEvent: try found(events[id]?.json, "event", id)
        case .listCharges: try listCharges(form)
        case .retrieveCharge: try found(charges[id]?.json, "charge", id)
        case .retrieveMethod: try found(methods[id]?.json, "PaymentMethod", id)
        case .listDisputes: try listDisputes(form)
        case .retrieveDispute: try found(disputes[id]?.json, "dispute", id)
        case .listReviews: try listReviews(form)
        case .retrieveReview: try found(reviews[id]?.json, "review", id)
        case .approveReview: try closeReview(id, reason: "approved", call).json
        case .listFraudWarnings: try listFraudWarnings(form)
        case .retrieveFraudWarning:
            try found(fraudWarnings[id]?.json, "early fraud warning", id)
        case .retrieveBalance: balance
        }
    }

    private func found(
        _ object: JSON?,
        _ kind: String,
        _ id: String
    ) throws(StripeError) -> JSON {
        guard let object else { throw .noSuch(kind, id, param: "id") }
        return object
    }

    private var balance: JSON {
        var amounts: [String: Int64] = [:]
        for charge in charges.all {
            amounts[charge.currency, default: 0] += charge.refundable
        }
        let available = amounts.sorted { $0.key < $1.key }.map { currency, amount in
            JSON.object([
                ("amount", JSON(amount)), ("currency", .string(currency)),
                ("source_types", ["card": JSON(amount)]),
            ])
        }
        return [
            "object": "balance", "available": .array(available), "livemode": false, "pending": [],
        ]
    }
}

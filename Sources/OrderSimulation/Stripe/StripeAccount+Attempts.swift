import Web

extension StripeAccount {
    /// Begins an attempt to pay; a decline throws after it has been recorded.
    mutating func confirm(
        _ confirmed: PaymentIntent,
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        var intent = confirmed
        if let method = try method(form, call) { intent.method = method }
        if let capture = form["capture_method"] { intent.captureMethod = capture }
        if let url = form["return_url"] { intent.returnURL = url }
        guard let method = intent.method else {
            throw .unexpectedState(
                """
                You cannot confirm this PaymentIntent because it's missing a payment method. You \
                can either update the PaymentIntent with a payment method and then confirm it \
                again, or confirm it again directly with a payment method or ConfirmationToken.
                """,
                intent.json
            )
        }
        intent.nextAction = nil
        guard method.card.requiresAuthentication else {
            return try charge(&intent, method, call, isAuthenticated: false)
        }
        let refusesAction = try form.bool("error_on_requires_action") ?? false
        let isAlone = form["off_session"].map { $0 != "false" } ?? false
        if isAlone || refusesAction {
            try decline(
                &intent,
                method,
                code: "authentication_required",
                declineCode: "authentication_required",
                message: "Your card was declined. This transaction requires authentication.",
                call
            )
        }
        intent.status = .requiresAction
        intent.nextAction = action(intent, call)
        intents[intent.id] = intent
        emit("payment_intent.requires_action", intent.json, call)
        return intent
    }

    private func action(_ intent: PaymentIntent, _ call: Call) -> JSON {
        let page = "\(call.origin)/_3ds/\(intent.id)"
        guard let returnURL = intent.returnURL else {
            return [
                "type": "use_stripe_sdk",
                "use_stripe_sdk": [
                    "type": "three_d_secure_redirect", "stripe_js": .string(page),
                ],
            ]
        }
        return [
            "redirect_to_url": ["return_url": .string(returnURL), "url": .string(page)],
            "type": "redirect_to_url",
        ]
    }

    /// The payer answers the bank's challenge, well or badly.
    mutating func completeChallenge(
        _ id: String,
        succeeded: Bool,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        var intent = try intent(id)
        guard intent.status == .requiresAction, let method = intent.method else {
            throw .unexpectedState(
                "This PaymentIntent has no challenge: its status is \(intent.status.rawValue).",
                intent.json
            )
        }
        intent.nextAction = nil
        if succeeded { return try charge(&intent, method, call, isAuthenticated: true) }
        var error = StripeError(
            .paymentRequired,
            type: "invalid_request_error",
            code: "payment_intent_authentication_failure",
            """
            We are unable to authenticate your payment method. Please choose a different payment \
            method and try again.
            """
        )
        error.paymentMethod = method.json
        fail(&intent, error, call)
        return intent
    }

    /// A bank debit settles, well or badly.
    mutating func completeProcessing(
        _ id: String,
        succeeded: Bool,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        var intent = try intent(id)
        guard intent.status == .processing, let chargeID = intent.latestCharge,
            var charge = charges[chargeID]
        else {
            throw .unexpectedState(
                "This PaymentIntent is not processing: its status is \(intent.status.rawValue).",
                intent.json
            )
        }
        if succeeded {
            charge.status = .succeeded
            charge.isCaptured = true
            charge.amountCaptured = charge.amount
            succeed(&intent, charge, call)
        } else {
            charge.status = .failed
            charge.failureCode = "insufficient_funds"
            charge.failureMessage = "The customer's account has insufficient funds."
            charges[chargeID] = charge
            emit("charge.failed", charge.json, call)
            var error = StripeError(
                .paymentRequired,
                type: "card_error",
                code: "payment_method_provider_decline",
                "The customer's account has insufficient funds."
            )
            error.charge = chargeID
            error.paymentMethod = charge.method.json
            fail(&intent, error, call)
        }
        return intent
    }

    private mutating func charge(
        _ intent: inout PaymentIntent,
        _ method: PaymentMethod,
        _ call: Call,
        isAuthenticated: Bool
    ) throws(StripeError) -> PaymentIntent {
        switch method.card.behaviour {
        case .decline(let code, let declineCode, let message):
            try decline(
                &intent,
                method,
                code: code,
                declineCode: declineCode,
                message: message,
                call
            )
        case .block:
            try decline(
                &intent,
                method,
                code: "card_declined",
                declineCode: "fraudulent",
                message: "Your card was declined.",
                call
            )
        case .process:
            let charge = makeCharge(intent, method, .pending, call)
            charges.append(charge)
            intent.status = .processing
            intent.latestCharge = charge.id
            intents[intent.id] = intent
            emit("charge.pending", charge.json, call)
            emit("payment_intent.processing", intent.json, call)
        case .succeed:
            var charge = makeCharge(intent, method, .succeeded, call)
            charge.isAuthenticated = isAuthenticated
            charge.isCaptured = !intent.isManual
            charge.amountCaptured = intent.isManual ? 0 : intent.amount
            if charge.verdict.type == "manual_review" {
                let review = Review(
                    id: random.id("prv"),
                    charge: charge.id,
                    intent: intent.id,
                    created: call.now
                )
                reviews.append(review)
                charge.review = review.id
                intent.review = review.id
            }
            charges.append(charge)
            succeed(&intent, charge, call)
        }
        return intent
    }

    private mutating func makeCharge(
        _ intent: PaymentIntent,
        _ method: PaymentMethod,
        _ status: Charge.Status,
        _ call: Call
    ) -> Charge {
        Charge(
            id: random.id("ch"),
            intent: intent.id,
            created: call.now,
            amount: intent.amount,
            currency: intent.currency,
            method: method,
            status: status,
            isCaptured: false,
            amountCaptured: 0,
            verdict: Charge.Verdict(method.card),
            metadata: intent.metadata
        )
    }

    private mutating func succeed(_ intent: inout PaymentIntent, _ charge: Charge, _ call: Call) {
        charges[charge.id] = charge
        intent.latestCharge = charge.id
        intent.lastError = nil
        if charge.isCaptured {
            intent.status = .succeeded
            intent.amountReceived = charge.amountCaptured
        } else {
            intent.status = .requiresCapture
            intent.amountCapturable = charge.amount
            let limit = call.now.adding(seconds: Self.authorizationLifetime)
            intent.captureBefore = limit
            addTimer(at: limit, intent.id)
        }
        intents[intent.id] = intent
        emit("charge.succeeded", charge.json, call)
        emit(
            charge.isCaptured
                ? "payment_intent.succeeded" : "payment_intent.amount_capturable_updated",
            intent.json,
            call
        )
        if let id = charge.review, let review = reviews[id] {
            emit("review.opened", review.json, call)
        }
        if charge.method.card.raisesFraudWarning { warnOfFraud(charge, call) }
        if let reason = charge.method.card.disputeReason {
            dispute(charge, reason: reason, call)
        }
    }

    private mutating func decline(
        _ intent: inout PaymentIntent,
        _ method: PaymentMethod,
        code: String,
        declineCode: String?,
        message: String,
        _ call: Call
    ) throws(StripeError) {
        var charge = makeCharge(intent, method, .failed, call)
        charge.failureCode = code
        charge.failureMessage = message
        if charge.verdict.type == "authorized" {
            charge.verdict.type = "issuer_declined"
            charge.verdict.networkStatus = "declined_by_network"
            charge.verdict.reason = declineCode
        }
        charges.append(charge)
        intent.latestCharge = charge.id
        var error = StripeError(.paymentRequired, type: "card_error", code: code, message)
        error.declineCode = declineCode
        error.adviceCode = Self.advice(on: declineCode)
        error.charge = charge.id
        error.paymentMethod = method.json
        if code == "incorrect_cvc" { error.param = "cvc" }
        if code == "expired_card" { error.param = "exp_month" }
        emit("charge.failed", charge.json, call)
        fail(&intent, error, call)
        error.paymentIntent = intent.json
        throw error
    }

    private static func advice(on declineCode: String?) -> String {
        switch declineCode {
        case "lost_card", "stolen_card", "fraudulent": "do_not_try_again"
        case "expired_card", "incorrect_cvc", "authentication_required": "confirm_card_data"
        default: "try_again_later"
        }
    }

    /// Leads a failed attempt back to the choice of a payment method.
    private mutating func fail(_ intent: inout PaymentIntent, _ error: StripeError, _ call: Call) {
        intent.status = .requiresPaymentMethod
        intent.method = nil
        intent.lastError = error.members
        intents[intent.id] = intent
        emit("payment_intent.payment_failed", intent.json, call)
    }
}

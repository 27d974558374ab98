import Web

extension StripeAccount {
    private static let commonNames: Set<String> = [
        "allowed_payment_method_types", "amount_details", "capture_method", "confirmation_token",
        "excluded_payment_method_types", "hooks", "payment_details", "payment_method",
        "payment_method_data", "payment_method_options", "payment_method_types",
        "receipt_email", "setup_future_usage", "shipping",
    ]
    private static let editingNames: Set<String> = commonNames.union([
        "amount", "application_fee_amount", "currency", "customer", "customer_account",
        "description", "metadata", "payment_method_configuration", "statement_descriptor",
        "statement_descriptor_suffix", "transfer_data", "transfer_group",
    ])
    private static let confirmingNames: Set<String> = commonNames.union([
        "amount_to_confirm", "client_secret", "error_on_requires_action", "mandate",
        "mandate_data", "off_session", "radar_options", "return_url", "use_stripe_sdk",
    ])
    private static let creatingNames: Set<String> =
        editingNames.union(confirmingNames).subtracting(["client_secret", "amount_to_confirm"])
        .union(["automatic_payment_methods", "confirm", "confirmation_method", "on_behalf_of"])
    private static let captureMethods = ["automatic", "automatic_async", "manual"]
    private static let cancellationReasons = [
        "duplicate", "fraudulent", "requested_by_customer", "abandoned",
    ]

    mutating func createIntent(
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        try form.require(onlyNames: Self.creatingNames)
        let amount = try form.requiredInteger("amount")
        let currency = try Self.currency(form)
        try Self.check(amount: amount, currency)
        let id = random.id("pi")
        var intent = PaymentIntent(
            id: id,
            clientSecret: "\(id)_secret_\(random.token(25))",
            created: call.now,
            amount: amount,
            currency: currency,
            captureMethod: try form.word("capture_method", of: Self.captureMethods)
                ?? "automatic_async",
            methods: try Self.methods(form)
        )
        intent.metadata = try form.metadata(over: [:])
        Self.keepDetails(form, &intent)
        let confirms = try form.bool("confirm") ?? false
        if !confirms, form.contains("off_session") || form.contains("return_url") {
            let name = form.contains("return_url") ? "return_url" : "off_session"
            throw .invalidParameter(
                name,
                code: nil,
                "The parameter `\(name)` cannot be passed when creating a PaymentIntent unless "
                    + "`confirm` is set to true."
            )
        }
        intent.method = try method(form, call)
        if intent.method != nil { intent.status = .requiresConfirmation }
        intents.append(intent)
        emit("payment_intent.created", intent.json, call)
        guard confirms else { return intent }
        return try confirm(intent, form, call)
    }

    mutating func updateIntent(
        _ id: String,
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        try form.require(onlyNames: Self.editingNames)
        var intent = try intent(id)
        for name in ["amount", "currency", "payment_method", "capture_method"]
        where form.contains(name) {
            try intent.requireUpdatable(name)
        }
        let amount = try form.integer("amount") ?? intent.amount
        let currency = form["currency"] == nil ? intent.currency : try Self.currency(form)
        try Self.check(amount: amount, currency)
        intent.amount = amount
        intent.currency = currency
        intent.metadata = try form.metadata(over: intent.metadata)
        Self.keepDetails(form, &intent)
        if let capture = try form.word("capture_method", of: Self.captureMethods) {
            intent.captureMethod = capture
        }
        if let method = try method(form, call) {
            intent.method = method
            intent.status = .requiresConfirmation
            intent.nextAction = nil
        }
        intents[id] = intent
        return intent
    }

    mutating func confirmIntent(
        _ id: String,
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        try form.require(onlyNames: Self.confirmingNames)
        let intent = try intent(id)
        try intent.requireConfirmable()
        return try confirm(intent, form, call)
    }

    mutating func cancelIntent(
        _ id: String,
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        try form.require(onlyNames: ["cancellation_reason"])
        let reason = try form.word("cancellation_reason", of: Self.cancellationReasons)
        var intent = try intent(id)
        try intent.requireCancelable()
        if intent.status == .requiresCapture, let id = intent.latestCharge,
            var charge = charges[id]
        {
            // The hold on the payer's account ends, which Stripe shows as a refund of it.
            charge.amountRefunded = charge.amount
            charges[id] = charge
            emit("charge.refunded", charge.json, call)
        }
        close(&intent, reason: reason, call)
        return intent
    }

    mutating func captureIntent(
        _ id: String,
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> PaymentIntent {
        try form.require(onlyNames: [
            "amount_details", "amount_to_capture", "application_fee_amount", "final_capture",
            "hooks", "metadata", "payment_details", "statement_descriptor",
            "statement_descriptor_suffix", "transfer_data",
        ])
        var intent = try intent(id)
        let wanted = try form.integer("amount_to_capture")
        try intent.requireCapturable()
        let amount = wanted ?? intent.amountCapturable
        guard amount > 0, amount <= intent.amountCapturable else {
            throw StripeError(
                .badRequest,
                code: amount > 0 ? "amount_too_large" : "parameter_invalid_integer",
                """
                The payment could not be captured because the requested capture amount is \
                greater than the amount you can capture for this charge, or is not positive.
                """,
                param: "amount_to_capture"
            )
        }
        intent.metadata = try form.metadata(over: intent.metadata)
        intent.amountReceived = amount
        intent.amountCapturable = 0
        intent.status = .succeeded
        intents[id] = intent
        if let id = intent.latestCharge, var charge = charges[id] {
            charge.isCaptured = true
            charge.amountCaptured = amount
            // The rest of the hold goes back to the payer.
            charge.amountRefunded = charge.amount - amount
            charges[id] = charge
            emit("charge.captured", charge.json, call)
        }
        emit("payment_intent.succeeded", intent.json, call)
        return intent
    }
}

extension StripeAccount {
    private static func methods(_ form: StripeForm) throws(StripeError) -> PaymentIntent.Methods {
        for name in ["payment_method_types", "allowed_payment_method_types"] {
            let types = form.list(name)
            guard !types.isEmpty else { continue }
            guard try form.bool("automatic_payment_methods[enabled]") != true else {
                throw .invalidParameter(
                    name,
                    code: nil,
                    "You may only specify one of these parameters: automatic_payment_methods, "
                        + "\(name)."
                )
            }
            return .listed(types)
        }
        if form.contains("automatic_payment_methods"),
            try form.bool("automatic_payment_methods[enabled]") == nil
        {
            throw .missingParameter("automatic_payment_methods[enabled]")
        }
        let redirects = try form.word(
            "automatic_payment_methods[allow_redirects]",
            of: ["always", "never"]
        )
        return .automatic(allowRedirects: redirects ?? "always")
    }

    private static func keepDetails(_ form: StripeForm, _ intent: inout PaymentIntent) {
        for name in PaymentIntent.keptDetails where form.contains(name) {
            if let text = form[name] {
                intent.details[name] = text.isEmpty ? .null : .string(text)
            } else {
                intent.details[name] = form.object(name)
            }
        }
    }

    /// The payment method that the form names or brings; nil if it says nothing of one.
    mutating func method(
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> PaymentMethod? {
        if let name = form["payment_method"], !name.isEmpty {
            if let known = methods[name] { return known }
            guard let card = TestCard.named(name) else {
                throw .noSuch("PaymentMethod", name, param: "payment_method", status: .badRequest)
            }
            return keep(card, call)
        }
        guard form.contains("payment_method_data") else { return nil }
        let number = form["payment_method_data[card][number]"]
        let token = form["payment_method_data[card][token]"]
        guard let card = number.flatMap(TestCard.numbered) ?? token.flatMap(TestCard.named) else {
            throw StripeError(
                .paymentRequired,
                type: "card_error",
                code: "incorrect_number",
                "Your card number is incorrect.",
                param: "payment_method_data[card][number]"
            )
        }
        return keep(card, call)
    }

    private mutating func keep(_ card: TestCard, _ call: Call) -> PaymentMethod {
        let method = PaymentMethod(id: random.id("pm"), created: call.now, card: card)
        methods[method.id] = method
        return method
    }
}

import Web

extension StripeAccount {
    mutating func createRefund(
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> Refund {
        try form.require(onlyNames: [
            "amount", "charge", "currency", "customer", "instructions_email", "metadata",
            "origin", "payment_intent", "reason", "refund_application_fee", "reverse_transfer",
        ])
        let wanted = try form.integer("amount")
        let reason = try form.word(
            "reason",
            of: ["duplicate", "fraudulent", "requested_by_customer"]
        )
        let metadata = try form.metadata(over: [:])
        let charge = try chargeToRefund(form)
        if charge.isDisputed {
            throw StripeError(
                .badRequest,
                code: "charge_disputed",
                "Charge \(charge.id) has been charged back; cannot issue a refund."
            )
        }
        guard charge.refundable > 0 else {
            throw StripeError(
                .badRequest,
                code: "charge_already_refunded",
                "Charge \(charge.id) has already been refunded."
            )
        }
        let amount = wanted ?? charge.refundable
        guard amount > 0 else {
            throw .invalidParameter(
                "amount",
                code: "parameter_invalid_integer",
                "This value must be greater than or equal to 1."
            )
        }
        guard amount <= charge.refundable else {
            let unit = charge.currency.uppercased()
            throw StripeError(
                .badRequest,
                """
                Refund amount (\(unit) \(Self.decimal(amount))) is greater than unrefunded \
                amount on charge (\(unit) \(Self.decimal(charge.refundable)))
                """,
                param: "amount"
            )
        }
        return refund(charge, amount: amount, reason: reason, metadata: metadata, call)
    }

    private func chargeToRefund(_ form: StripeForm) throws(StripeError) -> Charge {
        if let id = form["charge"] {
            guard let charge = charges[id] else { throw .noSuch("charge", id, param: "charge") }
            guard charge.isCaptured else {
                throw StripeError(
                    .badRequest,
                    "Charge \(id) has not been captured and cannot be refunded.",
                    param: "charge"
                )
            }
            return charge
        }
        guard let id = form["payment_intent"] else {
            throw StripeError(
                .badRequest,
                code: "parameter_missing",
                "One of the following params should be provided for this request: "
                    + "payment_intent or charge.",
                isStored: false
            )
        }
        guard let intent = intents[id] else {
            throw .noSuch("payment_intent", id, param: "payment_intent")
        }
        guard intent.status == .succeeded, let charge = intent.latestCharge.flatMap({ charges[$0] })
        else {
            throw StripeError(
                .badRequest,
                "This PaymentIntent (\(id)) does not have a successful charge to refund.",
                param: "payment_intent"
            )
        }
        return charge
    }

    private mutating func refund(
        _ refunded: Charge,
        amount: Int64,
        reason: String?,
        metadata: [String: String],
        _ call: Call
    ) -> Refund {
        var charge = refunded
        let due = call.now.adding(seconds: Self.refundDelay)
        let (status, next): (Refund.Status, (at: Instant, status: Refund.Status)?) =
            switch charge.method.card.refunds {
            case .succeed: (.succeeded, nil)
            case .failLater: (.succeeded, (due, .failed))
            case .succeedLater: (.pending, (due, .succeeded))
            }
        let refund = Refund(
            id: random.id("re"),
            charge: charge.id,
            intent: charge.intent,
            created: call.now,
            amount: amount,
            currency: charge.currency,
            reason: reason,
            metadata: metadata,
            status: status,
            next: next
        )
        if next != nil { addTimer(at: due, refund.id) }
        refunds.append(refund)
        charge.amountRefunded += amount
        charges[charge.id] = charge
        emit("refund.created", refund.json, call)
        emit("charge.refunded", charge.json, call)
        if charge.refundable == 0 { endWarnings(about: charge.id, call) }
        return refund
    }

    mutating func updateRefund(
        _ id: String,
        _ form: StripeForm,
        _ call: Call
    ) throws(StripeError) -> Refund {
        try form.require(onlyNames: ["metadata"])
        guard var refund = refunds[id] else { throw .noSuch("refund", id, param: "id") }
        refund.metadata = try form.metadata(over: refund.metadata)
        refunds[id] = refund
        emit("refund.updated", refund.json, call)
        emit("charge.refund.updated", refund.json, call)
        return refund
    }

    mutating func cancelRefund(_ id: String, _ call: Call) throws(StripeError) -> Refund {
        guard let refund = refunds[id] else { throw .noSuch("refund", id, param: "id") }
        guard refund.status == .requiresAction else {
            throw StripeError(
                .badRequest,
                "Refund \(id) cannot be canceled because it has a status of "
                    + "\(refund.status.rawValue). Only a refund that requires_action can."
            )
        }
        return settle(refund, as: .canceled, reason: nil, call)
    }

    /// Moves a refund to another state, whatever it was; for tests and for refund test cards.
    @discardableResult
    mutating func settle(
        _ settled: Refund,
        as status: Refund.Status,
        reason: String?,
        _ call: Call
    ) -> Refund {
        var refund = settled
        let counted = refund.counts
        refund.status = status
        refund.failureReason = status == .failed ? reason ?? "unknown" : nil
        refund.next = nil
        refunds[refund.id] = refund
        if counted != refund.counts, var charge = charges[refund.charge] {
            charge.amountRefunded += refund.counts ? refund.amount : -refund.amount
            charges[charge.id] = charge
        }
        emit("refund.updated", refund.json, call)
        emit("charge.refund.updated", refund.json, call)
        if status == .failed { emit("refund.failed", refund.json, call) }
        return refund
    }
}

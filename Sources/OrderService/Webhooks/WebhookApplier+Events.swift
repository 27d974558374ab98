import Commerce
import MariaDB
import Resilience
import Web

/// What follows from an event, by its type.
extension WebhookApplier {
    /// Applies one event of an object; what it tells is read again at Stripe where it matters.
    func apply(
        _ type: String,
        _ object: JSON,
        _ progress: inout Progress,
        until deadline: Deadline
    ) throws {
        // Nobody here has, nor could have, an object of such a name; Stripe could not be asked.
        guard StripeEvent.Head.hasOnlyWords(object) else { return }
        if DisputeRecorder.isMeant(by: type) {
            return try noteRisk(type, object, &progress, until: deadline)
        }
        switch type.split(separator: ".").first {
        case "payment_intent":
            let intent = PaymentIntent(object)
            if let intent, intent.orderID == nil { return }
            // One that cannot be read, of a state yet unknown perhaps, is asked for by its id.
            guard let id = object["id"]?.string else { return }
            try reread(id, after: type, fallback: intent, &progress, until: deadline)
        case "refund",
            "charge" where object["object"]?.string == "refund":
            guard let refund = StripeRefund(object) else { return }
            if let unread = try refunds.reread(refund.id, signed: refund, until: deadline) {
                throw unread
            }
        case "charge":
            guard let intentID = object["payment_intent"]?.string else { return }
            if object["object"]?.string == "charge" { try note(object, until: deadline) }
            try reread(intentID, after: type, fallback: nil, &progress, until: deadline)
            guard type == "charge.refunded" else { return }
            if let unread = try refunds.reread(ofIntent: intentID, until: deadline, nil) {
                throw unread
            }
        default:
            // Stored and answered; nothing here follows from it.
            return
        }
    }

    /// Records a dispute or a warning of fraud; that the payment was paid may still have to be
    /// learnt.
    private func noteRisk(
        _ type: String,
        _ object: JSON,
        _ progress: inout Progress,
        until deadline: Deadline
    ) throws {
        if case .noted = try disputes.note(type, object, until: deadline) { return }
        if let intentID = object["payment_intent"]?.string {
            try reread(intentID, after: type, fallback: nil, &progress, until: deadline)
        }
        if case .unsettled = try disputes.note(type, object, until: deadline) {
            throw Unreadable(reason: "the disputed payment is not settled")
        }
    }

    /// Whether an event tells nothing of a payment that is not in its row already.
    ///
    /// A row has an intent once Stripe has told of it, and is settled once Stripe has told of its
    /// success, which is final.
    private static func isOld(_ type: String, _ payment: Payment) -> Bool {
        switch type {
        case "payment_intent.created": true
        case "payment_intent.succeeded", "charge.succeeded": payment.status.isSettled
        default: false
        }
    }

    /// Reads the intent again and settles it, unless what came is known; a signed final object may
    /// stand in where Stripe cannot be asked.
    private func reread(
        _ intentID: String,
        after type: String,
        fallback: PaymentIntent?,
        _ progress: inout Progress,
        until deadline: Deadline
    ) throws {
        guard !progress.asked.contains(intentID) else { return }
        let known = try payments.find(intentID: intentID, until: deadline)
        if let known, Self.isOld(type, known) { return }
        let version = known?.version
        switch stripe.intent(intentID, until: deadline, nil) {
        case .executed(.intent(let intent)):
            let isDropped = try settlement.attempt(
                intent,
                readAt: version,
                by: "stripe",
                until: deadline
            ).isDropped
            // Somebody else has settled an older read meanwhile: what this one tells is not in the
            // row, and no other delivery need come.
            if isDropped { throw Overtaken() }
            progress.asked.insert(intentID)
        case .executed(.refused(let refusal)) where refusal.status == 404:
            return
        case .executed(.refused(let refusal)):
            throw Unreadable(reason: "status \(refusal.status)")
        case .executed(.storedFailure):
            throw Unreadable(reason: "stored failure")
        case .notExecuted(let failure), .unknown(let failure):
            guard let fallback, fallback.status.isFinal else {
                throw Unreadable(reason: failure.reason)
            }
            try settlement.settle(fallback, readAt: version, by: "stripe", until: deadline)
        }
    }

    /// Notes the failed charges among deliveries, before any of these brings the money: what is
    /// thought of it depends on them.
    ///
    /// What cannot be noted now is tried again with the delivery itself.
    func noteFailedCharges(among group: ReadDeliveries) {
        for read in group.reads where read.delivery.type == "charge.failed" {
            guard let charge = read.object, StripeEvent.Head.hasOnlyWords(charge) else { continue }
            try? note(charge, until: group.patience)
        }
    }

    /// Notes a failed charge, which the intent itself only shows until the next try.
    private func note(_ charge: JSON, until deadline: Deadline) throws {
        guard charge["status"]?.string == "failed", let chargeID = charge["id"]?.string,
            let intentID = charge["payment_intent"]?.string,
            let payment = try payments.find(intentID: intentID, until: deadline)
        else { return }
        let code =
            charge["outcome"]?["reason"]?.string ?? charge["failure_code"]?.string ?? "declined"
        let changed = try settlement.ledger.change(
            payment.orderID,
            by: "stripe",
            until: deadline
        ) { change, transaction in
            let isNew = try PaymentStore.note(
                chargeID,
                of: payment,
                succeeded: false,
                declineCode: code,
                facts: ChargeFacts(charge),
                at: change.now,
                in: &transaction
            )
            guard isNew else { return false }
            change.record("payment.attempt_failed", cause: code, isPublic: false)
            // It came after the success, which was judged without it.
            if change.order.paymentStatus.isSuccess {
                try settlement.hold.judgeMoney(of: &change, &transaction)
            }
            change.announce(
                .paymentFailed,
                about: PaymentRepresentation.event(payment, declined: code)
            )
            return true
        }
        guard let changed, changed.result else { return }
        try settlement.countDecline(chargeID, of: changed.order, until: deadline)
    }

    /// The payment has changed while its intent was read.
    private struct Overtaken: Error, CustomStringConvertible {
        let description = "the payment has changed while Stripe was asked"
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let reason: String
        var description: String { "Stripe cannot be asked: \(reason)" }
    }
}

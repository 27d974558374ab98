import Dispatch
import Logging
import MariaDB
import Resilience
import Web

/// Applies stored webhooks: an event is a hint, the object is read again at Stripe.
struct WebhookApplier: Sendable {
    let inbox: WebhookInbox
    let stripe: StripeClient
    let payments: PaymentStore
    let settlement: PaymentSettlement
    let refunds: RefundReader
    let disputes: DisputeRecorder
    private let logger = Logger(label: "orderd.webhooks")

    /// How long a leased delivery is this worker's own.
    private static let lease = Duration.seconds(30)
    /// Deliveries that are applied at once; each ends within its lease.
    private static let atOnce = 8
    private static let patience = Duration.seconds(20)
    private let lanes = LaneGroup(name: "inbox", lanes: atOnce, queueLimit: 0)

    init(
        inbox: WebhookInbox,
        stripe: StripeClient,
        payments: PaymentStore,
        settlement: PaymentSettlement,
        refunds: RefundReader,
        disputes: DisputeRecorder
    ) {
        self.inbox = inbox
        self.stripe = stripe
        self.payments = payments
        self.settlement = settlement
        self.refunds = refunds
        self.disputes = disputes
    }

    /// Applies what is due.
    ///
    /// - Returns: how many deliveries were taken; 0 means that nothing waits.
    func run(until deadline: Deadline) throws -> Int {
        let deliveries = try inbox.lease(
            limit: Self.atOnce,
            for: Self.lease,
            until: deadline
        )
        let work = DispatchGroup()
        for delivery in deliveries {
            work.enter()
            let isAccepted = lanes.submit {
                carryOut(delivery)
                work.leave()
            }
            // Its lease runs out, and it is taken again.
            if !isAccepted { work.leave() }
        }
        work.wait()
        return deliveries.count
    }

    private func carryOut(_ delivery: WebhookInbox.Delivery) {
        do {
            do {
                try apply(delivery, until: .after(Self.patience))
                try inbox.markApplied(delivery.id, until: .after(.seconds(5)))
            } catch {
                logger.warning(
                    "a webhook is applied later",
                    metadata: [
                        "event": "\(delivery.eventID)", "type": "\(delivery.type)",
                        "error": "\(error)",
                    ]
                )
                try inbox.postpone(
                    delivery.id,
                    by: WorkerBackoff.delay(after: delivery.attempts),
                    because: "\(error)",
                    until: .after(.seconds(5))
                )
            }
        } catch {
            // Without the database the lease runs out, and the delivery is taken again.
            logger.error(
                "a webhook's outcome could not be written",
                metadata: ["event": "\(delivery.eventID)", "error": "\(error)"]
            )
        }
    }

    private func apply(_ delivery: WebhookInbox.Delivery, until deadline: Deadline) throws {
        let event = try JSON(parsing: delivery.payload)
        guard let object = event["data"]?["object"] else { return }
        if DisputeRecorder.isMeant(by: delivery.type) {
            return try noteRisk(delivery.type, object, until: deadline)
        }
        switch delivery.type.split(separator: ".").first {
        case "payment_intent":
            guard let intent = PaymentIntent(object) else { return }
            try settle(intent, until: deadline)
        case "refund",
            "charge" where object["object"]?.string == "refund":
            guard let refund = StripeRefund(object) else { return }
            if let unread = try refunds.reread(refund.id, signed: refund, until: deadline) {
                throw unread
            }
        case "charge":
            guard let intentID = object["payment_intent"]?.string else { return }
            if object["object"]?.string == "charge" { try note(object, until: deadline) }
            try reread(intentID, fallback: nil, until: deadline)
            guard delivery.type == "charge.refunded" else { return }
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
    private func noteRisk(_ type: String, _ object: JSON, until deadline: Deadline) throws {
        if case .noted = try disputes.note(type, object, until: deadline) { return }
        if let intentID = object["payment_intent"]?.string {
            try reread(intentID, fallback: nil, until: deadline)
        }
        if case .unsettled = try disputes.note(type, object, until: deadline) {
            throw Unreadable(reason: "the disputed payment is not settled")
        }
    }

    private func settle(_ signed: PaymentIntent, until deadline: Deadline) throws {
        guard signed.orderID != nil else { return }
        try reread(signed.id, fallback: signed, until: deadline)
    }

    /// Reads the intent again and settles it; a signed final object may stand in where Stripe
    /// cannot be asked.
    private func reread(
        _ intentID: String,
        fallback: PaymentIntent?,
        until deadline: Deadline
    ) throws {
        let version = try payments.find(intentID: intentID, until: deadline)?.version
        switch stripe.intent(intentID, until: deadline, nil) {
        case .executed(.intent(let intent)):
            try settlement.settle(intent, readAt: version, by: "stripe", until: deadline)
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
                at: change.now,
                in: &transaction
            )
            guard isNew else { return false }
            change.record("payment.attempt_failed", cause: code, isPublic: false)
            change.announce(
                .paymentFailed,
                about: PaymentRepresentation.event(payment, declined: code)
            )
            return true
        }
        guard let changed, changed.result else { return }
        try settlement.countDecline(chargeID, of: changed.order, until: deadline)
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let reason: String
        var description: String { "Stripe cannot be asked: \(reason)" }
    }
}

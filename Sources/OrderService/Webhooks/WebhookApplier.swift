import Commerce
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
    /// Payments whose deliveries are applied at once.
    private static let atOnce = 8
    /// Deliveries that are taken together; three come of each payment.
    private static let taken = 24
    /// All that was taken ends within its lease.
    private static let patience = Duration.seconds(20)
    /// How long deliveries are taken before those under way are waited for.
    private static let round = Duration.seconds(1)
    /// How often it is looked for more while some are under way.
    private static let pause = Duration.milliseconds(50)
    // Whoever gives its place back still runs the end of its lane's work: hence the queue.
    private let lanes = LaneGroup(name: "inbox", lanes: atOnce, queueLimit: atOnce)

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

    /// Applies what is due: what tells of the same payment one after the other, the rest at once.
    ///
    /// More is taken as soon as a lane is free, so that nothing that comes now waits for the slowest
    /// of what came before.
    ///
    /// - Returns: how many deliveries were taken; 0 means that nothing waits.
    func run(until deadline: Deadline) throws -> Int {
        let end = Deadline.after(Self.round)
        let underWay = DeliveriesUnderWay()
        let free = DispatchSemaphore(value: Self.atOnce)
        let work = DispatchGroup()
        defer { work.wait() }
        var count = 0
        repeat {
            let deliveries = try inbox.lease(limit: Self.taken, for: Self.lease, until: deadline)
            count += deliveries.count
            let patience = Deadline.after(Self.patience)
            for group in ReadDeliveries.grouped(deliveries, until: patience)
            where underWay.begin(group) {
                free.wait()
                work.enter()
                let isAccepted = lanes.submit {
                    var next: ReadDeliveries? = group
                    while let group = next {
                        carryOut(group)
                        next = underWay.next(after: group)
                    }
                    free.signal()
                    work.leave()
                }
                precondition(isAccepted, "there are as many lanes as places")
            }
            guard deliveries.isEmpty else { continue }
            if work.wait(timeout: .now() + Self.pause.dispatchInterval) == .success { break }
        } while !end.isExpired
        return count
    }

    /// What the deliveries of one payment, taken together, have led to already.
    private struct Progress {
        /// Intents that Stripe was asked for after all of these deliveries had come: nothing that
        /// they tell of them is news any more.
        var asked: Set<String> = []
        /// Payments as they were before Stripe was asked.
        var known: [String: Payment] = [:]
    }

    private func carryOut(_ group: ReadDeliveries) {
        var progress = Progress()
        var applied: [Int64] = []
        do {
            for read in group.reads {
                do {
                    if let object = read.object {
                        try apply(read.delivery.type, object, &progress, until: group.patience)
                    }
                    applied.append(read.delivery.id)
                } catch {
                    try postpone(read.delivery, because: error)
                }
            }
            try inbox.markApplied(applied, until: .after(.seconds(5)))
        } catch {
            // Without the database the leases run out, and the deliveries are taken again.
            logger.error(
                "what became of webhooks could not be written",
                metadata: [
                    "events": .array(group.reads.map { "\($0.delivery.eventID)" }),
                    "error": "\(error)",
                ]
            )
        }
    }

    private func postpone(_ delivery: WebhookInbox.Delivery, because error: any Error) throws {
        logger.warning(
            "a webhook is applied later",
            metadata: [
                "event": "\(delivery.eventID)", "type": "\(delivery.type)", "error": "\(error)",
            ]
        )
        try inbox.postpone(
            delivery.id,
            by: WorkerBackoff.delay(after: delivery.attempts),
            because: "\(error)",
            until: .after(.seconds(5))
        )
    }

    private func apply(
        _ type: String,
        _ object: JSON,
        _ progress: inout Progress,
        until deadline: Deadline
    ) throws {
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
        let known =
            try progress.known[intentID] ?? payments.find(intentID: intentID, until: deadline)
        progress.known[intentID] = known
        if let known, Self.isOld(type, known) { return }
        let version = known?.version
        switch stripe.intent(intentID, until: deadline, nil) {
        case .executed(.intent(let intent)):
            try settlement.settle(intent, readAt: version, by: "stripe", until: deadline)
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

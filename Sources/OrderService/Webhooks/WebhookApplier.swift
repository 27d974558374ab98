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
    private let turns: Turns
    private let logger = Logger(label: "orderd.webhooks")

    /// How long a leased delivery is this worker's own.
    private static let lease = Duration.seconds(30)
    /// Payments whose deliveries are applied at once.
    private static let atOnce = 8
    /// Deliveries that are taken together; three come of each payment.
    static let batch = 24
    /// All that was taken ends within its lease.
    private static let patience = Duration.seconds(20)
    /// How long deliveries are taken before those under way are waited for.
    private static let round = Duration.seconds(1)
    /// How often it is looked for more while some are under way; what comes between is taken
    /// together.
    private static let pause = Duration.milliseconds(20)
    // Whoever gives its place back still runs the end of its lane's work: hence the queue.
    private let lanes = LaneGroup(name: "inbox", lanes: atOnce, queueLimit: atOnce)

    init(
        inbox: WebhookInbox,
        stripe: StripeClient,
        payments: PaymentStore,
        settlement: PaymentSettlement,
        refunds: RefundReader,
        disputes: DisputeRecorder,
        turns: Turns
    ) {
        self.inbox = inbox
        self.stripe = stripe
        self.payments = payments
        self.settlement = settlement
        self.refunds = refunds
        self.disputes = disputes
        self.turns = turns
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
            let deliveries = try inbox.lease(limit: Self.batch, for: Self.lease, until: deadline)
            count += deliveries.count
            let patience = Deadline.after(Self.patience)
            for group in ReadDeliveries.grouped(deliveries, until: patience)
            where underWay.begin(group) {
                free.wait()
                work.enter()
                let isAccepted = lanes.submit {
                    var next: ReadDeliveries? = group
                    while let group = next {
                        turns.run(.urgent, until: patience) { carryOut(group) }
                        next = underWay.next(after: group)
                    }
                    free.signal()
                    work.leave()
                }
                precondition(isAccepted, "there are as many lanes as places")
            }
            if deliveries.count == Self.batch { continue }
            let isDone = work.wait(timeout: .now() + Self.pause.dispatchInterval) == .success
            if isDone { break }
        } while !end.isExpired
        return count
    }

    /// What the deliveries of one payment, taken together, have led to already.
    struct Progress {
        /// Intents that Stripe was asked for after all of these deliveries had come: nothing that
        /// they tell of them is news any more.
        var asked: Set<String> = []
    }

    private func carryOut(_ group: ReadDeliveries) {
        var progress = Progress()
        var applied: [Int64] = []
        noteFailedCharges(among: group)
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
}

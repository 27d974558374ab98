import Commerce
import Dispatch
import Logging
import MariaDB
import Resilience

/// Does what changes of orders left to be done: each task once its time has come.
struct TaskRunner: Sendable {
    let relay: OutboxRelay
    let placement: OrderPlacement
    let payments: PaymentStarter
    let capture: PaymentCapture
    let closing: OrderClosing
    let reservations: ReservationStore
    let verification: ReservationVerification
    let reservationExtension: ReservationExtension
    let products: ProductServiceClient
    let refunds: RefundJobs
    let checkUp: FraudCheckUp
    let invoices: InvoiceJobs
    private let turns: Turns
    private let logger = Logger(label: "orderd.tasks")

    /// Tasks of a group that run at once; each ends within its lease.
    static let batch = 8
    private static let patience = Duration.seconds(20)
    private static let patienceForIdle = Duration.seconds(2)
    private static let together = Duration.milliseconds(200)
    private let lanes: LaneGroup

    init(
        relay: OutboxRelay,
        placement: OrderPlacement,
        payments: PaymentStarter,
        capture: PaymentCapture,
        closing: OrderClosing,
        reservations: ReservationStore,
        verification: ReservationVerification,
        reservationExtension: ReservationExtension,
        products: ProductServiceClient,
        refunds: RefundJobs,
        checkUp: FraudCheckUp,
        invoices: InvoiceJobs,
        turns: Turns
    ) {
        self.relay = relay
        self.placement = placement
        self.payments = payments
        self.capture = capture
        self.closing = closing
        self.reservations = reservations
        self.verification = verification
        self.reservationExtension = reservationExtension
        self.products = products
        self.refunds = refunds
        self.checkUp = checkUp
        self.invoices = invoices
        self.turns = turns
        lanes = LaneGroup(
            name: "tasks",
            lanes: Self.batch * OutboxMessage.TaskGroup.allCases.count,
            queueLimit: 0
        )
    }

    /// A task that has to be tried again later, with the reason in a bounded word.
    struct NotYet: Error, CustomStringConvertible {
        let description: String
    }

    /// A task that went well and has to be done again at a time.
    private struct Again: Error {
        let time: Timestamp
    }

    /// Does what is due of one group, several tasks at once; blocks on whatever they need.
    ///
    /// - Parameters:
    ///   - group: tasks that wait for the same service, so that its absence delays no others.
    ///   - deadline: for taking the tasks; each has its own time after that.
    /// - Returns: how many were taken.
    /// - Throws: `MariaDBError`.
    func run(_ group: OutboxMessage.TaskGroup, until deadline: Deadline) throws -> Int {
        let messages = try relay.lease(
            limit: Self.batch,
            topics: group.tasks.map(\.rawValue),
            until: deadline
        )
        // Without an answer in good time each finds out by itself.
        let soon = deadline.tightened(to: Self.patienceForIdle)
        let idle = (try? endIdle(among: messages, until: soon)) ?? []
        let work = DispatchGroup()
        let done = Lock<[Int64]>([])
        for message in messages where !idle.contains(message.id) {
            work.enter()
            let isAccepted = lanes.submit {
                turns.run(until: .after(Self.patience)) {
                    if carryOut(message) { done.withLock { $0.append(message.id) } }
                }
                work.leave()
            }
            // Its lease runs out, and it is taken again.
            if !isAccepted { work.leave() }
        }
        var isOver = false
        while !isOver {
            isOver = work.wait(timeout: .now() + Self.together.dispatchInterval) == .success
            markSent(
                done.withLock { ids in
                    defer { ids = [] }
                    return ids
                }
            )
        }
        return messages.count
    }

    /// Marks tasks that are done within a moment together, as each mark is a commit.
    private func markSent(_ ids: [Int64]) {
        do {
            try relay.markSent(ids, until: .after(.seconds(5)))
        } catch {
            // Without the database the leases run out, and the tasks are taken again.
            logger.error(
                "tasks that are done could not be marked",
                metadata: ["count": "\(ids.count)", "error": "\(error)"]
            )
        }
    }

    /// - Returns: whether it is done, and to be marked so.
    private func carryOut(_ message: OutboxRelay.Message) -> Bool {
        do {
            do {
                try perform(message, until: .after(Self.patience))
                return true
            } catch let again as Again {
                try relay.renew(message, at: again.time, until: .after(.seconds(5)))
            } catch {
                logger.warning(
                    "a task is tried again later",
                    metadata: [
                        "task": "\(message.topic)", "orderId": "\(message.orderID)",
                        "error": "\(error)",
                    ]
                )
                try relay.postpone(message, because: "\(error)", until: .after(.seconds(5)))
            }
        } catch {
            // Without the database the lease runs out, and the task is taken again.
            logger.error(
                "a task's outcome could not be written",
                metadata: ["task": "\(message.topic)", "error": "\(error)"]
            )
        }
        return false
    }

    private func perform(_ message: OutboxRelay.Message, until deadline: Deadline) throws {
        switch OutboxMessage.Task(rawValue: message.topic) {
        case .discardUnseen:
            try discardUnseen(message.orderID, until: deadline)
        case .extendReservation:
            if let failure = try reservationExtension.extend(message.orderID, until: deadline) {
                throw NotYet(description: failure.reason)
            }
        case .capturePayment:
            if let failure = try capture.capture(message.orderID, until: deadline) {
                throw NotYet(description: failure.reason)
            }
        case .closeOrder:
            if case .underWay(let reason) = try closing.proceed(
                message.orderID,
                until: deadline,
                nil
            ) {
                throw NotYet(description: reason)
            }
        case .commitReservation:
            try commitReservation(of: message.orderID, until: deadline)
        case .verifyReservation:
            try verify(message.orderID, until: deadline)
        case .ensurePayment:
            guard try payments.startIfDue(message.orderID, until: deadline) else {
                throw NotYet(description: "Stripe did not answer")
            }
        case .stopPayment:
            if case .undecided(let reason) = try closing.ending.end(
                paymentOf: message.orderID,
                reason: "fraudulent",
                until: deadline,
                nil
            ) {
                throw NotYet(description: reason)
            }
        case .assessPayment:
            if let failure = try checkUp.run(message.orderID, until: deadline) {
                throw NotYet(description: failure.reason)
            }
        case .advanceRefunds:
            if let time = try refunds.advance(message.orderID, until: deadline) {
                throw Again(time: time)
            }
        case .endPayment:
            if case .undecided(let reason) = try closing.endPayment(
                of: message.orderID,
                until: deadline
            ) {
                throw NotYet(description: reason)
            }
        case .advanceInvoices:
            try invoices.advance(message.orderID, until: deadline)
        case nil:
            throw NotYet(description: "this version does not know the task")
        }
    }

    /// Ends an order that nobody was shown: first its stock, by a tombstone, then its rows.
    private func discardUnseen(_ orderID: Int64, until deadline: Deadline) throws {
        guard try placement.isUnseen(orderID, until: deadline) else { return }
        switch products.release(
            key: ReservationStore.key(of: orderID),
            until: deadline,
            nil
        )
        {
        case .executed: try placement.discard(orderID, until: deadline)
        case .notExecuted(let failure), .unknown(let failure):
            throw NotYet(description: failure.reason)
        }
    }

    private func verify(_ orderID: Int64, until deadline: Deadline) throws {
        if let failure = try verification.verify(orderID, until: deadline) {
            throw NotYet(description: failure.reason)
        }
    }

    /// Makes the stock of a sold order final; what was sold unreserved is reserved first.
    private func commitReservation(of orderID: Int64, until deadline: Deadline) throws {
        var live = try reservations.live(of: orderID, until: deadline)
        if live?.status == .optimistic {
            try verify(orderID, until: deadline)
            live = try reservations.live(of: orderID, until: deadline)
        }
        guard let reservation = live else { return }
        if reservation.status == .optimistic { throw NotYet(description: "not_reserved") }
        guard reservation.status == .held else { return }
        switch products.commit(key: reservation.key, until: deadline, nil) {
        case .executed(true):
            try reservations.note(.commit, of: orderID, reservation, until: deadline)
        case .executed(false):
            // It had run out, which says nothing of the stock.
            try reservations.replace(reservation, of: orderID, until: deadline)
        case .notExecuted(let failure), .unknown(let failure):
            throw NotYet(description: failure.reason)
        }
    }
}

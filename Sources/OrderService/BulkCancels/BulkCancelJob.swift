import Commerce
import Dispatch
import Logging
import MariaDB
import Resilience
import Web

/// Carries bulk cancels out in the worker, a few orders at a time, each as a single cancel is.
///
/// What is decided on an order is written in the transaction that writes the intent to close it:
/// so whoever goes on after a crash finds both or neither, and no order is closed twice. From there
/// on it is any closing's way; should this process die, the task `order.close` goes on.
struct BulkCancelJob: Sendable {
    let store: BulkCancelStore
    let closing: OrderClosing
    private let logger = Logger(label: "orderd.bulk_cancels")

    /// Orders that are cancelled at once, so that payments and look-ups have the rest of the
    /// connections and of Stripe's lanes.
    static let atOnce = 4
    /// How long a leased order is this worker's own.
    private static let lease = Duration.seconds(30)
    /// How long a decision may take: it ends within the lease.
    private static let decisionLimit = Duration.seconds(10)
    /// How long the steps after it may take: they end before the task is due.
    private static let stepsLimit = Duration.seconds(20)
    private static let taskDelay = Duration.seconds(30)
    // Whoever gives its place back still runs the end of its lane's work: hence the queue.
    private let lanes = LaneGroup(name: "bulk_cancels", lanes: atOnce, queueLimit: atOnce)

    init(store: BulkCancelStore, closing: OrderClosing) {
        self.store = store
        self.closing = closing
    }

    /// Cancels what is due, some orders at once; blocks on MariaDB, Stripe and product-service.
    ///
    /// - Parameter deadline: for taking the orders; each has its own time after that.
    /// - Returns: how many orders were taken.
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws -> Int {
        let items = try store.lease(limit: Self.atOnce, for: Self.lease, until: deadline)
        let work = DispatchGroup()
        for item in items {
            work.enter()
            let isAccepted = lanes.submit {
                carryOut(item)
                work.leave()
            }
            precondition(isAccepted, "there are as many lanes as orders are taken")
        }
        work.wait()
        return items.count
    }

    private func carryOut(_ item: BulkCancelStore.Leased) {
        do {
            guard try decide(item, until: .after(Self.decisionLimit)) else { return }
        } catch is BulkCancelStore.Overtaken {
            return
        } catch {
            return putOff(item, because: error)
        }
        do {
            _ = try closing.proceed(item.orderID, until: .after(Self.stepsLimit), nil)
        } catch {
            logger.warning(
                "an order's closing is left to its task",
                metadata: ["orderId": "\(item.orderID)", "error": "\(error)"]
            )
        }
    }

    /// Decides on an order, and begins to close it if its state allows that.
    ///
    /// - Returns: whether the steps of its closing are to be taken.
    /// - Throws: `BulkCancelStore.Overtaken`, `MariaDBError`.
    func decide(_ item: BulkCancelStore.Leased, until deadline: Deadline) throws -> Bool {
        let changed = try closing.ledger.change(
            item.orderID,
            by: Principal.actor(ofStaff: item.createdBy),
            until: deadline
        ) { change, transaction in
            let decision = try Self.decide(&change, because: item.reason, &transaction)
            try store.decide(item, decision, in: &transaction)
            return decision.outcome == .cancelling && change.hasChanged
        }
        if changed == nil {
            try store.database.transaction(class: .write, until: deadline) { transaction in
                try store.decide(item, .init(outcome: .notFound), in: &transaction)
            }
        }
        CrashPoint.bulkCancelDecided.pass(.after)
        return changed?.result ?? false
    }

    private static func decide(
        _ change: inout OrderChange,
        because reason: String,
        _ transaction: inout Transaction
    ) throws -> BulkCancelStore.Decision {
        let order = change.order
        // One that nobody has been shown yet is none.
        guard order.visibleAt != nil else { return .init(outcome: .notFound) }
        if order.status == .cancelled { return .init(outcome: .alreadyCancelled) }
        let delay = Self.taskDelay
        switch order.closing {
        case .cancel:
            try OrderClosing.resume(reason, leavingTaskFor: delay, &change, &transaction)
            return .init(outcome: .cancelling, detail: "It was being cancelled already.")
        case .reject: return .init(outcome: .refused, detail: "The order is being rejected.")
        case .expire, nil: break
        }
        do {
            try OrderClosing.begin(.cancel, reason, isStaff: true, leavingTaskFor: delay, &change)
            return .init(outcome: .cancelling)
        } catch {
            return .init(outcome: .refused, detail: Problem(error).detail)
        }
    }

    private func putOff(_ item: BulkCancelStore.Leased, because error: any Error) {
        logger.warning(
            "an order of a bulk cancel is tried again later",
            metadata: ["orderId": "\(item.orderID)", "error": "\(error)"]
        )
        do {
            try store.postpone(item, because: "\(error)", until: .after(.seconds(5)))
        } catch {
            // Without the database the lease runs out, and the order is taken again.
            logger.error(
                "what became of an order of a bulk cancel could not be written",
                metadata: ["orderId": "\(item.orderID)", "error": "\(error)"]
            )
        }
    }
}

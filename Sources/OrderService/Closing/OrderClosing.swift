import Commerce
import MariaDB
import Resilience
import Web

/// Ends orders before their time: by a customer's wish, at the payment deadline, or by a refusal.
///
/// The intent is written first; then the payment is ended at Stripe, then the stock is released,
/// then the order ends, and what was paid is given back. Each step may be repeated, so the worker finishes what a crash left.
struct OrderClosing: Sendable {
    let orders: OrderStore
    let ledger: OrderLedger
    let ending: PaymentEnding
    let reservations: ReservationStore
    let products: ProductServiceClient

    enum Progress: Sendable {
        case done
        /// The worker goes on, with what is waited for in a bounded word.
        case underWay(String)
    }

    /// Writes the intent to close an order; from now on it can neither be paid nor sent.
    ///
    /// - Parameters:
    ///   - id: the order's.
    ///   - intent: what it shall become.
    ///   - actor: who wants it, for the history.
    ///   - cause: why; staff alone is shown it.
    ///   - isStaff: whether goods that are being packed may still be stopped.
    ///   - deadline: by which it is committed, or fails.
    /// - Throws: `IllegalTransition` where the order is past it, `MariaDBError`.
    func begin(
        _ id: Int64,
        _ intent: Order.Closing,
        by actor: String,
        cause: String?,
        isStaff: Bool,
        until deadline: Deadline
    ) throws {
        try ledger.change(id, by: actor, until: deadline) { change, transaction in
            guard change.order.closing != intent else {
                return try Self.resume(cause, &change, &transaction)
            }
            try Self.begin(intent, cause, isStaff: isStaff, &change)
        }
    }

    /// Closes an order whose deadline has passed, unless its payment is processing or it has moved on.
    ///
    /// - Parameters:
    ///   - id: the order's.
    ///   - actor: who closes it, for the history.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: whether it is being closed now.
    /// - Throws: `MariaDBError`.
    func beginOverdue(_ id: Int64, by actor: String, until deadline: Deadline) throws -> Bool {
        try ledger.change(id, by: actor, until: deadline) { change, _ in
            let order = change.order
            guard order.isOverdue(at: change.now), order.paymentStatus != .processing else {
                return false
            }
            if order.status == .paymentReview {
                let cause = "approved, and the money could not be taken"
                try Self.begin(.reject, cause, isStaff: true, &change)
            } else {
                let cause = "the payment deadline has passed"
                try Self.begin(.expire, cause, isStaff: true, &change)
            }
            return true
        }?.result ?? false
    }

    /// Leaves a task to an order that is being closed, if none is left: one that has failed for a day
    /// was given up.
    ///
    /// - Parameters:
    ///   - cause: why somebody wants it again; staff alone is shown it.
    ///   - delay: the time in which whoever calls this takes the steps that follow.
    ///   - change: of the order.
    ///   - transaction: the change's.
    /// - Throws: `MariaDBError`.
    static func resume(
        _ cause: String?,
        leavingTaskFor delay: Duration = .zero,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        guard let intent = change.order.closing,
            try !Outbox.holds(.closeOrder, of: change.order.id, in: &transaction)
        else { return }
        change.record("order.closing", cause: cause ?? intent.rawValue)
        change.schedule(.closeOrder, after: delay)
    }

    /// The same within a change of the order.
    ///
    /// Staff may cancel what is about to expire: whatever was paid at the last moment goes back then.
    ///
    /// - Parameters:
    ///   - intent: what the order shall become.
    ///   - cause: why; staff alone is shown it.
    ///   - isStaff: whether goods that are being packed may still be stopped.
    ///   - delay: the time in which whoever calls this takes the steps that follow, before the
    ///     task does that was left to the worker.
    ///   - change: of the order.
    /// - Throws: `IllegalTransition` where the order is past it.
    static func begin(
        _ intent: Order.Closing,
        _ cause: String?,
        isStaff: Bool,
        leavingTaskFor delay: Duration = .zero,
        _ change: inout OrderChange
    ) throws(IllegalTransition<OrderStatus>) {
        let order = change.order
        guard order.status != intent.endStatus, order.closing != intent else { return }
        let mayReplace = isStaff && intent == .cancel && order.closing == .expire
        guard order.closing == nil || mayReplace, isStaff || order.status != .inFulfilment else {
            throw IllegalTransition(status: order.status, event: intent.event, allowed: [])
        }
        _ = try order.status.after(intent.event)
        change.setClosing(intent)
        change.record("order.closing", cause: cause ?? intent.rawValue)
        change.schedule(.closeOrder, after: delay)
    }

    /// Takes the steps that are left; blocks on Stripe and product-service.
    ///
    /// - Returns: whether the order has ended.
    /// - Throws: `MariaDBError`.
    func proceed(_ id: Int64, until deadline: Deadline, _ calls: CallLog?) throws -> Progress {
        guard let order = try orders.find(id, until: deadline), let intent = order.closing else {
            return .done
        }
        let result = try ending.end(
            paymentOf: id,
            reason: intent.stripeReason,
            until: deadline,
            calls
        )
        if case .undecided(let reason) = result { return .underWay(reason) }
        if result == .paid, intent == .expire {
            try goOn(id, until: deadline)
            return .done
        }
        if let failure = try release(id, until: deadline, calls) {
            return .underWay(failure.reason)
        }
        try finish(id, intent, until: deadline)
        return .done
    }

    /// Cancels at Stripe what was met there after it had been given up here: intents of payments
    /// that another one replaced, and that of an order that has ended or is about to; blocks.
    ///
    /// - Returns: what is certain.
    /// - Throws: `MariaDBError`.
    func endPayment(of id: Int64, until deadline: Deadline) throws -> PaymentEnding.Result {
        let givenUp = try ending.endGivenUp(of: id, until: deadline)
        guard givenUp == .unpaid, let order = try orders.find(id, until: deadline),
            !order.mayBePaid
        else { return givenUp }
        return try ending.end(paymentOf: id, reason: "abandoned", until: deadline, nil)
    }

    /// The money came at the last moment, and the stock is still held: the order goes on, unless
    /// the money has to be looked at first.
    private func goOn(_ id: Int64, until deadline: Deadline) throws {
        try ledger.change(id, by: "worker", until: deadline) { change, transaction in
            guard change.order.closing == .expire else { return }
            change.setClosing(nil)
            change.endDeadline()
            if let doubt = try PaymentStore.locked(of: id, in: &transaction)?.reviewReason {
                if change.allows(.reviewPayment) {
                    try change.apply(.reviewPayment, cause: doubt)
                }
                return
            }
            if try ending.settlement.hold.judgeMoney(of: &change, &transaction) { return }
            guard change.allows(.confirm) else { return }
            try change.apply(.confirm, cause: "paid while it expired")
            change.announce(.orderConfirmed)
            change.schedule(.commitReservation)
        }
    }

    /// Gives the stock back; what was committed has left the shelves and comes back by hand.
    private func release(
        _ id: Int64,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> UpstreamFailure? {
        guard let reservation = try reservations.live(of: id, until: deadline),
            reservation.status.allowedEvents.contains(.release)
        else { return nil }
        switch products.release(key: reservation.key, until: deadline, calls) {
        case .executed(let wasReleased):
            let isNoted = try reservations.note(
                wasReleased ? .release : .commit,
                of: id,
                reservation,
                until: deadline
            )
            // Somebody has moved it since it was read. Moves go forward only, so this ends.
            return isNoted ? nil : try release(id, until: deadline, calls)
        case .notExecuted(let failure), .unknown(let failure): return failure
        }
    }

    private func finish(_ id: Int64, _ intent: Order.Closing, until deadline: Deadline) throws {
        try ledger.change(id, by: "worker", until: deadline) { change, transaction in
            guard change.order.closing == intent else { return }
            change.setClosing(nil)
            try change.apply(intent.event)
            try FraudReviewStore.lapse(
                id,
                by: change.actor,
                because: "the order was \(intent.endStatus.rawValue)",
                at: change.now,
                in: &transaction
            )
            _ = try RefundRequester.requestRest(
                reason: "the order was \(intent.endStatus.rawValue)",
                &change,
                &transaction
            )
            if let topic = intent.topic { change.announce(topic) }
        }
    }
}

extension Order.Closing {
    var event: OrderEvent {
        switch self {
        case .cancel: .cancel
        case .expire: .expire
        case .reject: .reject
        }
    }

    var endStatus: OrderStatus {
        switch self {
        case .cancel: .cancelled
        case .expire: .expired
        case .reject: .rejected
        }
    }

    fileprivate var stripeReason: String {
        switch self {
        case .cancel: "requested_by_customer"
        case .expire, .reject: "abandoned"
        }
    }

    fileprivate var topic: OutboxMessage.Topic? {
        switch self {
        case .cancel, .reject: .orderCancelled
        case .expire: .orderExpired
        }
    }
}

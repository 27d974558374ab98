import Commerce
import MariaDB
import Resilience
import Web

/// Ends reviews: by somebody's decision, or because nobody decided in time.
struct FraudReviews: Sendable {
    let store: FraudReviewStore
    let ledger: OrderLedger
    let closing: OrderClosing
    let capture: PaymentCapture
    let clock: WallClock

    private static let batch = 50

    /// What somebody may decide.
    enum Decision: String, Sendable, CaseIterable {
        case approve
        case reject

        var status: FraudReviewStatus { self == .approve ? .approved : .rejected }
    }

    /// Decides a review, for good: of two who decide at once the first one does.
    ///
    /// Approved, money that is held is captured and the order goes on; rejected, money that is held
    /// is let go, what is taken is given back, and the stock as well. What cannot be done now the
    /// worker goes on with. The same decision again changes nothing.
    ///
    /// - Parameters:
    ///   - id: the review's.
    ///   - decision: what shall be.
    ///   - reason: why, for the record.
    ///   - actor: who decides.
    ///   - deadline: of the request, which blocks on Stripe and product-service.
    ///   - calls: where the calls are noted.
    /// - Returns: whether all that follows is done; nil if there is no such review.
    /// - Throws: `IllegalTransition`, a `Problem` with 409, `MariaDBError`.
    func decide(
        _ id: Int64,
        _ decision: Decision,
        reason: String,
        by actor: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Bool? {
        guard let review = try store.find(id, until: deadline) else { return nil }
        let orderID = review.orderID
        let changed = try ledger.change(orderID, by: actor, until: deadline) {
            change,
            transaction in
            guard let current = try FraudReviewStore.find(id, in: &transaction) else { return }
            guard current.status == .waiting else {
                guard current.status == decision.status else { throw Self.refusal(current) }
                return
            }
            // Checked before anything is written: who is refused has decided nothing.
            switch decision {
            case .approve: try Self.approve(&change, reason, &transaction)
            case .reject:
                change.record("fraud.rejected", cause: reason.cut(toVarChar: 255))
                try OrderClosing.begin(.reject, "fraud review", isStaff: true, &change)
            }
            _ = try FraudReviewStore.end(
                id,
                as: decision.status,
                by: actor,
                because: reason,
                at: change.now,
                in: &transaction
            )
        }
        guard changed != nil else { return nil }
        switch decision {
        case .approve:
            return try capture.capture(orderID, until: deadline) == nil
        case .reject:
            if case .done = try closing.proceed(orderID, until: deadline, calls) { return true }
            return false
        }
    }

    /// Rejects what nobody has decided in time; blocks on MariaDB.
    ///
    /// - Returns: how many reviews were ended.
    /// - Throws: `MariaDBError`.
    func endOverdue(until deadline: Deadline) throws -> Int {
        var count = 0
        for review in try store.due(at: clock.now, limit: Self.batch, until: deadline) {
            let ended = try ledger.change(review.orderID, by: "worker", until: deadline) {
                change,
                transaction in
                try timeOut(review, &change, &transaction)
            }
            if ended?.result == true { count += 1 }
        }
        return count
    }

    private func timeOut(
        _ review: FraudReviewStore.Review,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Bool {
        if change.order.paymentStatus.isSettled {
            // Somebody has captured it at Stripe: that is not undone by itself.
            try FraudReviewStore.keepOpen(change.order.id, in: &transaction)
            change.schedule(.extendReservation)
            return false
        }
        guard change.order.closing == nil, change.allows(.reject) else { return false }
        let cause = "nobody decided in time"
        let isEnded = try FraudReviewStore.end(
            review.id,
            as: .timedOut,
            by: "worker",
            because: cause,
            at: change.now,
            in: &transaction
        )
        guard isEnded else { return false }
        change.record("fraud.timed_out", cause: cause)
        try OrderClosing.begin(.reject, "fraud review: \(cause)", isStaff: true, &change)
        return true
    }

    /// Lets an order go on whose money is there, or comes at the door.
    private static func approve(
        _ change: inout OrderChange,
        _ reason: String,
        _ transaction: inout Transaction
    ) throws {
        let order = change.order
        guard order.status == .paymentReview, change.allows(.confirm), order.isWorthSending else {
            let allowed = order.closing == nil ? order.status.allowedEvents : []
            throw IllegalTransition(
                status: order.status,
                event: .confirm,
                allowed: allowed.filter { $0 != .confirm }
            )
        }
        // Another difference of the payment is to be settled first: the review waits for that.
        let difference = try PaymentStore.locked(of: order.id, in: &transaction)?.reviewReason
        if order.paymentStatus != .authorized, let difference { throw differs(difference) }
        change.record("fraud.approved", cause: reason.cut(toVarChar: 255))
        try DisputeStore.clearWarnings(of: order.id, at: change.now, in: &transaction)
        if order.paymentStatus == .authorized {
            // The review held its stock until now; the capture may take longer.
            let end = change.now + PaymentSettlement.authorizationLife
            change.moveDeadline(to: end, holdsStock: true)
            change.schedule(.capturePayment)
            return
        }
        try change.apply(.confirm, cause: "approved")
        change.announce(.orderConfirmed)
        change.schedule(.commitReservation)
    }

    private static func differs(_ reason: String) -> Problem {
        Problem(
            .conflict,
            "illegal_transition",
            "What was paid differs from what was asked: \(reason). Settle that first, or reject.",
            extensions: [
                ("reviewStatus", .string(FraudReviewStatus.waiting.rawValue)),
                ("allowed", .array([])),
            ]
        )
    }

    private static func refusal(_ review: FraudReviewStore.Review) -> Problem {
        Problem(
            .conflict,
            "illegal_transition",
            "This review is \(review.status.rawValue) already.",
            extensions: [
                ("reviewStatus", .string(review.status.rawValue)), ("allowed", .array([])),
            ]
        )
    }
}

extension Order {
    /// Whether its money is held, taken, or due at the door.
    fileprivate var isWorthSending: Bool {
        switch paymentStatus {
        case .noneRequired, .dueOnDelivery, .authorized, .paid, .overpaid, .partiallyRefunded,
            .disputed:
            true
        default: false
        }
    }
}

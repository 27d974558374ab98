import Commerce
import MariaDB
import Resilience

/// What the worker does for refunds: sends those that wait, and finds out about the others.
struct RefundJobs: Sendable {
    let store: RefundStore
    let payments: PaymentStore
    let dispatch: RefundDispatch
    let reader: RefundReader

    /// The word for a try of which no outcome was written: its process died.
    private static let noOutcome = "no_outcome"
    /// The word for a refund that Stripe does not have, once its key is too old to send again.
    private static let notFound = "not_found"
    private static let shortestPause = Duration.seconds(1)

    /// Does what is due for an order's refunds.
    ///
    /// - Returns: when the next of them is due; nil if none is left.
    func advance(_ orderID: Int64, until deadline: Deadline) throws -> Timestamp? {
        for refund in try store.open(of: orderID, until: deadline)
        where refund.nextAttemptAt.map({ $0 <= store.clock.now }) ?? true {
            try advance(refund, until: deadline)
        }
        let left = try store.open(of: orderID, until: deadline)
        guard !left.isEmpty else { return nil }
        let soonest = store.clock.now + Self.shortestPause
        return max(left.compactMap(\.nextAttemptAt).min() ?? soonest, soonest)
    }

    private func advance(_ refund: Refund, until deadline: Deadline) throws {
        switch refund.status {
        case .requested where refund.attempts > 0 && refund.lastError == nil:
            try dispatch.apply(.loseAnswer, to: refund, Self.noOutcome, until: deadline)
            guard let doubtful = try store.find(refund.publicID, until: deadline),
                doubtful.status == .unknown
            else { return }
            try findOut(doubtful, until: deadline)
        case .requested:
            try dispatch.send(refund, until: deadline, nil)
        case .unknown:
            try findOut(refund, until: deadline)
        case .pending, .requiresAction:
            try look(refund, until: deadline)
        case .succeeded, .failed, .cancelled, .manual:
            return
        }
    }

    /// Looks for a refund in doubt by its metadata; if Stripe does not have it, it is sent again
    /// under the same key, as long as Stripe remembers that.
    ///
    /// Looking first costs a reading, and holds even if Stripe had forgotten the key.
    private func findOut(_ refund: Refund, until deadline: Deadline) throws {
        guard let intentID = try payments.find(id: refund.paymentID, until: deadline)?.intentID
        else { return }
        let isDead = refund.lastError == RefundDispatch.storedFailure
        if let unread = try reader.reread(ofIntent: intentID, until: deadline, nil) {
            return try putOff(refund, isDead ? nil : unread.reason, until: deadline)
        }
        guard let current = try store.find(refund.publicID, until: deadline),
            current.status == .unknown
        else { return }
        let now = store.clock.now
        if isDead {
            guard RefundPace.isSpent(current, at: now) else {
                return try putOff(current, nil, until: deadline)
            }
            try dispatch.apply(
                .giveUp,
                to: current,
                RefundDispatch.storedFailure,
                until: deadline
            )
        } else if RefundPace.keyHolds(current, at: now) {
            try dispatch.send(current, until: deadline, nil)
        } else {
            try dispatch.apply(.giveUp, to: current, Self.notFound, until: deadline)
        }
    }

    /// Reads a refund that Stripe has under way.
    private func look(_ refund: Refund, until deadline: Deadline) throws {
        guard let providerID = refund.providerID else { return }
        let unread = try reader.reread(providerID, until: deadline)
        guard let current = try store.find(refund.publicID, until: deadline) else { return }
        try putOff(current, unread?.reason, until: deadline)
    }

    private func putOff(
        _ refund: Refund,
        _ reason: String?,
        until deadline: Deadline
    ) throws {
        guard refund.status.isOpen else { return }
        let delay = RefundPace.delay(refund, at: store.clock.now)
        try store.putOff(refund, by: delay, because: reason, until: deadline)
    }
}

import Glibc
import Synchronization

/// A commit beside which a process can be made to die, so that tests see what a crash leaves.
///
/// Inert unless `ORDERD_CRASH_AT` names one when the process starts; never for production. The
/// changes of orders are called by the entries that they write into the history.
package enum CrashPoint: String, CaseIterable, Sendable {
    case keyClaimed = "idempotency.claim"
    case answerStored = "idempotency.finish"
    case orderMade = "order.made"
    case orderDiscarded = "order.discarded"
    case orderPlaced = "order.placed"
    case orderClosing = "order.closing"
    case orderCancelled = "order.cancelled"
    case orderExpired = "order.expired"
    case paymentStarted = "payment.requires_payment_method"
    case paymentDegraded = "payment.requires_retry"
    case paymentKeyGivenUp = "payment.key_given_up"
    case paymentCancelled = "payment.cancelled"
    case paymentPaid = "payment.paid"
    case refundRequested = "refund.requested"
    case refundTaken = "refund.turn"
    case refundSucceeded = "refund.succeeded"
    case invoiceIssued = "invoice.issued"
    case reservationHeld = "reservation.held"
    case reservationCommitted = "reservation.committed"
    case reservationReleased = "reservation.released"
    case webhookStored = "inbox.stored"
    case webhookLeased = "inbox.leased"
    case webhookApplied = "inbox.applied"
    case eventLeased = "event.leased"
    case eventSent = "event.sent"
    case invalidationSent = "cache.sent"
    case taskLeased = "task.leased"
    case taskSent = "task.sent"
    case completionBlocked = "fraud.blocked"
    case reviewOpened = "order.payment_review"
    case reviewApproved = "fraud.approved"
    case reviewRejected = "fraud.rejected"
    case reviewTimedOut = "fraud.timed_out"
    case bulkCancelLeased = "bulk_cancel.leased"
    case bulkCancelDecided = "bulk_cancel.decided"

    package enum Side: String, CaseIterable, Sendable {
        /// All statements are sent, COMMIT is not.
        case before
        /// The commit is confirmed, and nothing has followed from it yet.
        case after
    }

    /// What `ORDERD_CRASH_AT` names: `before:order.placed`, or `after:task.sent:3` for the third
    /// time.
    package struct Target: Sendable, Equatable {
        package let side: Side
        package let point: CrashPoint
        /// 1 for the first time.
        package let time: Int

        /// Reads a target; nil if it is none.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard (2...3).contains(parts.count), let side = Side(rawValue: String(parts[0])),
                let point = CrashPoint(rawValue: String(parts[1])),
                let time = parts.count == 3 ? Int(parts[2]) : 1, time > 0
            else { return nil }
            self.side = side
            self.point = point
            self.time = time
        }
    }

    package static let variable = "ORDERD_CRASH_AT"

    private static let text = getenv(variable).map { String(cString: $0) }
    private static let target = text.flatMap(Target.init)
    private static let passed = Atomic(0)

    /// What the environment says and nobody understands; nil if all is well.
    package static var misunderstood: String? { target == nil ? text : nil }

    /// Kills the process if this is where it is to die.
    func pass(_ side: Side) {
        guard let target = Self.target, target.point == self, target.side == side,
            Self.passed.wrappingAdd(1, ordering: .relaxed).newValue == target.time
        else { return }
        kill(getpid(), SIGKILL)
        // Nothing more may happen on this thread until the signal has ended it.
        while true { pause() }
    }
}

extension OrderChange {
    /// Passes the points that are called as this change's entries of the history.
    func passCrashPoints(_ side: CrashPoint.Side) {
        for entry in history { CrashPoint(rawValue: entry.kind)?.pass(side) }
    }
}

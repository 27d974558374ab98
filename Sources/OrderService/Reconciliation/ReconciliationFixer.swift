import Commerce
import Logging
import MariaDB
import Resilience

/// Makes the fixes of a comparison, each by the one place of the service that does such a thing,
/// and writes an event into the order's history.
struct ReconciliationFixer: Sendable {
    let ledger: OrderLedger
    let settlement: PaymentSettlement
    let refunds: RefundSettlement
    let ending: PaymentEnding
    let closing: OrderClosing
    let reservations: ReservationStore
    let products: ProductServiceClient
    private let logger = Logger(label: "orderd.reconcile")

    /// Who did it, in the history.
    static let actor = "reconcile"

    init(
        ledger: OrderLedger,
        settlement: PaymentSettlement,
        refunds: RefundSettlement,
        ending: PaymentEnding,
        closing: OrderClosing,
        reservations: ReservationStore,
        products: ProductServiceClient
    ) {
        self.ledger = ledger
        self.settlement = settlement
        self.refunds = refunds
        self.ending = ending
        self.closing = closing
        self.reservations = reservations
        self.products = products
    }

    /// A fix that could not be made.
    struct NotMade: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes a fix; blocks on whatever it needs.
    ///
    /// - Throws: `NotMade`, `MariaDBError`, and what the places throw that do it.
    func make(
        _ fix: ReconciliationFix,
        of finding: Finding,
        until deadline: Deadline
    ) throws {
        // Written first: should this process die, the history says who was at it.
        try note(fix, of: finding, until: deadline)
        switch fix {
        case .settlePayment(let intent, let version):
            let version = finding.kind == .paymentOutdated ? version : nil
            try settlement.settle(intent, readAt: version, by: Self.actor, until: deadline)
        case .endIntent(let id):
            let result = try ending.endIntent(
                id,
                reason: "abandoned",
                until: deadline,
                nil
            )
            if case .undecided(let reason) = result { throw NotMade(description: reason) }
        case .settleRefund(let told):
            try refunds.settle(told, by: Self.actor, until: deadline)
        case .closeGivenUp(let id):
            guard let orderID = finding.orderID else { return }
            try ending.closeGivenUp(id, of: orderID, by: Self.actor, until: deadline)
        case .expire:
            guard let orderID = finding.orderID else { return }
            guard try closing.beginOverdue(orderID, by: Self.actor, until: deadline) else {
                throw NotMade(description: "moved_on")
            }
        case .releaseReservation(let key, let row):
            try release(key, row, until: deadline)
        case .replaceReservation(let row):
            try reservations.replace(row.reservation(), of: row.orderID, until: deadline)
        case .ensurePayment, .closeOrder, .verifyReservation, .commitReservation:
            // Left to the worker, by the task that `note` has scheduled.
            break
        }
    }

    private func note(
        _ fix: ReconciliationFix,
        of finding: Finding,
        until deadline: Deadline
    ) throws {
        logger.notice(
            "a difference is being fixed",
            metadata: [
                "kind": "\(finding.kind.rawValue)", "subject": "\(finding.subject.text)",
                "fix": "\(fix.word)", "orderId": "\(finding.orderID ?? 0)",
            ]
        )
        guard let orderID = finding.orderID else { return }
        try ledger.change(orderID, by: Self.actor, until: deadline) { change, _ in
            change.record(
                "reconcile.\(fix.word)",
                cause: "\(finding.kind.rawValue): \(finding.subject.text)"
            )
            if let task = fix.task { change.schedule(task) }
        }
    }

    /// Gives stock back, then notes it where a row of ours says otherwise.
    private func release(
        _ key: String,
        _ row: ReservationRow?,
        until deadline: Deadline
    ) throws {
        guard let key = IdempotencyKey(key) else { throw NotMade(description: "malformed_key") }
        switch products.release(key: key, until: deadline, nil) {
        case .executed(true): break
        case .executed(false): throw NotMade(description: "committed")
        case .notExecuted(let failure), .unknown(let failure):
            throw NotMade(description: failure.reason)
        }
        guard let row, row.isLive else { return }
        try reservations.note(.release, of: row.orderID, row.reservation(), until: deadline)
    }
}

extension ReconciliationFix {
    /// What is left to the worker.
    fileprivate var task: OutboxMessage.Task? {
        switch self {
        case .ensurePayment: .ensurePayment
        case .closeOrder: .closeOrder
        case .verifyReservation: .verifyReservation
        case .commitReservation: .commitReservation
        default: nil
        }
    }
}

extension ReservationRow {
    fileprivate func reservation() throws -> ReservationStore.Reservation {
        guard let key = IdempotencyKey(key) else {
            throw ReconciliationFixer.NotMade(description: "malformed_key")
        }
        return ReservationStore.Reservation(id: id, key: key, status: status, expiresAt: nil)
    }
}

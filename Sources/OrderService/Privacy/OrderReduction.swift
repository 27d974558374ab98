import Commerce
import MariaDB
import Resilience

/// How much of an order's personal data is left.
package enum PersonalData: String, Sendable, CaseIterable {
    case whole
    /// What the accounts need: whom the invoice is for, and what was bought.
    case invoice
    case none
}

/// Takes personal data out of orders that have ended; the order itself stays, with all its sums.
struct OrderReduction: Sendable {
    let ledger: OrderLedger

    /// What became of an order.
    enum Result: Sendable, Equatable {
        /// So much is left now.
        case reduced(PersonalData)
        /// There was no more in it already.
        case unchanged(PersonalData)
        /// It is not at its end: the state that keeps it open, such as `order.shipped`.
        case open(String)
    }

    /// What stands where an e-mail address stood; the name is reserved (RFC 2606).
    static let erasedEmail = "erased@example.invalid"
    /// What stands where staff wrote something that the schema does not let be empty.
    private static let erasedText = "erased"

    /// Takes out of an order what may go; blocks on MariaDB and Redis.
    ///
    /// - Parameters:
    ///   - id: the order's id.
    ///   - age: orders made before this are needed for the accounts no more.
    ///   - isDryRun: whether it is only said what would become of it.
    ///   - actor: who causes it, for the history.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: what became of it; nil if there is no such order.
    /// - Throws: `MariaDBError`.
    func reduce(
        _ id: Int64,
        unneededBefore age: Timestamp,
        isDryRun: Bool = false,
        by actor: String,
        until deadline: Deadline
    ) throws -> Result? {
        try ledger.change(id, by: actor, until: deadline) { change, transaction in
            if let obstacle = try Self.obstacle(change.order, in: &transaction) {
                return Result.open(obstacle)
            }
            let left = try Self.left(of: id, in: &transaction)
            let isNeeded = try Self.isNeeded(change.order, since: age, in: &transaction)
            let goal: PersonalData = isNeeded ? .invoice : .none
            guard left == .whole || (left == .invoice && goal == .none) else {
                return .unchanged(left)
            }
            guard !isDryRun else { return .reduced(goal) }
            try Self.write(goal, id, in: &transaction)
            if goal == .none {
                for invoice in try InvoiceStore.reduce(ofOrder: id, in: &transaction) {
                    change.touch(invoice: invoice)
                }
            }
            change.setClientNetwork(nil)
            change.record("order.personal_data_removed", cause: "left: \(goal.rawValue)")
            return .reduced(goal)
        }?.result
    }

    /// Takes an order out of its customer's history, for ever.
    ///
    /// The places in a history have no gaps, so all of a customer's orders go, or none.
    func unlink(_ id: Int64, by actor: String, until deadline: Deadline) throws {
        try ledger.change(id, by: actor, until: deadline) { change, transaction in
            guard change.order.userID != nil else { return }
            try transaction.execute(
                "UPDATE orders SET user_id = NULL, user_seq = NULL WHERE id = \(id)"
            )
            change.touch()
            // What is kept of them for look-ups names the customer.
            for invoice in try InvoiceStore.publicIDs(ofOrder: id, in: &transaction) {
                change.touch(invoice: invoice)
            }
        }
    }

    /// Why an order is not at its end; nil if it is.
    private static func obstacle(
        _ order: Order,
        in transaction: inout Transaction
    ) throws -> String? {
        guard order.status.hasEnded, order.closing == nil || order.status.hasEndedUnpaid else {
            return "order.\(order.status.rawValue)"
        }
        let rows = try transaction.query(
            """
            SELECT CONCAT('payment.', p.status) AS obstacle FROM payments p
            JOIN orders o ON o.id = p.order_id
            WHERE o.id = \(order.id) AND \(isLivePayment)
            UNION ALL
            SELECT CONCAT('refund.', status) FROM refunds
            WHERE order_id = \(order.id) AND status IN (\(list: liveRefunds))
            UNION ALL
            SELECT CONCAT('dispute.', d.status) FROM payment_disputes d
            JOIN payments p ON p.id = d.payment_id
            WHERE p.order_id = \(order.id) AND d.closed_at IS NULL
            LIMIT 1
            """
        )
        return try rows.first?.string("obstacle")
    }

    /// Whether something is yet to come of payment `p` of order `o`.
    ///
    /// What was due at the door stays so where the goods came back unpaid: nobody collects it then.
    static let isLivePayment: SQL = """
        p.status IN (\(list: livePayments))
        AND NOT (p.status = \(PaymentStatus.dueOnDelivery.rawValue) AND o.status IN (\(list: unpaid)))
        """

    private static let unpaid = OrderStatus.allCases.filter {
        $0.hasEndedUnpaid || $0 == .returned
    }.map(\.rawValue)

    private static let livePayments = PaymentStatus.allCases.filter { status in
        switch status {
        case .requiresPaymentMethod, .requiresAction, .processing, .requiresRetry, .unknown,
            .authorized, .dueOnDelivery:
            true
        // A disputed one stays so when the payer has won; the dispute itself tells its end.
        case .noneRequired, .paid, .overpaid, .partiallyRefunded, .refunded, .failed, .cancelled,
            .disputed:
            false
        }
    }.map(\.rawValue)

    /// Refunds that are not at their end.
    static let liveRefunds = RefundStore.unfinished.map(\.rawValue)

    private static func left(
        of id: Int64,
        in transaction: inout Transaction
    ) throws -> PersonalData {
        let rows = try transaction.query("SELECT personal_data FROM orders WHERE id = \(id)")
        return try rows.first?.word("personal_data", PersonalData.init(rawValue:)) ?? .none
    }

    /// Whether there is an invoice of the order, or should be, that is to be kept.
    ///
    /// A credit note may be years younger than its order, and keeps the invoice with it.
    private static func isNeeded(
        _ order: Order,
        since age: Timestamp,
        in transaction: inout Transaction
    ) throws -> Bool {
        let invoices = try transaction.query(
            """
            SELECT MAX(\(InvoiceStore.youngestAt)) AS youngest FROM invoices y
            WHERE y.order_id = \(order.id)
            """
        )
        if let youngest = try invoices.first?.optionalTimestamp("youngest") {
            return max(youngest, order.createdAt) >= age
        }
        guard order.createdAt >= age else { return false }
        // What came back before anybody paid for it was not sold, as in `InvoiceAccount`.
        guard order.status.hasEndedUnpaid || order.status == .returned else { return true }
        let rows = try transaction.query(
            "SELECT 1 AS one FROM payments WHERE order_id = \(order.id) AND captured_minor > 0 LIMIT 1"
        )
        return !rows.isEmpty
    }

    private static func write(
        _ goal: PersonalData,
        _ id: Int64,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE orders SET personal_data = \(goal.rawValue), email = \(erasedEmail),
                contact_name = '', phone = '', shipping = '{}',
                billing = IF(\(goal == .none), '{}', billing)
            WHERE id = \(id)
            """
        )
        try OrderNameWords.remove(ofOrder: id, in: &transaction)
        // Once the accounts need it no more, nothing stays of what people wrote; what processes
        // noted are names of things.
        try transaction.execute(
            """
            UPDATE order_events SET cause = NULL
            WHERE order_id = \(id) AND (actor IN ('customer', 'guest')
                OR \(goal == .none) AND (actor LIKE 'staff:%' OR actor LIKE 'cli:%'))
            """
        )
        try transaction.execute(
            "UPDATE shipments SET tracking_number = NULL WHERE order_id = \(id)"
        )
        try transaction.execute(
            """
            UPDATE payment_attempts a JOIN payments p ON p.id = a.payment_id
            SET a.outcome = NULL WHERE p.order_id = \(id)
            """
        )
        guard goal == .none else { return }
        try transaction.execute(
            """
            UPDATE refunds SET reason = \(erasedText), evidence = IF(evidence IS NULL, NULL, \(erasedText))
            WHERE order_id = \(id)
            """
        )
        // What was written about many orders is taken from all of them with the first.
        try transaction.execute(
            """
            UPDATE bulk_cancels b JOIN bulk_cancel_items i ON i.bulk_cancel_id = b.id
            SET b.reason = \(erasedText) WHERE i.order_id = \(id)
            """
        )
    }
}

extension OrderStatus {
    /// Whether the order is where it may stay for ever.
    var hasEnded: Bool { hasEndedUnpaid || self == .delivered || self == .returned }
}

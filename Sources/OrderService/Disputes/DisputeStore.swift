import Commerce
import MariaDB
import Resilience

/// The rows of disputes and of warnings of fraud.
struct DisputeStore: Sendable {
    let database: Database

    /// The payment that a dispute or a warning is about.
    struct Subject: Sendable {
        let paymentID: Int64
        let orderID: Int64
    }

    /// What the record has of a dispute.
    struct Dispute: Sendable, Equatable {
        var status: DisputeStatus
        var evidenceDueAt: Timestamp?
        var fundsWithdrawnAt: Timestamp?
        var fundsReinstatedAt: Timestamp?
        var version: Int64
    }

    /// What the record has of a payment's money.
    struct Funds: Sendable {
        let status: PaymentStatus
        let amount: Int64
        let captured: Int64
        let refunded: Int64

        /// The payment's status once somebody disputes it, or nobody does any more.
        ///
        /// - Throws: `IllegalTransition` where that is no news.
        func status(
            whenDisputed isDisputed: Bool
        ) throws(IllegalTransition<PaymentStatus>) -> PaymentStatus {
            if isDisputed { return try status.after(.dispute) }
            return try status.afterDisputes(refunded: refunded, captured: captured, asked: amount)
        }
    }

    /// Finds the payment by its intent, or by a charge that was noted of it; nil if it is not ours.
    func subject(
        intentID: String?,
        chargeID: String,
        until deadline: Deadline
    ) throws -> Subject? {
        try database.query(
            """
            SELECT id, order_id FROM payments WHERE provider_intent_id = \(intentID)
            UNION SELECT p.id, p.order_id FROM payment_attempts a
                JOIN payments p ON p.id = a.payment_id WHERE a.charge_id = \(chargeID)
            LIMIT 1
            """,
            until: deadline
        ).first.map { row in
            Subject(paymentID: try row.int64("id"), orderID: try row.int64("order_id"))
        }
    }

    /// The version of a dispute's row; nil if there is none.
    func version(of disputeID: String, until deadline: Deadline) throws -> Int64? {
        try database.query(
            "SELECT version FROM payment_disputes WHERE dispute_id = \(disputeID)",
            until: deadline
        ).first?.int64("version")
    }

    // MARK: Within a change of the order

    static func funds(of paymentID: Int64, in transaction: inout Transaction) throws -> Funds? {
        try transaction.query(
            """
            SELECT status, amount_minor, captured_minor, refunded_minor FROM payments
            WHERE id = \(paymentID) FOR UPDATE
            """
        ).first.map { row in
            Funds(
                status: try row.word("status", PaymentStatus.init(rawValue:)),
                amount: try row.int64("amount_minor"),
                captured: try row.int64("captured_minor"),
                refunded: try row.int64("refunded_minor")
            )
        }
    }

    static func find(_ id: String, in transaction: inout Transaction) throws -> Dispute? {
        try transaction.query(
            """
            SELECT status, evidence_due_at, funds_withdrawn_at, funds_reinstated_at, version
            FROM payment_disputes WHERE dispute_id = \(id)
            """
        ).first.map { row in
            Dispute(
                status: try row.word("status", DisputeStatus.init(rawValue:)),
                evidenceDueAt: try row.optionalTimestamp("evidence_due_at"),
                fundsWithdrawnAt: try row.optionalTimestamp("funds_withdrawn_at"),
                fundsReinstatedAt: try row.optionalTimestamp("funds_reinstated_at"),
                version: try row.int64("version")
            )
        }
    }

    /// Writes a dispute, new or known; the order's lock keeps others away.
    static func write(
        _ dispute: Dispute,
        of told: StripeDispute,
        _ paymentID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let closedAt = dispute.status.isOpen ? nil : now
        try transaction.execute(
            """
            INSERT INTO payment_disputes (dispute_id, payment_id, charge_id, amount_minor, currency,
                reason, status, evidence_due_at, opened_at, closed_at, funds_withdrawn_at,
                funds_reinstated_at, created_at, updated_at)
            VALUES (\(told.id), \(paymentID), \(told.chargeID), \(told.amount.minor),
                \(told.amount.currency.rawValue), \(told.reason), \(dispute.status.rawValue),
                \(dispute.evidenceDueAt), \(told.openedAt), \(closedAt),
                \(dispute.fundsWithdrawnAt), \(dispute.fundsReinstatedAt), \(now), \(now))
            ON DUPLICATE KEY UPDATE status = VALUES(status),
                evidence_due_at = VALUES(evidence_due_at),
                closed_at = IF(VALUES(closed_at) IS NULL, NULL,
                    COALESCE(closed_at, VALUES(closed_at))),
                funds_withdrawn_at = VALUES(funds_withdrawn_at),
                funds_reinstated_at = VALUES(funds_reinstated_at),
                updated_at = VALUES(updated_at), version = version + 1
            """
        )
    }

    /// Whether any dispute makes the payment count as disputed.
    static func isHeld(_ paymentID: Int64, in transaction: inout Transaction) throws -> Bool {
        let holding = DisputeStatus.allCases.filter(\.holdsPayment).map(\.rawValue)
        return try !transaction.query(
            """
            SELECT 1 FROM payment_disputes
            WHERE payment_id = \(paymentID) AND status IN (\(list: holding)) LIMIT 1
            """
        ).isEmpty
    }

    static func set(
        _ status: PaymentStatus,
        of paymentID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE payments SET status = \(status.rawValue), updated_at = \(now),
                version = version + 1
            WHERE id = \(paymentID)
            """
        )
    }

    // MARK: Warnings of fraud

    /// Whether a known warning is actionable; nil if it is not known.
    static func isActionable(
        _ warningID: String,
        in transaction: inout Transaction
    ) throws -> Bool? {
        try transaction.query(
            "SELECT is_actionable FROM fraud_warnings WHERE warning_id = \(warningID)"
        ).first?.bool("is_actionable")
    }

    /// Writes a warning; one that is not actionable any more never is again.
    static func write(
        _ warning: FraudWarning,
        _ paymentID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO fraud_warnings (warning_id, payment_id, charge_id, fraud_type,
                is_actionable, warned_at, created_at, updated_at)
            VALUES (\(warning.id), \(paymentID), \(warning.chargeID), \(warning.fraudType),
                \(warning.isActionable), \(warning.warnedAt), \(now), \(now))
            ON DUPLICATE KEY UPDATE is_actionable = is_actionable AND VALUES(is_actionable),
                updated_at = VALUES(updated_at)
            """
        )
    }

    /// Clears the warnings about an order: somebody has decided to send the goods all the same.
    static func clearWarnings(
        of orderID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE fraud_warnings w JOIN payments p ON p.id = w.payment_id
            SET w.cleared_at = \(now), w.updated_at = \(now)
            WHERE p.order_id = \(orderID) AND w.cleared_at IS NULL
            """
        )
    }

    /// Whether a warning stands that nobody has cleared.
    static func isWarned(_ orderID: Int64, in transaction: inout Transaction) throws -> Bool {
        try !transaction.query(
            """
            SELECT 1 FROM payments p JOIN fraud_warnings w ON w.payment_id = p.id
            WHERE p.order_id = \(orderID) AND w.is_actionable AND w.cleared_at IS NULL LIMIT 1
            """
        ).isEmpty
    }
}

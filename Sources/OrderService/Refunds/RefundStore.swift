import Commerce
import MariaDB
import Resilience

/// Reads refunds; what changes them is in `RefundStore+Writing.swift`.
struct RefundStore: Sendable {
    let database: Database
    let clock: WallClock

    func find(_ publicID: String, until deadline: Deadline) throws -> Refund? {
        try database.query(
            "SELECT \(Refund.columns) FROM refunds WHERE public_id = \(publicID)",
            until: deadline
        ).first.map(Refund.init)
    }

    func lines(of refundIDs: [Int64], until deadline: Deadline) throws -> [Int64: [RefundLine]] {
        guard !refundIDs.isEmpty else { return [:] }
        let rows = try database.query(
            """
            SELECT l.refund_id, l.line_position, l.quantity, l.amount_minor, r.currency
            FROM refund_lines l JOIN refunds r ON r.id = l.refund_id
            WHERE l.refund_id IN (\(list: refundIDs)) ORDER BY l.refund_id, l.line_position
            """,
            until: deadline
        )
        return try rows.reduce(into: [:]) { lines, row in
            let currency = try row.word("currency", Currency.init(rawValue:))
            lines[try row.int64("refund_id"), default: []].append(
                RefundLine(
                    position: try row.int("line_position"),
                    quantity: try row.int("quantity"),
                    amount: Money(minor: try row.int64("amount_minor"), currency)
                )
            )
        }
    }

    /// Refunds, newest first, and how many there are in all.
    func page(
        _ status: RefundStatus?,
        page: Int,
        size: Int,
        until deadline: Deadline
    ) throws -> (refunds: [Refund], total: Int64) {
        var condition: SQL = ""
        if let status { condition = "WHERE status = \(status.rawValue)" }
        let total = try database.query(
            "SELECT COUNT(*) AS number FROM refunds \(condition)",
            until: deadline
        ).first?.int64("number")
        let refunds = try database.query(
            """
            SELECT \(Refund.columns) FROM refunds \(condition)
            ORDER BY id DESC LIMIT \(size) OFFSET \(page * size)
            """,
            until: deadline
        ).map(Refund.init)
        return (refunds, total ?? 0)
    }

    /// How many refunds there are in each status, and how much they are, in minor units.
    func counts(
        until deadline: Deadline
    ) throws -> [(status: RefundStatus, count: Int64, amount: Int64)] {
        try database.query(
            """
            SELECT status, COUNT(*) AS number, CAST(SUM(amount_minor) AS SIGNED) AS amount
            FROM refunds GROUP BY status
            """,
            until: deadline
        ).map { row in
            (
                try row.word("status", RefundStatus.init(rawValue:)), try row.int64("number"),
                try row.int64("amount")
            )
        }
    }

    /// The statuses in which somebody or something has work to do.
    static let unfinished = RefundStatus.allCases.filter { $0.isOpen || $0 == .manual }

    /// How many refunds are in each of those.
    func unfinishedCounts(until deadline: Deadline) throws -> [RefundStatus: Int] {
        let rows = try database.query(
            """
            SELECT status, COUNT(*) AS number FROM refunds
            WHERE status IN (\(list: Self.unfinished.map(\.rawValue))) GROUP BY status
            """,
            until: deadline
        )
        return try rows.reduce(into: [:]) { counts, row in
            counts[try row.word("status", RefundStatus.init(rawValue:))] = try row.int("number")
        }
    }

    /// An order's refunds that the worker has something to do for.
    func open(of orderID: Int64, until deadline: Deadline) throws -> [Refund] {
        let words = RefundStatus.allCases.filter(\.isOpen).map(\.rawValue)
        return try database.query(
            """
            SELECT \(Refund.columns) FROM refunds
            WHERE order_id = \(orderID) AND status IN (\(list: words)) ORDER BY id
            """,
            until: deadline
        ).map(Refund.init)
    }

    // MARK: Within a change of the order, after its payment

    static func locked(id: Int64, in transaction: inout Transaction) throws -> Refund? {
        try transaction.query(
            "SELECT \(Refund.columns) FROM refunds WHERE id = \(id) FOR UPDATE"
        ).first.map(Refund.init)
    }

    static func locked(
        claimID: Int64,
        in transaction: inout Transaction
    ) throws -> Refund? {
        try transaction.query(
            "SELECT \(Refund.columns) FROM refunds WHERE claim_id = \(claimID) FOR UPDATE"
        ).first.map(Refund.init)
    }

    /// The row of a refund of Stripe: the one with its id, or else the one that its metadata name,
    /// if that one is still waiting for its id.
    static func locked(
        as told: StripeRefund,
        of payment: Payment,
        in transaction: inout Transaction
    ) throws -> Refund? {
        let known = try transaction.query(
            """
            SELECT \(Refund.columns) FROM refunds WHERE provider_refund_id = \(told.id) FOR UPDATE
            """
        ).first.map(Refund.init)
        if let known { return known }
        guard let publicID = told.refundID else { return nil }
        return try transaction.query(
            """
            SELECT \(Refund.columns) FROM refunds
            WHERE public_id = \(publicID) AND payment_id = \(payment.id)
                AND provider_refund_id IS NULL AND resolved_at IS NULL FOR UPDATE
            """
        ).first.map(Refund.init)
    }

    /// How many pieces of each line earlier refunds have taken, by the line's position.
    static func takenQuantities(
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> [Int: Int] {
        let rows = try transaction.query(
            """
            SELECT l.line_position, CAST(SUM(l.quantity) AS SIGNED) AS quantity
            FROM refund_lines l JOIN refunds r ON r.id = l.refund_id
            WHERE r.order_id = \(orderID) AND r.status NOT IN ('failed', 'cancelled')
            GROUP BY l.line_position
            """
        )
        return try rows.reduce(into: [:]) { taken, row in
            taken[try row.int("line_position")] = try row.int("quantity")
        }
    }

    /// What all refunds of a payment come to: those that hold money, and those that succeeded.
    static func sums(
        of payment: Payment,
        in transaction: inout Transaction
    ) throws -> (held: Int64, succeeded: Int64) {
        let row = try transaction.query(
            """
            SELECT
                CAST(COALESCE(SUM(IF(status NOT IN ('failed', 'cancelled'), amount_minor, 0)), 0)
                    AS SIGNED) AS held,
                CAST(COALESCE(SUM(IF(status = 'succeeded', amount_minor, 0)), 0)
                    AS SIGNED) AS succeeded
            FROM refunds
            WHERE payment_id = \(payment.id) AND currency = \(payment.captured.currency.rawValue)
            """
        ).first
        return (try row?.int64("held") ?? 0, try row?.int64("succeeded") ?? 0)
    }
}

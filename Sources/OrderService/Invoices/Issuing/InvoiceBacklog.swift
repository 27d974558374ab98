import Commerce
import MariaDB
import Resilience

/// Finds orders that should have a document and have not, or have more credited than they should.
struct InvoiceBacklog: Sendable {
    let database: Database

    /// Orders that one statement goes through.
    var pageSize = 10_000

    /// Goes through all orders; blocks on MariaDB.
    ///
    /// - Parameters:
    ///   - deadline: of all of it.
    ///   - body: told of each order that lacks something, or has something that waits, or of which
    ///     nobody can tell.
    /// - Throws: `MariaDBError`, and what `body` throws.
    func forEach(
        until deadline: Deadline,
        _ body: (InvoicePending.Item) throws -> Void
    ) throws {
        try forEachPage(until: deadline) { ids in
            for candidate in try candidates(ids, until: deadline) {
                if let item = try item(of: candidate, until: deadline) { try body(item) }
            }
        }
    }

    /// Calls `body` with ranges that are all ids together, each of so many orders that one statement may
    /// go through them.
    ///
    /// One id may be far from the next; and documents may be of an order that is gone.
    func forEachPage(
        until deadline: Deadline,
        _ body: (ClosedRange<Int64>) throws -> Void
    ) throws {
        var first = Int64.min
        while true {
            let last = try lastOfPage(from: first, until: deadline) ?? .max
            try body(first...last)
            guard last < .max else { return }
            first = last + 1
        }
    }

    /// The last id of the page that begins with this one; nil if all that follow are fewer.
    private func lastOfPage(from first: Int64, until deadline: Deadline) throws -> Int64? {
        try database.query(
            """
            SELECT id FROM orders WHERE id >= \(first) ORDER BY id
            LIMIT 1 OFFSET \(pageSize - 1)
            """,
            class: .job,
            until: deadline
        ).first?.int64("id")
    }

    /// The same of orders that lack a document which no task is about to issue, and of none that
    /// waits for a correction.
    func forEachForgotten(
        until deadline: Deadline,
        _ body: (InvoicePending.Item) -> Void
    ) throws {
        try forEach(until: deadline) { found in
            guard found.failure == nil else { return body(found) }
            // It may have been issued since, by a task that is done.
            guard !found.isRejected, try !isUnderWay(found.orderID, until: deadline),
                let item = try item(
                    of: (found.orderID, found.orderNumber),
                    until: deadline
                ), !item.isRejected
            else { return }
            body(item)
        }
    }

    /// What an order lacks, or why nobody can tell; nil if it lacks nothing.
    private func item(
        of candidate: (id: Int64, number: String),
        until deadline: Deadline
    ) throws -> InvoicePending.Item? {
        do {
            return try item(ofOrder: candidate.id, until: deadline)
        } catch let error where error.isOfRow {
            return InvoicePending.Item(candidate.id, candidate.number, failure: "\(error)")
        }
    }

    /// What an order lacks; nil if nothing.
    func item(ofOrder id: Int64, until deadline: Deadline) throws -> InvoicePending.Item? {
        guard let (order, account) = try account(ofOrder: id, until: deadline) else { return nil }
        return account.due.map { InvoicePending.Item(order, $0) }
    }

    /// How many orders are credited by more than has gone back, as a refund failed after its credit
    /// note was issued.
    ///
    /// `InvoiceCreditCheck` asks all that have credit notes.
    func overcredited(until deadline: Deadline) throws -> Int {
        try database.query(
            """
            SELECT DISTINCT i.order_id FROM refunds r JOIN invoices i ON i.refund_id = r.id
            WHERE r.status IN ('failed', 'cancelled') AND i.number IS NOT NULL
                AND (SELECT SUM(c.gross_minor) FROM invoices c
                        WHERE c.order_id = i.order_id AND c.kind = 'credit_note'
                            AND c.number IS NOT NULL)
                    > (SELECT COALESCE(SUM(s.amount_minor), 0) FROM refunds s
                        WHERE s.order_id = i.order_id AND s.status = 'succeeded')
            ORDER BY i.order_id
            """,
            class: .job,
            until: deadline
        ).count { row in
            let id = try row.int64("order_id")
            do {
                return try account(ofOrder: id, until: deadline)?.account.overcredited ?? 0 > 0
            } catch let error where error.isOfRow {
                // Somebody has to look at it; `verify` says why.
                return true
            }
        }
    }

    /// What counts of an order; nil if there is none.
    func account(
        ofOrder id: Int64,
        until deadline: Deadline
    ) throws -> (order: Order, account: InvoiceAccount)? {
        try database.transaction(class: .job, until: deadline) {
            transaction -> (order: Order, account: InvoiceAccount)? in
            let rows = try transaction.query(
                "SELECT \(Order.columns) FROM orders WHERE id = \(id)"
            )
            guard let order = try rows.first.map(Order.init) else { return nil }
            return (order, try InvoiceStore.account(of: order, in: &transaction))
        }
    }

    private func isUnderWay(_ orderID: Int64, until deadline: Deadline) throws -> Bool {
        try !database.query(
            """
            SELECT 1 FROM outbox WHERE channel = 'task' AND unsent_order_id = \(orderID)
                AND topic = \(OutboxMessage.Task.advanceInvoices.rawValue) LIMIT 1
            """,
            class: .job,
            until: deadline
        ).isEmpty
    }

    /// Orders that may lack something; `InvoiceAccount` decides.
    ///
    /// No document can be made once it is gone whom it would be for.
    private func candidates(
        _ ids: ClosedRange<Int64>,
        until deadline: Deadline
    ) throws -> [(id: Int64, number: String)] {
        try database.query(
            """
            SELECT o.id, o.number FROM orders o
            WHERE o.id BETWEEN \(ids.lowerBound) AND \(ids.upperBound)
                AND o.visible_at IS NOT NULL AND o.total_minor > 0
                AND o.personal_data <> 'none'
                AND (
                    o.status IN ('confirmed', 'in_fulfilment', 'shipped', 'delivered', 'returned')
                        AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.order_id = o.id)
                    OR EXISTS (SELECT 1 FROM invoices i WHERE i.order_id = o.id) AND (
                        o.status IN ('returned', 'cancelled', 'rejected', 'expired')
                        OR EXISTS (SELECT 1 FROM invoices i
                            WHERE i.order_id = o.id AND i.state = 'rejected')
                        OR EXISTS (SELECT 1 FROM refunds r
                            LEFT JOIN invoices i ON i.refund_id = r.id
                            WHERE r.order_id = o.id AND r.status = 'succeeded'
                                AND i.id IS NULL)))
            ORDER BY o.id
            """,
            class: .job,
            until: deadline
        ).map { (try $0.int64("id"), try $0.string("number")) }
    }
}

extension Error {
    /// Whether it tells of what a row holds, and not of the database.
    var isOfRow: Bool {
        guard let error = self as? MariaDBError else { return true }
        if case .decoding = error { return true }
        return false
    }
}

import Commerce
import MariaDB
package import Resilience

/// Finds orders that should have a document and have not, whatever became of their task, and has it
/// issued.
package struct InvoicePending: Sendable {
    let database: Database
    let jobs: InvoiceJobs

    /// An order that lacks a document.
    package struct Item: Sendable {
        package let orderID: Int64
        package let orderNumber: String
        /// What is due first, `rejected` of one that waits for a correction, `withdrawal` of one
        /// that waits in vain.
        package let due: String
        /// Documents that were written for it, rejected ones among them.
        package var written = 0
        /// Why nothing could be made; nil if it was, or nobody tried.
        package var failure: String?
        /// Whether something is due still, or waits for a correction.
        package var isLeft = true
    }

    /// Orders that one statement goes through.
    private static let stride: Int64 = 10_000

    /// Goes through all orders; blocks on MariaDB.
    ///
    /// - Parameters:
    ///   - isDryRun: whether it is only said what is due.
    ///   - deadline: of all of it.
    ///   - body: told of each order that lacks something.
    /// - Throws: `MariaDBError`.
    package func run(
        isDryRun: Bool,
        until deadline: Deadline,
        _ body: (Item) -> Void
    ) throws {
        let last = try database.query(
            "SELECT COALESCE(MAX(id), 0) AS last FROM orders",
            until: deadline
        ).first?.int64("last")
        var first: Int64 = 1
        while first <= last ?? 0 {
            let ids = first...(first + Self.stride - 1)
            for id in try candidates(ids, until: deadline) {
                guard var item = try look(at: id, until: deadline) else { continue }
                if !isDryRun, item.due != Self.rejected {
                    do {
                        item.written = try jobs.advance(id, until: deadline)
                        // What was written may be a document that was rejected.
                        item.isLeft = try look(at: id, until: deadline) != nil
                    } catch let error as MariaDBError where error.isUnavailability {
                        throw error
                    } catch {
                        item.failure = "\(error)"
                    }
                }
                body(item)
            }
            first = ids.upperBound + 1
        }
    }

    /// Orders that may lack something; `InvoiceAccount` decides.
    private func candidates(
        _ ids: ClosedRange<Int64>,
        until deadline: Deadline
    ) throws -> [Int64] {
        try database.query(
            """
            SELECT o.id FROM orders o
            WHERE o.id BETWEEN \(ids.lowerBound) AND \(ids.upperBound)
                AND o.visible_at IS NOT NULL AND o.total_minor > 0
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
        ).map { try $0.int64("id") }
    }

    private static let rejected = "rejected"

    private func look(at id: Int64, until deadline: Deadline) throws -> Item? {
        try database.transaction(class: .job, until: deadline) { transaction -> Item? in
            let rows = try transaction.query(
                "SELECT \(Order.columns) FROM orders WHERE id = \(id)"
            )
            guard let order = try rows.first.map(Order.init) else { return nil }
            let due = try InvoiceStore.account(of: order, in: &transaction).due
            guard let due else { return nil }
            return Item(orderID: id, orderNumber: order.number, due: Self.word(due))
        }
    }

    private static func word(_ due: InvoiceAccount.Due) -> String {
        switch due {
        case .invoice: "invoice"
        case .refund, .rest: "credit_note"
        case .blocked: rejected
        case .withdrawal: "withdrawal"
        }
    }
}

import MariaDB
import Resilience

extension Audit {
    /// What is wrong with the invoices of all orders: one each that was sold, credited by what went
    /// back, numbered without a gap.
    static func invoiceFindings(_ database: Database) throws -> [String] {
        let queries: [(SQL, String)] = [
            (
                """
                SELECT o.id AS subject FROM orders o WHERE o.total_minor > 0
                    AND (o.status IN ('confirmed', 'in_fulfilment') AND o.payment_method = 'card'
                        OR o.status IN ('shipped', 'delivered'))
                    AND (SELECT COUNT(*) FROM invoices i
                        WHERE i.order_id = o.id AND i.kind = 'invoice') <> 1
                """, "has not one invoice"
            ),
            ("SELECT order_id AS subject FROM invoices WHERE state = 'rejected'", "was rejected"),
            (
                """
                SELECT i.order_id AS subject FROM invoices i
                JOIN payments p ON p.order_id = i.order_id AND p.captured_minor > 0
                WHERE i.kind = 'invoice' AND p.captured_minor = i.gross_minor
                    AND p.refunded_minor <> (SELECT COALESCE(SUM(c.gross_minor), 0)
                        FROM invoices c WHERE c.credited_id = i.id)
                """, "is not credited as it was refunded"
            ),
            (
                """
                SELECT order_id AS subject FROM (
                    SELECT order_id, ordinal,
                        COALESCE(LAG(ordinal) OVER (PARTITION BY series ORDER BY ordinal), 0)
                            AS before_it
                    FROM invoices WHERE number IS NOT NULL) AS numbers
                WHERE ordinal <> before_it + 1
                """, "comes after a gap"
            ),
        ]
        return try queries.flatMap { query, text in
            try database.query(query, class: .job, until: .after(.seconds(30))).map { row in
                "the invoice of order \(try row.int64("subject")) \(text)"
            }
        }
    }
}

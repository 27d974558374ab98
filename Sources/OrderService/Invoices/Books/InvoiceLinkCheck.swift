import MariaDB
import Resilience

/// Whether documents name rows of their own order: the order, the credited invoice, the refund.
///
/// A restore may have been done without foreign keys, and rows be gone.
struct InvoiceLinkCheck: Sendable {
    let database: Database

    func findings(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT number, CASE WHEN is_other_order THEN 'order_id'
                    WHEN is_other_invoice THEN 'credited_id' ELSE 'refund_id' END AS name,
                CASE WHEN is_other_order THEN has_order
                    WHEN is_other_invoice THEN has_invoice ELSE has_refund END AS is_there
            FROM (SELECT i.id, i.number, o.id IS NOT NULL AS has_order,
                    c.id IS NOT NULL AS has_invoice, r.id IS NOT NULL AS has_refund,
                    NOT (o.number <=> i.order_number) AS is_other_order,
                    i.credited_id IS NOT NULL
                        AND NOT (c.order_id <=> i.order_id AND c.kind <=> 'invoice')
                        AS is_other_invoice,
                    i.refund_id IS NOT NULL AND NOT (r.order_id <=> i.order_id) AS is_other_refund
                FROM invoices i LEFT JOIN orders o ON o.id = i.order_id
                LEFT JOIN invoices c ON c.id = i.credited_id
                LEFT JOIN refunds r ON r.id = i.refund_id
                WHERE i.number IS NOT NULL) AS links
            WHERE is_other_order OR is_other_invoice OR is_other_refund ORDER BY id LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("link") { row in
            let other = try row.bool("is_there") ? "something else" : "nothing"
            return (
                try row.string("number"), "\(try row.string("name")) is that of \(other)"
            )
        }
    }
}

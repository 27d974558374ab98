import MariaDB
import Resilience

/// Whether documents name rows of their own order: the order, the credited invoice, the refund.
struct InvoiceLinkCheck: Sendable {
    let database: Database

    func findings(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT i.number,
                CASE WHEN o.number <> i.order_number THEN 'order_id'
                    WHEN c.order_id <> i.order_id OR c.kind <> 'invoice' THEN 'credited_id'
                    ELSE 'refund_id' END AS name
            FROM invoices i JOIN orders o ON o.id = i.order_id
            LEFT JOIN invoices c ON c.id = i.credited_id
            LEFT JOIN refunds r ON r.id = i.refund_id
            WHERE i.number IS NOT NULL AND (o.number <> i.order_number
                OR c.order_id <> i.order_id OR c.kind <> 'invoice' OR r.order_id <> i.order_id)
            ORDER BY i.id LIMIT 1000
            """,
            class: .job,
            until: deadline
        ).map { row in
            .init(
                kind: "link",
                subject: try row.string("number"),
                text: "\(try row.string("name")) is that of something else"
            )
        }
    }
}

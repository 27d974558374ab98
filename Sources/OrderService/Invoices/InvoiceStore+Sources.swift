import Commerce
import MariaDB

/// What documents are made of, within a change of their order.
extension InvoiceStore {
    /// What an order's row, its payments and its shipment say for its invoice.
    struct SourceRow {
        let billing: String
        let shippingMethod: String
        let captured: Money
        /// When the first of it was charged; where it was only held then, when we learnt of its capture.
        let paidAt: Timestamp?
        let shippedAt: Timestamp?
    }

    /// Whether somebody is left whom a document of the order could be for.
    static func hasBuyer(_ order: Order, in transaction: inout Transaction) throws -> Bool {
        try !transaction.query(
            "SELECT 1 FROM orders WHERE id = \(order.id) AND personal_data <> 'none'"
        ).isEmpty
    }

    static func sourceRow(
        of order: Order,
        in transaction: inout Transaction
    ) throws -> SourceRow {
        let currency = order.total.currency
        let row = try transaction.query(
            """
            SELECT o.billing, o.shipping_method,
                (SELECT CAST(COALESCE(SUM(p.captured_minor), 0) AS SIGNED) FROM payments p
                    WHERE p.order_id = o.id AND p.currency = \(currency.rawValue)) AS captured,
                (SELECT MIN(COALESCE(IF(p.capture_method = 'automatic',
                        (SELECT MIN(a.attempted_at) FROM payment_attempts a
                            WHERE a.payment_id = p.id AND a.status = 'succeeded'), NULL),
                        p.completed_at)) FROM payments p
                    WHERE p.order_id = o.id AND p.currency = \(currency.rawValue)
                        AND p.captured_minor > 0) AS paid_at,
                (SELECT MIN(e.occurred_at) FROM shipment_events e
                    JOIN shipments s ON s.id = e.shipment_id
                    WHERE s.order_id = o.id AND e.event = 'ship') AS shipped_at
            FROM orders o WHERE o.id = \(order.id)
            """
        ).first
        return SourceRow(
            billing: try row?.string("billing") ?? "",
            shippingMethod: try row?.string("shipping_method") ?? "",
            captured: Money(minor: try row?.int64("captured") ?? 0, currency),
            paidAt: try row?.optionalTimestamp("paid_at"),
            shippedAt: try row?.optionalTimestamp("shipped_at")
        )
    }

    static func lines(of orderID: Int64, in transaction: inout Transaction) throws -> [Line] {
        try transaction.query(
            """
            SELECT sku, name, quantity, unit_price_minor, vat_percent, currency
            FROM order_lines WHERE order_id = \(orderID) ORDER BY position
            """
        ).map(Line.init)
    }

    /// Whether somebody has given the money back by other means than Stripe, and said how.
    static func isByHand(refund id: Int64, in transaction: inout Transaction) throws -> Bool {
        try transaction.query(
            "SELECT resolved_at IS NOT NULL AS is_by_hand FROM refunds WHERE id = \(id)"
        ).first?.bool("is_by_hand") ?? false
    }

    /// The pieces that a refund was asked for; none of one that is an amount.
    static func pieces(
        of refundID: Int64,
        in transaction: inout Transaction
    ) throws -> [Crediting.Piece] {
        try transaction.query(
            """
            SELECT l.line_position, l.quantity, l.amount_minor, r.currency
            FROM refund_lines l JOIN refunds r ON r.id = l.refund_id
            WHERE l.refund_id = \(refundID) ORDER BY l.line_position
            """
        ).map { row in
            Crediting.Piece(
                position: try row.int("line_position"),
                quantity: try row.int("quantity"),
                gross: Money(
                    minor: try row.int64("amount_minor"),
                    try row.word("currency", Currency.init(rawValue:))
                )
            )
        }
    }
}

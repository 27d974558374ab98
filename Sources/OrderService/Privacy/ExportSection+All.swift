import MariaDB
import Signing

/// What an order has of a person, and what hangs on it; the key is its id.
extension ExportSection<Int64> {
    static let ofOrder: [ExportSection] = [
        ExportSection("nameWords") {
            "SELECT word FROM order_name_words WHERE order_id = \($0) ORDER BY word"
        },
        ExportSection("lines") {
            """
            SELECT position, sku, name, quantity, unit_price_minor, vat_percent, vat_minor,
                total_minor, currency
            FROM order_lines WHERE order_id = \($0) ORDER BY position
            """
        },
        ExportSection("payments") {
            """
            SELECT public_id, provider_intent_id, status, amount_minor, captured_minor,
                refunded_minor, currency, review_reason, created_at, updated_at, completed_at,
                expires_at
            FROM payments WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("paymentAttempts") {
            """
            SELECT p.public_id AS payment_id, a.charge_id, a.status, a.amount_minor, a.currency,
                a.decline_code, a.outcome, a.attempted_at
            FROM payment_attempts a JOIN payments p ON p.id = a.payment_id
            WHERE p.order_id = \($0) ORDER BY a.id
            """
        },
        ExportSection("refunds") {
            """
            SELECT public_id, provider_refund_id, status, amount_minor, currency, reason,
                evidence, created_at, updated_at, completed_at
            FROM refunds WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("refundLines") {
            """
            SELECT r.public_id AS refund_id, l.line_position, l.quantity, l.amount_minor
            FROM refund_lines l JOIN refunds r ON r.id = l.refund_id
            WHERE r.order_id = \($0) ORDER BY r.id, l.line_position
            """
        },
        ExportSection("invoiceNameWords") {
            """
            SELECT w.word, i.public_id FROM invoice_name_words w JOIN invoices i ON i.id = w.invoice_id
            WHERE i.order_id = \($0) ORDER BY i.id, w.word
            """
        },
        ExportSection("invoices") {
            """
            SELECT public_id, kind, number, state, issue_date, buyer_name, buyer_cui, net_minor,
                vat_minor, gross_minor, currency, document, created_at, issued_at
            FROM invoices WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("disputes") {
            """
            SELECT d.dispute_id, d.charge_id, d.amount_minor, d.currency, d.reason, d.status,
                d.opened_at, d.closed_at
            FROM payment_disputes d JOIN payments p ON p.id = d.payment_id
            WHERE p.order_id = \($0) ORDER BY d.id
            """
        },
        ExportSection("fraudWarnings") {
            """
            SELECT w.warning_id, w.charge_id, w.fraud_type, w.warned_at, w.cleared_at
            FROM fraud_warnings w JOIN payments p ON p.id = w.payment_id
            WHERE p.order_id = \($0) ORDER BY w.id
            """
        },
        ExportSection("reservations") {
            """
            SELECT reservation_key, status, created_at, updated_at, expires_at
            FROM reservations WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("shipments") {
            """
            SELECT carrier, tracking_number, status, created_at, updated_at
            FROM shipments WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("shipmentEvents") {
            """
            SELECT e.event, e.occurred_at FROM shipment_events e
            JOIN shipments s ON s.id = e.shipment_id WHERE s.order_id = \($0) ORDER BY e.id
            """
        },
        ExportSection("events") {
            """
            SELECT kind, actor, cause, occurred_at FROM order_events
            WHERE order_id = \($0) ORDER BY id
            """
        },
        // No hashes: who has one could try tokens against it.
        ExportSection("guestTokens") {
            """
            SELECT scopes, origin, created_at, expires_at, revoked_at FROM guest_tokens
            WHERE order_id = \($0) ORDER BY created_at
            """
        },
        ExportSection("guestAccesses") {
            """
            SELECT event, route, network, accessed_at FROM guest_accesses
            WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("guestLookUps") {
            """
            SELECT order_number, network, requested_at, link_issued_at FROM guest_lookups
            WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("fraudDecisions") {
            """
            SELECT stage, outcome, score, document, decided_at FROM fraud_decisions
            WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("fraudReviews") {
            """
            SELECT status, opened_at, due_at, decided_at, reason FROM fraud_reviews
            WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("bulkCancels") {
            """
            SELECT b.created_at, b.reason, i.outcome, i.detail, i.decided_at
            FROM bulk_cancel_items i JOIN bulk_cancels b ON b.id = i.bulk_cancel_id
            WHERE i.order_id = \($0) ORDER BY i.id
            """
        },
        ExportSection("messages") {
            """
            SELECT channel, topic, created_at, sent_at FROM outbox
            WHERE order_id = \($0) ORDER BY id
            """
        },
        ExportSection("looksOfStaff") {
            """
            SELECT recorded_at, actor, route, reason FROM audit_records
            WHERE order_id = \($0) ORDER BY id
            """
        },
    ]

    /// The order itself.
    static let order = ExportSection("orders") {
        """
        SELECT id, number, user_id, email, contact_name, phone, client_address, billing, shipping,
            shipping_method, payment_method, status, payment_status, currency, items_minor,
            shipping_minor, total_minor, item_count, personal_data, created_at, updated_at
        FROM orders WHERE id = \($0)
        """
    }
}

/// What there is of a person beside orders.
extension ExportSection<DataSubject> {
    static let ofSubject: [ExportSection] = [
        ExportSection("customers") { subject in
            subject.userID.map {
                "SELECT user_id, orders_count FROM customers WHERE user_id = \($0)"
            }
        },
        ExportSection("checkoutSessions") { subject in
            let columns: SQL =
                "id, user_id, document, created_at, updated_at, expires_at, closes_at"
            return switch subject {
            case .customer(let id):
                "SELECT \(columns) FROM checkout_sessions WHERE user_id = \(id) ORDER BY created_at"
            case .email(let address):
                """
                SELECT \(columns) FROM checkout_sessions
                WHERE user_id IS NULL AND LOWER(JSON_VALUE(document, '$.contact.email')) = \(address)
                ORDER BY created_at
                """
            }
        },
        ExportSection("sessions") { subject in
            subject.userID.map {
                """
                SELECT roles, created_at, last_used_at, expires_at, revoked_at FROM sessions
                WHERE user_id = \($0) ORDER BY created_at
                """
            }
        },
        ExportSection("cartOrders") { subject in
            subject.userID.map {
                """
                SELECT cart_id, cart_version, order_id, ordered_at FROM cart_orders
                WHERE user_id = \($0) ORDER BY ordered_at
                """
            }
        },
        ExportSection("idempotencyKeys") { subject in
            subject.userID.map {
                """
                SELECT route, idempotency_key, order_id, created_at, expires_at FROM idempotency_keys
                WHERE principal = \("user:\($0)") ORDER BY id
                """
            }
        },
        ExportSection("looksOfStaff") { subject in
            subject.userID.map {
                """
                SELECT recorded_at, actor, route, reason FROM audit_records
                WHERE user_id = \($0) ORDER BY id
                """
            }
        },
        ExportSection("erasures") { subject in
            """
            SELECT actor, reason, erased_at, skipped, counts FROM privacy_erasures
            WHERE subject_hash = \(subject.hash.bytes) ORDER BY id
            """
        },
    ]
}

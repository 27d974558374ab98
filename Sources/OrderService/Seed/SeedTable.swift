import MariaDB

/// The tables that demo orders fill, each after those that its rows refer to.
enum SeedTable: Int, Sendable, CaseIterable {
    case orders
    case lines
    case payments
    case attempts
    case refunds
    case reservations
    case shipments
    case shipmentEvents
    case events
    case invoices
    case submissions

    /// An `INSERT` of rows whose values follow the columns named in it.
    func insertion(of rows: some Collection<[SQLValue]>) -> SQL {
        switch self {
        case .orders:
            """
            INSERT INTO orders (id, number, checkout_session_id, user_id, user_seq, email,
                contact_name, phone, billing, shipping, shipping_method, payment_method, status,
                payment_status, currency, items_minor, shipping_minor, total_minor, item_count,
                requires_verification, version, created_at, updated_at, visible_at, expires_at)
            VALUES \(rows: rows)
            """
        case .lines:
            """
            INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_price_minor,
                vat_percent, total_minor, vat_minor, currency)
            VALUES \(rows: rows)
            """
        case .payments:
            """
            INSERT INTO payments (id, public_id, order_id, provider_intent_id, provider_key,
                capture_method, status, amount_minor, captured_minor, refund_reserved_minor,
                refunded_minor, currency, review_reason, attempts, version, created_at,
                updated_at, completed_at, expires_at)
            VALUES \(rows: rows)
            """
        case .attempts:
            """
            INSERT INTO payment_attempts (payment_id, charge_id, status, amount_minor, currency,
                decline_code, attempted_at)
            VALUES \(rows: rows)
            """
        case .refunds:
            """
            INSERT INTO refunds (id, public_id, order_id, payment_id, amount_minor, currency, reason,
                status, provider_refund_id, provider_key, requested_by, attempts, created_at,
                updated_at, completed_at)
            VALUES \(rows: rows)
            """
        case .reservations:
            """
            INSERT INTO reservations (order_id, reservation_key, status, requires_verification,
                expires_at, version, created_at, updated_at)
            VALUES \(rows: rows)
            """
        case .shipments:
            """
            INSERT INTO shipments (id, order_id, carrier, tracking_number, status, created_at,
                updated_at)
            VALUES \(rows: rows)
            """
        case .shipmentEvents:
            "INSERT INTO shipment_events (shipment_id, event, occurred_at) VALUES \(rows: rows)"
        case .events:
            """
            INSERT INTO order_events (order_id, order_version, kind, actor, cause, is_public,
                occurred_at)
            VALUES \(rows: rows)
            """
        case .invoices:
            """
            INSERT INTO invoices (id, public_id, cause_key, kind, order_id, refund_id, credited_id,
                series, ordinal, number, state, issue_date, deadline, order_number, buyer_name,
                buyer_cui, currency, net_minor, vat_minor, gross_minor, document, xml, xml_sha256,
                document_sha256, created_at, updated_at, issued_at)
            VALUES \(rows: rows)
            """
        case .submissions:
            """
            INSERT INTO invoice_submissions (invoice_id, attempt, channel, state, upload_index,
                created_at, updated_at, uploaded_at, finished_at)
            VALUES \(rows: rows)
            """
        }
    }
}

/// Rows for a table, in its insertion's columns.
struct SeedRow: Equatable, Sendable {
    let table: SeedTable
    let values: [SQLValue]
}

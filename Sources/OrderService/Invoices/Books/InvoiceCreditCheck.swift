import Commerce
import MariaDB
import Resilience

/// Whether something justifies every credit note: a refund that succeeded, or the end of its order.
struct InvoiceCreditCheck: Sendable {
    let backlog: InvoiceBacklog

    private static let ended = OrderStatus.allCases.filter {
        $0.hasEndedUnpaid || $0 == .returned
    }.map(\.rawValue)
    private static let open = RefundStatus.allCases.filter(\.isOpen).map(\.rawValue)

    func findings(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        var findings: [InvoiceVerification.Finding] = []
        try backlog.forEachPage(until: deadline) { orders in
            findings += try refunds(orders, until: deadline)
            findings += try endings(orders, until: deadline)
            findings += try sums(orders, until: deadline)
        }
        return findings
    }

    /// Whether every refund of the order `o` is credited, and each as it is: nothing was overpaid, and no
    /// refund failed after its credit note, for which the next would make up.
    private static let creditsEachRefund: SQL = """
        NOT EXISTS (SELECT 1 FROM refunds f JOIN invoices n ON n.refund_id = f.id
            WHERE f.order_id = o.id AND f.status <> 'succeeded')
        AND o.total_minor >= (SELECT COALESCE(SUM(p.captured_minor), 0) FROM payments p
            WHERE p.order_id = o.id AND p.currency = o.currency)
        """

    /// Credit notes for refunds that are something else; one that failed shows in the sums, until
    /// the next makes up for it.
    private func refunds(
        _ orders: ClosedRange<Int64>,
        until deadline: Deadline
    ) throws -> [InvoiceVerification.Finding] {
        try backlog.database.query(
            """
            SELECT i.number, r.status, r.amount_minor, r.currency,
                r.status IN ('succeeded', 'failed', 'cancelled') AS has_ended
            FROM invoices i JOIN refunds r ON r.id = i.refund_id
            LEFT JOIN orders o ON o.id = i.order_id
            WHERE i.order_id BETWEEN \(orders.lowerBound) AND \(orders.upperBound)
                AND i.kind = 'credit_note' AND i.number IS NOT NULL
                AND (r.status NOT IN ('succeeded', 'failed', 'cancelled')
                    OR r.currency <> i.currency OR r.amount_minor < i.gross_minor
                    OR r.amount_minor > i.gross_minor AND \(Self.creditsEachRefund))
            ORDER BY i.id
            """,
            class: .job,
            until: deadline
        ).map { row in
            let hasEnded = try row.bool("has_ended")
            let amount = "\(try row.int64("amount_minor")) \(try row.string("currency"))"
            return .init(
                kind: "cause",
                subject: try row.string("number"),
                text: "its refund is \(hasEnded ? "of \(amount)" : try row.string("status"))"
            )
        }
    }

    /// Credit notes for an end that has not come, or in the place of a refund's.
    private func endings(
        _ orders: ClosedRange<Int64>,
        until deadline: Deadline
    ) throws -> [InvoiceVerification.Finding] {
        // Whoever ends an order credits its refunds first.
        try backlog.database.query(
            """
            SELECT number, has_ended FROM (
                SELECT i.id, i.number, o.status IN (\(list: Self.ended)) AS has_ended,
                    EXISTS (SELECT 1 FROM refunds r LEFT JOIN invoices n ON n.refund_id = r.id
                        WHERE r.order_id = i.order_id AND r.status = 'succeeded'
                            AND r.currency = i.currency AND r.completed_at <= i.issued_at
                            AND n.id IS NULL)
                        AND \(Self.creditsEachRefund) AS is_refund
                FROM invoices i JOIN orders o ON o.id = i.order_id
                WHERE i.order_id BETWEEN \(orders.lowerBound) AND \(orders.upperBound)
                    AND i.kind = 'credit_note' AND i.number IS NOT NULL AND i.refund_id IS NULL
                ) AS notes
            WHERE NOT has_ended OR is_refund ORDER BY id
            """,
            class: .job,
            until: deadline
        ).map { row in
            .init(
                kind: "cause",
                subject: try row.string("number"),
                text: try row.bool("has_ended")
                    ? "a refund before it has no credit note" : "its order has not ended"
            )
        }
    }

    /// Orders that are credited by more than has gone back, or by less.
    private func sums(
        _ orders: ClosedRange<Int64>,
        until deadline: Deadline
    ) throws -> [InvoiceVerification.Finding] {
        try unequal(orders, until: deadline).flatMap { id, isUnderWay in
            var findings: [InvoiceVerification.Finding] = []
            func add(_ kind: String, _ text: String) {
                findings.append(.init(kind: kind, subject: "order \(id)", text: text))
            }
            let account: InvoiceAccount
            do {
                guard let found = try backlog.account(ofOrder: id, until: deadline)?.account else {
                    return findings
                }
                account = found
            } catch let error where error.isOfRow {
                add("row", "\(error)")
                return findings
            }
            if account.overcredited > 0, !isUnderWay {
                add("overcredited", "\(account.overcredited) were credited and have not gone back")
            }
            if account.undercredited > 0 {
                add("undercredited", "\(account.undercredited) have gone back and are not credited")
            }
            return findings
        }
    }

    /// Orders with credit notes of another sum than their refunds that succeeded; and whether the
    /// money of one that ended is on its way back, where it was captured late.
    private func unequal(
        _ orders: ClosedRange<Int64>,
        until deadline: Deadline
    ) throws -> [(id: Int64, isUnderWay: Bool)] {
        try backlog.database.query(
            """
            SELECT o.id, o.status IN (\(list: Self.ended))
                AND EXISTS (SELECT 1 FROM refunds r
                    WHERE r.order_id = o.id AND r.status IN (\(list: Self.open)))
                AND NOT EXISTS (SELECT 1 FROM refunds r JOIN invoices n ON n.refund_id = r.id
                    WHERE r.order_id = o.id AND r.status IN ('failed', 'cancelled'))
                AS is_under_way
            FROM orders o JOIN (SELECT order_id, SUM(gross_minor) AS credited FROM invoices
                WHERE order_id BETWEEN \(orders.lowerBound) AND \(orders.upperBound)
                    AND kind = 'credit_note' AND number IS NOT NULL
                GROUP BY order_id) AS notes ON notes.order_id = o.id
            WHERE notes.credited <> (SELECT COALESCE(SUM(r.amount_minor), 0) FROM refunds r
                WHERE r.order_id = o.id AND r.status = 'succeeded' AND r.currency = o.currency)
            ORDER BY o.id
            """,
            class: .job,
            until: deadline
        ).map { (try $0.int64("id"), try $0.bool("is_under_way")) }
    }
}

import Commerce
import MariaDB
import Resilience
import Signing
import Web

/// The rows of invoices and credit notes as they are issued, within a change of their order.
///
/// Locked in the order: order, payment, refund, series.
enum InvoiceStore {
    /// What counts of an order for its documents; the order is locked.
    ///
    /// - Throws: `InvoiceAccount.Uncountable`, `MariaDBError`.
    static func account(
        of order: Order,
        in transaction: inout Transaction
    ) throws -> InvoiceAccount {
        let currency = order.total.currency.rawValue
        let money = try transaction.query(
            """
            SELECT CAST(COALESCE(SUM(captured_minor), 0) AS SIGNED) AS captured,
                EXISTS (SELECT 1 FROM payment_disputes d JOIN payments q ON q.id = d.payment_id
                    WHERE q.order_id = \(order.id) AND d.currency = \(currency)
                        AND d.closed_at IS NULL)
                OR EXISTS (SELECT 1 FROM refunds r
                    WHERE r.order_id = \(order.id) AND r.currency = \(currency)
                        AND r.status IN (\(list: RefundStore.unfinished.map(\.rawValue)))
                ) AS is_unsettled,
                (SELECT CAST(COALESCE(SUM(d.amount_minor), 0) AS SIGNED) FROM payment_disputes d
                    JOIN payments q ON q.id = d.payment_id
                    WHERE q.order_id = \(order.id) AND d.currency = \(currency)
                        AND d.status = \(DisputeStatus.lost.rawValue)) AS lost
            FROM payments WHERE order_id = \(order.id) AND currency = \(currency)
            """
        ).first
        let refunds = try transaction.query(
            """
            SELECT id, amount_minor FROM refunds
            WHERE order_id = \(order.id) AND currency = \(currency) AND status = 'succeeded'
            ORDER BY completed_at, id
            """
        )
        let entries = try transaction.query(
            """
            SELECT cause_key, kind, number IS NOT NULL AS is_issued, gross_minor FROM invoices
            WHERE order_id = \(order.id) ORDER BY id
            """
        )
        let account = InvoiceAccount(
            orderID: order.id,
            status: order.status,
            method: order.paymentMethod,
            price: order.total.minor,
            captured: try money?.int64("captured") ?? 0,
            lost: try money?.int64("lost") ?? 0,
            refunds: try refunds.map { row in
                .init(id: try row.int64("id"), amount: try row.int64("amount_minor"))
            },
            isUnsettled: try money?.bool("is_unsettled") ?? false,
            entries: try entries.map { row in
                .init(
                    cause: try row.string("cause_key"),
                    kind: try row.word("kind", InvoiceDocument.Kind.init(rawValue:)),
                    isIssued: try row.bool("is_issued"),
                    gross: try row.int64("gross_minor")
                )
            }
        )
        guard account.isCountable else { throw InvoiceAccount.Uncountable(orderID: order.id) }
        return account
    }

    /// An issued document with its row.
    struct Issued {
        let record: InvoiceRecord
        let document: InvoiceDocument
    }

    /// The issued documents of an order, the invoice first.
    static func issued(
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> [Issued] {
        try transaction.query(
            """
            SELECT \(InvoiceRecord.columns), document FROM invoices
            WHERE order_id = \(orderID) AND number IS NOT NULL ORDER BY id
            """
        ).compactMap { row in
            let record = try InvoiceRecord(row)
            guard let number = record.number else { return nil }
            let document = try InvoiceJSON.document(try row.string("document"), number: number)
            return Issued(record: record, document: document)
        }
    }

    /// One document within a change of its order; it may be rejected.
    static func locked(
        _ publicID: String,
        in transaction: inout Transaction
    ) throws -> InvoiceRecord? {
        try transaction.query(
            "SELECT \(InvoiceRecord.columns) FROM invoices WHERE public_id = \(publicID) FOR UPDATE"
        ).first.map(InvoiceRecord.init)
    }

    /// The series is of documents of the other kind.
    struct WrongSeries: Error, CustomStringConvertible {
        let series: String

        var description: String { "series \(series) has documents of another kind" }
    }

    /// A clock was ahead: there is a document of a day that has not come, and none may be dated
    /// before it.
    struct DayToCome: Error, CustomStringConvertible {
        /// A series, or the number of the invoice to be credited.
        let subject: String
        let day: CalendarDate

        var description: String { "\(subject) is dated \(day), which has not come" }
    }

    /// Takes the next number of a series; from here to the commit nobody else takes one.
    ///
    /// - Parameters:
    ///   - series: of documents of this kind; its row is made if there is none.
    ///   - kind: of the document.
    ///   - today: in Romania's calendar, on which the document is issued.
    ///   - transaction: the one that inserts the document, so that no number is left out.
    /// - Returns: the number.
    /// - Throws: `DayToCome` if the last number of the series is of a later day; `WrongSeries`,
    ///   `MariaDBError`.
    static func takeNumber(
        of series: String,
        _ kind: InvoiceDocument.Kind,
        on today: CalendarDate,
        in transaction: inout Transaction
    ) throws -> InvoiceNumber {
        let day = today.description
        let row = try transaction.query(
            """
            INSERT INTO invoice_series (series, kind, next_ordinal, last_issued_on)
            VALUES (\(series), \(kind.rawValue), 2, \(day))
            ON DUPLICATE KEY UPDATE next_ordinal = next_ordinal + 1,
                last_issued_on = GREATEST(COALESCE(last_issued_on, \(day)), \(day))
            RETURNING kind, next_ordinal, last_issued_on
            """
        ).first
        guard let row, try row.string("kind") == kind.rawValue,
            let last = try row.optionalDate("last_issued_on"),
            let number = InvoiceNumber(series: series, ordinal: try row.int64("next_ordinal") - 1)
        else { throw WrongSeries(series: series) }
        guard last <= today else { throw DayToCome(subject: series, day: last) }
        return number
    }
}

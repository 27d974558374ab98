import Commerce
import MariaDB
import Resilience

/// Goes through issued documents page by page, for commands.
package struct InvoiceArchive: Sendable {
    let database: Database

    private static let page = 200

    private var rows: InvoiceRows { InvoiceRows(database: database) }

    /// A document with all that is stored of it.
    struct Item: Sendable {
        let record: InvoiceRecord
        let stored: InvoiceReading.Stored
        /// Of a credit note: the number of its invoice.
        let creditedNumber: String?
        /// What its order costs; nil where that is gone.
        let orderTotal: Money?
        /// When its order was placed; nil where that is gone.
        let orderedAt: Timestamp?
        /// Of one that is reduced: when the youngest of its order's documents, or the order, was made.
        let youngestAt: Timestamp?
    }

    /// Calls `body` with each document that was issued in a period, by day and by when it was made.
    ///
    /// - Parameters:
    ///   - period: in Romania's calendar, both days included.
    ///   - deadline: of all of it.
    ///   - body: of each.
    /// - Throws: `UnreadableInvoice`, `MariaDBError`, and what `body` throws.
    func forEach(
        issued period: ClosedRange<CalendarDate>,
        until deadline: Deadline,
        _ body: (Item) throws -> Void
    ) throws {
        var last: (day: String, id: Int64)?
        while true {
            // MariaDB lets no CHECK keep ids of AUTO_INCREMENT above 0.
            let rest: SQL =
                last.map { "AND (i.issue_date > \($0.day) OR i.id > \($0.id))" } ?? ""
            let first = last?.day ?? period.lowerBound.description
            let page = try rows.read(
                Self.columns,
                """
                WHERE i.issue_date BETWEEN \(first) AND \(period.upperBound.description) \(rest)
                ORDER BY i.issue_date, i.id LIMIT \(Self.page)
                """,
                until: deadline,
                Item.init
            )
            for reading in page {
                let item = try reading.get()
                try body(item)
                last = (item.record.issueDate?.description ?? first, item.record.id)
            }
            guard page.count == Self.page else { return }
        }
    }

    /// Calls `body` with each document, rejected ones as well, in the order in which they were made;
    /// also with those that cannot be read.
    func forEach(
        until deadline: Deadline,
        _ body: (Result<Item, UnreadableInvoice>) throws -> Void
    ) throws {
        var last: Int64?
        while true {
            let rest: SQL = last.map { "WHERE i.id > \($0)" } ?? ""
            let page = try rows.read(
                Self.columns,
                "\(rest) ORDER BY i.id LIMIT \(Self.page)",
                until: deadline,
                Item.init
            )
            for reading in page {
                try body(reading)
                switch reading {
                case .success(let item): last = item.record.id
                case .failure(let unreadable): last = unreadable.id
                }
            }
            guard page.count == Self.page else { return }
        }
    }

    /// The issued documents of an order, the invoice first.
    ///
    /// - Throws: `UnreadableInvoice`, `MariaDBError`.
    func issued(ofOrder id: Int64, until deadline: Deadline) throws -> [Item] {
        try rows.read(
            Self.columns,
            "WHERE i.order_id = \(id) AND i.number IS NOT NULL ORDER BY i.id",
            until: deadline,
            Item.init
        ).map { try $0.get() }
    }

    private static let columns: SQL = """
        \(InvoiceRecord.columns), \(InvoiceReading.Stored.columns),
        (SELECT c.number FROM invoices c WHERE c.id = i.credited_id) AS credited_number,
        (SELECT o.total_minor FROM orders o WHERE o.id = i.order_id) AS order_total,
        (SELECT o.currency FROM orders o WHERE o.id = i.order_id) AS order_currency,
        (SELECT o.created_at FROM orders o WHERE o.id = i.order_id) AS ordered_at,
        IF(document = '{}', (SELECT MAX(GREATEST(\(InvoiceStore.youngestAt),
                COALESCE(o.created_at, y.created_at)))
            FROM invoices y LEFT JOIN orders o ON o.id = y.order_id
            WHERE y.order_id = i.order_id), NULL) AS youngest_at
        """
}

extension InvoiceArchive.Item {
    fileprivate init(_ row: Row) throws {
        record = try InvoiceRecord(row)
        stored = try InvoiceReading.Stored(row)
        creditedNumber = try row.optionalString("credited_number")
        orderTotal = try row.optionalInt64("order_total").map { total in
            Money(minor: total, try row.word("order_currency", Currency.init(rawValue:)))
        }
        orderedAt = try row.optionalTimestamp("ordered_at")
        youngestAt = try row.optionalTimestamp("youngest_at")
    }

    /// The document; nil of one that is not issued, or of which only sums are left.
    var document: InvoiceDocument? {
        get throws {
            guard let number = record.number, !record.isReduced else { return nil }
            return try InvoiceJSON.document(stored.document, number: number)
        }
    }
}

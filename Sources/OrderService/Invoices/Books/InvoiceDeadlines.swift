package import Commerce
import MariaDB
package import Resilience

/// What the tax office has yet to get, and by when.
package struct InvoiceDeadlines: Sendable {
    let database: Database

    /// How many documents break a rule and can be corrected still, and since when the oldest does.
    func rejected(until deadline: Deadline) throws -> (count: Int, oldest: Timestamp?) {
        let row = try database.query(
            """
            SELECT COUNT(*) AS number, MIN(i.created_at) AS oldest
            FROM invoices i JOIN orders o ON o.id = i.order_id
            WHERE i.state = \(InvoiceState.rejected.rawValue) AND o.personal_data <> 'none'
            """,
            class: .job,
            until: deadline
        ).first
        return (try row?.int("number") ?? 0, try row?.optionalTimestamp("oldest"))
    }

    /// How many issued documents are not accepted yet, by state, and how many of them are late.
    func standing(
        on today: CalendarDate,
        until deadline: Deadline
    ) throws -> (counts: [InvoiceState: Int], overdue: Int) {
        let rows = try database.query(
            """
            SELECT state, COUNT(*) AS number,
                CAST(SUM(deadline < \(today.description)) AS SIGNED) AS overdue
            FROM invoices WHERE state IN (\(list: Self.unfinished)) GROUP BY state
            """,
            class: .job,
            until: deadline
        )
        var counts: [InvoiceState: Int] = [:]
        var overdue = 0
        for row in rows {
            counts[try row.word("state", InvoiceState.init(rawValue:))] = try row.int("number")
            overdue += try row.int("overdue")
        }
        return (counts, overdue)
    }

    /// The day of the last number of any series; nil before the first.
    func lastIssue(until deadline: Deadline) throws -> CalendarDate? {
        try database.query(
            "SELECT MAX(last_issued_on) AS last FROM invoice_series",
            class: .job,
            until: deadline
        ).first?.optionalDate("last")
    }

    /// The first of the documents that are not accepted yet.
    package struct List: Sendable {
        package let records: [InvoiceRecord]
        /// Whether there are more than those.
        package let isCut: Bool
    }

    /// Documents that are not accepted yet, those due first at the front.
    ///
    /// - Parameters:
    ///   - last: the last day whose documents are listed; nil for all.
    ///   - limit: of how many.
    ///   - deadline: of the question.
    /// - Returns: their rows, and whether there are more.
    /// - Throws: an error that names the document whose row cannot be read; `MariaDBError`.
    package func list(
        through last: CalendarDate?,
        limit: Int,
        until deadline: Deadline
    ) throws -> List {
        let end: SQL = last.map { "AND deadline <= \($0.description)" } ?? ""
        let records = try InvoiceRows(database: database).read(
            InvoiceRecord.columns,
            """
            WHERE state IN (\(list: Self.unfinished)) \(end)
            ORDER BY deadline, id LIMIT \(limit + 1)
            """,
            until: deadline,
            InvoiceRecord.init
        )
        return List(
            records: try records.prefix(limit).map { try $0.get() },
            isCut: records.count > limit
        )
    }

    private static let unfinished = InvoiceState.unfinished.map(\.rawValue)
}

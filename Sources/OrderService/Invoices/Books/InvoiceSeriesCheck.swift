import Commerce
import MariaDB
import Resilience

/// Whether every series counts from 1 without a gap, by days that only go on and have come, and its
/// row says the same; a number without its series is found by `InvoiceRowCheck`.
struct InvoiceSeriesCheck: Sendable {
    let database: Database

    func findings(
        by clock: WallClock,
        until deadline: Deadline
    ) throws -> [InvoiceVerification.Finding] {
        try gaps(until: deadline) + ends(until: deadline) + names(until: deadline)
            + steps(until: deadline) + days(until: deadline)
            + future(by: clock, until: deadline) + rows(until: deadline)
            + unused(until: deadline)
    }

    private func gaps(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT series, before_it, ordinal FROM (
                SELECT series, ordinal,
                    COALESCE(LAG(ordinal) OVER (PARTITION BY series ORDER BY ordinal), 0)
                        AS before_it
                FROM invoices
                WHERE number IS NOT NULL AND series IS NOT NULL AND ordinal >= 1) AS numbers
            WHERE ordinal <> before_it + 1 ORDER BY series, ordinal LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("gap") { row in
            let before = try row.int64("before_it")
            let after = try row.int64("ordinal")
            return (try row.string("series"), "\(before + 1) to \(after - 1) are not there")
        }
    }

    /// A series ends where its counter stands.
    private func ends(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT s.series, CAST(CAST(s.next_ordinal AS DECIMAL(20)) - 1 AS CHAR) AS counted,
                CAST(COALESCE(MAX(i.ordinal), 0) AS CHAR) AS last
            FROM invoice_series s LEFT JOIN invoices i ON i.series = s.series
            GROUP BY s.series, s.next_ordinal HAVING counted <> last ORDER BY s.series
            """,
            class: .job,
            until: deadline
        ).map { row in
            let counted = try row.string("counted")
            let last = try row.string("last")
            return .init(
                kind: "gap",
                subject: try row.string("series"),
                text: "\(counted) were given and the last is \(last)"
            )
        }
    }

    /// A number is its series and its place in it, as on the document.
    private func names(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT number, series, ordinal FROM invoices
            WHERE number <> CONCAT(series, LPAD(ordinal, GREATEST(LENGTH(ordinal),
                \(InvoiceNumber.width)), '0'))
            ORDER BY id LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("number") { row in
            let place = "it is \(try row.int64("ordinal")) of \(try row.string("series"))"
            return (try row.string("number"), place)
        }
    }

    private func steps(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT number FROM (
                SELECT number, issue_date,
                    LAG(issue_date) OVER (PARTITION BY series ORDER BY ordinal) AS before_it
                FROM invoices WHERE number IS NOT NULL AND series IS NOT NULL) AS numbers
            WHERE issue_date < before_it ORDER BY number LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("date") { row in
            (try row.string("number"), "it was issued before the number before it")
        }
    }

    /// A document is dated the day on which it was issued, or that of the number before it, if the
    /// clock had gone back.
    private func days(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        // Romania is two or three hours ahead of UTC: what is looked at closely is few.
        try database.query(
            """
            SELECT number, CAST(issue_date AS CHAR) AS day, CAST(before_it AS CHAR) AS before_it,
                TIMESTAMPDIFF(SECOND, '1970-01-01', issued_at) AS issued_at
            FROM (SELECT number, issue_date, issued_at,
                    LAG(issue_date) OVER (PARTITION BY series ORDER BY ordinal) AS before_it
                FROM invoices WHERE number IS NOT NULL AND series IS NOT NULL) AS numbers
            WHERE issue_date <> DATE(issued_at + INTERVAL 2 HOUR)
                OR issue_date <> DATE(issued_at + INTERVAL 3 HOUR)
            ORDER BY number
            """,
            class: .job,
            until: deadline
        ).compactMap { row in
            // What is no day of the calendar is found as a row.
            guard let date = try row.optionalString("day").flatMap(CalendarDate.init(parsing:)),
                let issuedAt = try row.optionalInt64("issued_at")
            else { return nil }
            let day = CalendarDate.inRomania(secondsSinceEpoch: issuedAt)
            let before = try row.optionalString("before_it").flatMap(CalendarDate.init(parsing:))
            if date == day || before.map({ $0 == date && $0 > day }) ?? false { return nil }
            return .init(
                kind: "date",
                subject: try row.string("number"),
                text: "it was issued on \(day)"
            )
        }
    }

    private func future(
        by clock: WallClock,
        until deadline: Deadline
    ) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT number, CAST(issue_date AS CHAR) AS day FROM invoices
            WHERE issue_date > \(clock.now.dayInRomania.description)
            ORDER BY issue_date, id LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("date") { row in
            // A new day may have begun while MariaDB looked.
            let day = try row.optionalString("day").flatMap(CalendarDate.init(parsing:))
            guard let day, day > clock.now.dayInRomania else { return nil }
            return (try row.string("number"), "it is dated after today")
        }
    }

    /// The row of a series is that of its documents.
    private func rows(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT series, has_row, is_other FROM (
                SELECT i.series, s.series IS NOT NULL AS has_row, s.last_issued_on,
                    MAX(i.kind <> s.kind) AS is_other, MAX(i.issue_date) AS last
                FROM invoices i LEFT JOIN invoice_series s ON s.series = i.series
                WHERE i.number IS NOT NULL AND i.series IS NOT NULL
                GROUP BY i.series, s.series, s.kind, s.last_issued_on) AS documents
            WHERE NOT has_row OR is_other OR NOT (last <=> last_issued_on) ORDER BY series
            """,
            class: .job,
            until: deadline
        ).map { row in
            let text =
                if try !row.bool("has_row") {
                    "it has no row"
                } else if try row.bool("is_other") {
                    "it has documents of the other kind"
                } else {
                    "its last day is not that of its last document"
                }
            return .init(kind: "series", subject: try row.string("series"), text: text)
        }
    }

    private static let kinds = InvoiceDocument.Kind.allCases.map(\.rawValue)

    /// A series without documents is of a kind and not begun, as demo data leaves it.
    private func unused(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT series, is_kind FROM (
                SELECT s.series, s.last_issued_on, s.kind IN (\(list: Self.kinds)) AS is_kind
                FROM invoice_series s
                WHERE NOT EXISTS (SELECT 1 FROM invoices i WHERE i.series = s.series)) AS unused
            WHERE NOT is_kind OR last_issued_on IS NOT NULL ORDER BY series
            """,
            class: .job,
            until: deadline
        ).map { row in
            .init(
                kind: "series",
                subject: try row.string("series"),
                text: try row.bool("is_kind")
                    ? "it has a last day and no documents" : "its kind is none"
            )
        }
    }
}

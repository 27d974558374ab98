import MariaDB
import Resilience

/// Whether every series counts from 1 without a gap, by days that only go on, and each document's
/// state is that of its last submission.
struct InvoiceSeriesCheck: Sendable {
    let database: Database

    func findings(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try gaps(until: deadline) + ends(until: deadline) + steps(until: deadline)
            + submissions(until: deadline)
    }

    private func gaps(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT series, before_it, ordinal FROM (
                SELECT series, ordinal,
                    COALESCE(LAG(ordinal) OVER (PARTITION BY series ORDER BY ordinal), 0)
                        AS before_it
                FROM invoices WHERE number IS NOT NULL) AS numbers
            WHERE ordinal <> before_it + 1 ORDER BY series, ordinal LIMIT 1000
            """,
            class: .job,
            until: deadline
        ).map { row in
            let before = try row.int64("before_it")
            let after = try row.int64("ordinal")
            return .init(
                kind: "gap",
                subject: try row.string("series"),
                text: "\(before + 1) to \(after - 1) are not there"
            )
        }
    }

    /// A series ends where its counter stands.
    private func ends(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT s.series, s.next_ordinal - 1 AS counted, COALESCE(MAX(i.ordinal), 0) AS last
            FROM invoice_series s LEFT JOIN invoices i ON i.series = s.series
            GROUP BY s.series, s.next_ordinal HAVING counted <> last ORDER BY s.series
            """,
            class: .job,
            until: deadline
        ).map { row in
            let counted = try row.int64("counted")
            let last = try row.int64("last")
            return .init(
                kind: "gap",
                subject: try row.string("series"),
                text: "\(counted) were given and the last is \(last)"
            )
        }
    }

    private func steps(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT number FROM (
                SELECT number, issue_date,
                    LAG(issue_date) OVER (PARTITION BY series ORDER BY ordinal) AS before_it
                FROM invoices WHERE number IS NOT NULL) AS numbers
            WHERE issue_date < before_it ORDER BY number LIMIT 1000
            """,
            class: .job,
            until: deadline
        ).map { row in
            .init(
                kind: "date",
                subject: try row.string("number"),
                text: "it was issued before the number before it"
            )
        }
    }

    private func submissions(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT i.number, i.state, s.state AS last FROM invoices i
            LEFT JOIN invoice_submissions s ON s.invoice_id = i.id
                AND s.attempt = (SELECT MAX(attempt) FROM invoice_submissions
                    WHERE invoice_id = i.id)
            WHERE i.number IS NOT NULL AND NOT (i.state <=> s.state)
            ORDER BY i.id LIMIT 1000
            """,
            class: .job,
            until: deadline
        ).map { row in
            let last = try row.optionalString("last") ?? "not there"
            return .init(
                kind: "submission",
                subject: try row.string("number"),
                text: "it is \(try row.string("state")), its last submission \(last)"
            )
        }
    }
}

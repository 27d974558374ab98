import MariaDB
import Resilience

/// Whether submissions can be read, are those of documents, count from 1, and go the way of the buyer,
/// each after one that was found wrong; what is answered has the tax office's index and its times, in
/// their order, and what is queued has none; and each document's state is that of the last.
struct InvoiceSubmissionCheck: Sendable {
    let database: Database

    private static let page = 1_000

    func findings(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try rows(until: deadline) + states(until: deadline) + attempts(until: deadline)
            + channels(until: deadline) + answers(until: deadline) + queued(until: deadline)
            + times(until: deadline) + repeats(until: deadline) + versions(until: deadline)
    }

    /// Submissions that nobody who looks their document up could be shown.
    private func rows(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        let rows = InvoiceRows(database: database, source: .submissions)
        var findings: [InvoiceVerification.Finding] = []
        var last: Int64?
        while findings.count <= InvoiceVerification.most {
            let rest: SQL = last.map { "WHERE s.id > \($0)" } ?? ""
            let page = try rows.read(
                "s.id, \(InvoiceReader.Submission.columns)",
                "\(rest) ORDER BY s.id LIMIT \(Self.page)",
                until: deadline
            ) { row in
                _ = try InvoiceReader.Submission(row)
                return try row.int64("id")
            }
            for reading in page {
                switch reading {
                case .success(let id): last = id
                case .failure(let row):
                    last = row.id
                    findings.append(.init(kind: "row", subject: row.subject, text: row.text))
                }
            }
            guard page.count == Self.page else { break }
        }
        guard findings.count > InvoiceVerification.most else { return findings }
        return Array(findings.prefix(InvoiceVerification.most)) + [.more("row")]
    }

    private func states(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT i.number, i.state, s.state AS last FROM invoices i
            LEFT JOIN invoice_submissions s ON s.invoice_id = i.id
                AND s.attempt = (SELECT MAX(attempt) FROM invoice_submissions
                    WHERE invoice_id = i.id)
            WHERE i.number IS NOT NULL AND NOT (i.state <=> s.state)
            ORDER BY i.id LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("submission") { row in
            let last = try row.optionalString("last") ?? "not there"
            let text = "it is \(try row.string("state")), its last submission \(last)"
            return (try row.string("number"), text)
        }
    }

    private func attempts(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT s.invoice_id, i.number FROM invoice_submissions s
            LEFT JOIN invoices i ON i.id = s.invoice_id
            GROUP BY s.invoice_id, i.number
            HAVING i.number IS NULL OR MIN(s.attempt) <> 1 OR MAX(s.attempt) <> COUNT(*)
            ORDER BY s.invoice_id LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("submission") { row in
            guard let number = try row.optionalString("number") else {
                let subject = "row \(try row.int64("invoice_id"))"
                return (subject, "there are submissions of it, and it is not issued")
            }
            return (number, "its submissions do not count from 1")
        }
    }

    /// Of reduced documents nobody knows whether the buyer was a company.
    private func channels(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT i.number, s.channel FROM invoices i
            JOIN invoice_submissions s ON s.invoice_id = i.id
            WHERE i.number IS NOT NULL AND i.document <> '{}'
                AND s.channel <> IF(i.buyer_cui IS NULL, \(SubmissionChannel.b2c.rawValue),
                    \(SubmissionChannel.b2b.rawValue))
            ORDER BY i.id, s.attempt LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("submission") { row in
            (try row.string("number"), "its buyer's way is not \(try row.string("channel"))")
        }
    }

    private func answers(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try submissions(
            """
            s.state IN (\(list: Self.answered))
                AND (s.upload_index IS NULL OR s.uploaded_at IS NULL OR s.finished_at IS NULL)
            """,
            "without upload_index, uploaded_at or finished_at",
            until: deadline
        )
    }

    /// Nothing of what is queued has left.
    private func queued(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try submissions(
            """
            s.state = \(InvoiceState.queued.rawValue)
                AND (COALESCE(s.upload_index, s.download_id, s.uploaded_at, s.checked_at,
                        s.finished_at) IS NOT NULL
                    OR s.faults IS NOT NULL OR s.response IS NOT NULL)
            """,
            "with something of an answer",
            until: deadline
        )
    }

    private func times(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        let skew = InvoiceVerification.clockSkew.components.seconds
        return try submissions(
            """
            s.uploaded_at < s.created_at - INTERVAL \(skew) SECOND
                OR s.finished_at < s.uploaded_at - INTERVAL \(skew) SECOND
                OR s.finished_at < s.created_at - INTERVAL \(skew) SECOND
            """,
            "and created_at, uploaded_at and finished_at are not in their order",
            until: deadline
        )
    }

    /// A document that may be there is not handed over again.
    private func repeats(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try submissions(
            """
            s.state <> \(InvoiceState.nok.rawValue)
                AND EXISTS (SELECT 1 FROM invoice_submissions later
                    WHERE later.invoice_id = s.invoice_id AND later.attempt > s.attempt)
            """,
            "and there is another after it",
            until: deadline
        )
    }

    private func versions(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try submissions("s.version < 1", "in a version below 1", until: deadline)
    }

    /// The submissions `s` of issued documents that are as they must not be.
    private func submissions(
        _ condition: SQL,
        _ flaw: String,
        until deadline: Deadline
    ) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT i.number, s.attempt, s.state FROM invoices i
            JOIN invoice_submissions s ON s.invoice_id = i.id
            WHERE i.number IS NOT NULL AND (\(condition))
            ORDER BY i.id, s.attempt LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("submission") { row in
            let submission =
                "its submission \(try row.int("attempt")) is \(try row.string("state"))"
            return (try row.string("number"), "\(submission), \(flaw)")
        }
    }

    private static let answered = [InvoiceState.ok, .nok].map(\.rawValue)
}

import MariaDB
import Resilience

/// Whether submissions are those of documents, count from 1, and go the way of the buyer, each after
/// one that was found wrong; what is answered has the tax office's index and its times; and each
/// document's state is that of the last.
struct InvoiceSubmissionCheck: Sendable {
    let database: Database

    func findings(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try states(until: deadline) + attempts(until: deadline) + channels(until: deadline)
            + answers(until: deadline) + repeats(until: deadline)
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
        try database.query(
            """
            SELECT i.number, s.attempt, s.state FROM invoices i
            JOIN invoice_submissions s ON s.invoice_id = i.id
            WHERE i.number IS NOT NULL AND s.state IN (\(list: Self.answered))
                AND (s.upload_index IS NULL OR s.uploaded_at IS NULL OR s.finished_at IS NULL)
            ORDER BY i.id, s.attempt LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("submission") { row in
            let submission =
                "its submission \(try row.int("attempt")) is \(try row.string("state"))"
            return (
                try row.string("number"),
                "\(submission), without upload_index, uploaded_at or finished_at"
            )
        }
    }

    /// A document that may be there is not handed over again.
    private func repeats(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT i.number, s.attempt, s.state FROM invoices i
            JOIN invoice_submissions s ON s.invoice_id = i.id
            WHERE i.number IS NOT NULL AND s.state <> \(InvoiceState.nok.rawValue)
                AND EXISTS (SELECT 1 FROM invoice_submissions later
                    WHERE later.invoice_id = s.invoice_id AND later.attempt > s.attempt)
            ORDER BY i.id, s.attempt LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("submission") { row in
            let submission =
                "its submission \(try row.int("attempt")) is \(try row.string("state"))"
            return (try row.string("number"), "\(submission), and there is another after it")
        }
    }

    private static let answered = [InvoiceState.ok, .nok].map(\.rawValue)
}

import MariaDB
import Resilience

/// Whether each row is that of an issued document or that of a rejected one, and nothing between.
///
/// The schema says the same (`invoices_issued_check`); a restore may have been done without it.
struct InvoiceRowCheck: Sendable {
    let database: Database

    func findings(until deadline: Deadline) throws -> [InvoiceVerification.Finding] {
        try database.query(
            """
            SELECT public_id, number, odd FROM (
                SELECT id, public_id, number, CONCAT_WS(', ',
                    IF((state = \(InvoiceState.rejected.rawValue)) <> (number IS NULL), 'state', NULL),
                    IF((series IS NULL) <> (number IS NULL), 'series', NULL),
                    IF((ordinal IS NULL) <> (number IS NULL), 'ordinal', NULL),
                    IF((xml IS NULL) <> (number IS NULL), 'xml', NULL),
                    IF((xml_sha256 IS NULL) <> (number IS NULL), 'xml_sha256', NULL),
                    IF((issue_date IS NULL) <> (number IS NULL), 'issue_date', NULL),
                    IF((deadline IS NULL) <> (number IS NULL), 'deadline', NULL),
                    IF((issued_at IS NULL) <> (number IS NULL), 'issued_at', NULL),
                    IF((faults IS NULL) = (number IS NULL), 'faults', NULL)) AS odd
                FROM invoices) AS checked
            WHERE odd <> '' ORDER BY id LIMIT \(InvoiceVerification.most + 1)
            """,
            class: .job,
            until: deadline
        ).findings("row") { row in
            let odd = try row.string("odd")
            guard let number = try row.optionalString("number") else {
                let text = "it has no number, and \(odd) as if it were issued"
                return (try row.string("public_id"), text)
            }
            return (number, "it has a number, and \(odd) as if it were rejected")
        }
    }
}

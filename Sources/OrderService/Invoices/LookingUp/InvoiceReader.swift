import Commerce
import MariaDB
import Resilience

/// Reads invoices for those who look them up.
struct InvoiceReader: Sendable {
    let database: Database

    /// What a document is kept as, beside its columns.
    struct Content: Sendable {
        let summary: InvoiceSummary
        /// All that stands on it, as JSON; `{}` once it has been removed.
        let document: String
        /// Of a rejected one the rules that it breaks, as JSON.
        let faults: String?
        /// The order's customer; nil of a guest's.
        let userID: String?

        /// Whether the document is gone, the accounts needing it no more.
        var isReduced: Bool { document == "{}" }
    }

    /// One try to hand a document to the tax office.
    struct Submission: Sendable {
        let attempt: Int
        let channel: String
        let state: InvoiceState
        let uploadIndex: String?
        let downloadID: String?
        let faults: String?
        let createdAt: Timestamp
        let uploadedAt: Timestamp?
        let checkedAt: Timestamp?
        let finishedAt: Timestamp?
    }

    /// A document with all that stands on it.
    ///
    /// - Parameters:
    ///   - publicID: the document's.
    ///   - orderID: the order that it has to be of; nil for any.
    ///   - deadline: of the request.
    /// - Returns: nil if there is none.
    /// - Throws: `MariaDBError`, or what is odd in the row.
    func content(
        _ publicID: String,
        of orderID: Int64? = nil,
        until deadline: Deadline
    ) throws -> Content? {
        try row(publicID, "i.document, i.faults, o.user_id", orderID, until: deadline).map { row in
            Content(
                summary: try InvoiceSummary(row),
                document: try row.string("document"),
                faults: try row.optionalString("faults"),
                userID: try row.optionalString("user_id")
            )
        }
    }

    /// The document's UBL, as it was made at its issue; nil if there is none, or none any more.
    func xml(
        _ publicID: String,
        of orderID: Int64? = nil,
        until deadline: Deadline
    ) throws -> (summary: InvoiceSummary, bytes: [UInt8])? {
        guard let row = try row(publicID, "i.xml", orderID, until: deadline),
            let bytes = try row.optionalBytes("xml"), !bytes.isEmpty
        else { return nil }
        return (try InvoiceSummary(row), bytes)
    }

    private func row(
        _ publicID: String,
        _ columns: SQL,
        _ orderID: Int64?,
        until deadline: Deadline
    ) throws -> Row? {
        var statement: SQL = """
            SELECT \(InvoiceSummary.columns), \(columns)
            FROM invoices i JOIN orders o ON o.id = i.order_id
            LEFT JOIN invoices c ON c.id = i.credited_id
            WHERE i.public_id = \(publicID)
            """
        if let orderID { statement.append(" AND i.order_id = \(orderID)") }
        return try database.query(statement, until: deadline).first
    }

    /// The tries to hand a document over, the first one first.
    func submissions(of id: Int64, until deadline: Deadline) throws -> [Submission] {
        try database.query(
            """
            SELECT \(Submission.columns) FROM invoice_submissions WHERE invoice_id = \(id) ORDER BY attempt
            """,
            until: deadline
        ).map(Submission.init)
    }

    /// An order's documents, the first one first; those alone that were issued, unless all are wanted.
    func summaries(
        ofOrder orderID: Int64,
        issuedOnly: Bool,
        until deadline: Deadline
    ) throws -> [InvoiceSummary] {
        try database.query(
            """
            SELECT \(InvoiceSummary.columns)
            FROM invoices i LEFT JOIN invoices c ON c.id = i.credited_id
            WHERE i.order_id = \(orderID) AND (i.number IS NOT NULL OR NOT \(issuedOnly))
            ORDER BY i.id
            """,
            until: deadline
        ).map(InvoiceSummary.init)
    }
}

extension InvoiceReader.Submission {
    /// The columns that `init(_:)` reads.
    static let columns: SQL = """
        attempt, channel, state, upload_index, download_id, faults, created_at, uploaded_at,
        checked_at, finished_at
        """

    init(_ row: Row) throws {
        attempt = try row.int("attempt")
        channel = try row.string("channel")
        state = try row.word("state", InvoiceState.init(rawValue:))
        uploadIndex = try row.optionalString("upload_index")
        downloadID = try row.optionalString("download_id")
        faults = try row.optionalString("faults")
        createdAt = try row.timestamp("created_at")
        uploadedAt = try row.optionalTimestamp("uploaded_at")
        checkedAt = try row.optionalTimestamp("checked_at")
        finishedAt = try row.optionalTimestamp("finished_at")
    }
}

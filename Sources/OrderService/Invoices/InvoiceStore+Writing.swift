import Commerce
import MariaDB
import Signing
import Web

extension InvoiceStore {
    /// What all rows have, issued or not.
    struct Draft {
        let cause: InvoiceCause
        let orderID: Int64
        /// Of a credit note: the row of the invoice.
        let creditedID: Int64?
        var document: InvoiceDocument
    }

    /// What an issued document has beside that.
    struct Issue {
        let xml: [UInt8]
        let deadline: CalendarDate
    }

    /// Adds an issued document with its first submission.
    ///
    /// - Returns: its public id.
    static func insert(
        _ draft: Draft,
        _ issue: Issue,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> String {
        let publicID = makePublicID()
        let document = draft.document
        let text = InvoiceJSON.text(of: document)
        let written = try transaction.execute(
            """
            INSERT INTO invoices (public_id, cause_key, kind, order_id, refund_id, credited_id,
                series, ordinal, number, state, issue_date, deadline, order_number, buyer_name,
                buyer_cui, currency, net_minor, vat_minor, gross_minor, document, xml, xml_sha256,
                document_sha256, created_at, updated_at, issued_at)
            VALUES (\(publicID), \(draft.cause.key), \(document.kind.rawValue), \(draft.orderID),
                \(draft.cause.refundID), \(draft.creditedID), \(document.number.series),
                \(document.number.ordinal), \(document.number.description),
                \(InvoiceState.queued.rawValue), \(document.issueDate.description),
                \(issue.deadline.description), \(document.orderNumber), \(document.buyer.name),
                \(document.buyer.cui), \(document.currency.rawValue), \(document.totals.net.minor),
                \(document.totals.vat.minor), \(document.totals.gross.minor),
                \(text), \(issue.xml), \(SHA256.digest(issue.xml).bytes),
                \(SHA256.digest(Array(text.utf8)).bytes), \(now), \(now), \(now))
            """
        )
        let id = Int64(written.lastInsertID)
        try insertSubmission(of: id, document.buyer.channel, at: now, in: &transaction)
        try InvoiceNameWords.write(ofInvoices: id...id, in: &transaction)
        return publicID
    }

    /// Adds a document that breaks rules, without a number.
    ///
    /// - Returns: its public id.
    static func insert(
        rejected draft: Draft,
        faults: JSON,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> String {
        let publicID = makePublicID()
        let document = draft.document
        let written = try transaction.execute(
            """
            INSERT INTO invoices (public_id, cause_key, kind, order_id, refund_id, credited_id,
                state, order_number, buyer_name, buyer_cui, currency, net_minor, vat_minor,
                gross_minor, document, faults, created_at, updated_at)
            VALUES (\(publicID), \(draft.cause.key), \(document.kind.rawValue), \(draft.orderID),
                \(draft.cause.refundID), \(draft.creditedID), \(InvoiceState.rejected.rawValue),
                \(document.orderNumber), \(document.buyer.name), \(document.buyer.cui),
                \(document.currency.rawValue), \(document.totals.net.minor),
                \(document.totals.vat.minor), \(document.totals.gross.minor),
                \(InvoiceJSON.text(of: document, isIssued: false)),
                \(String(decoding: faults.serialized(), as: UTF8.self)), \(now), \(now))
            """
        )
        let id = Int64(written.lastInsertID)
        try InvoiceNameWords.write(ofInvoices: id...id, in: &transaction)
        return publicID
    }

    /// Issues a rejected document, as it was corrected, with its first submission.
    static func issue(
        _ record: InvoiceRecord,
        as document: InvoiceDocument,
        _ issue: Issue,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let text = InvoiceJSON.text(of: document)
        try transaction.execute(
            """
            UPDATE invoices SET series = \(document.number.series),
                ordinal = \(document.number.ordinal), number = \(document.number.description),
                state = \(InvoiceState.queued.rawValue),
                issue_date = \(document.issueDate.description),
                deadline = \(issue.deadline.description), buyer_name = \(document.buyer.name),
                buyer_cui = \(document.buyer.cui), net_minor = \(document.totals.net.minor),
                vat_minor = \(document.totals.vat.minor),
                gross_minor = \(document.totals.gross.minor),
                document = \(text), xml = \(issue.xml),
                xml_sha256 = \(SHA256.digest(issue.xml).bytes),
                document_sha256 = \(SHA256.digest(Array(text.utf8)).bytes), faults = NULL,
                version = version + 1, updated_at = \(now),
                issued_at = GREATEST(created_at, \(now))
            WHERE id = \(record.id) AND state = 'rejected'
            """
        )
        try insertSubmission(
            of: record.id,
            document.buyer.channel,
            at: now,
            in: &transaction
        )
        // Of another name, and under another day.
        try InvoiceNameWords.rewrite(ofInvoices: record.id...record.id, in: &transaction)
    }

    /// Removes a document that was rejected; one that is issued stays.
    ///
    /// - Returns: its public id; nil if there is none.
    static func removeRejected(
        _ causeKey: String,
        in transaction: inout Transaction
    ) throws -> String? {
        try transaction.query(
            """
            DELETE FROM invoices WHERE cause_key = \(causeKey) AND state = 'rejected'
            RETURNING public_id
            """
        ).first?.string("public_id")
    }

    private static func insertSubmission(
        of invoiceID: Int64,
        _ channel: SubmissionChannel,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO invoice_submissions
                (invoice_id, attempt, channel, state, created_at, updated_at)
            VALUES (\(invoiceID), 1, \(channel.rawValue), \(InvoiceState.queued.rawValue),
                \(now), \(now))
            """
        )
    }

    static func makePublicID() -> String {
        "inv_" + Base64URL.encode(SecureRandom.bytes(16))
    }
}

extension InvoiceParty {
    /// A company's fiscal code, without `RO`.
    var cui: String? {
        switch identity {
        case .vatPayer(let code), .company(let code): code.description
        case .consumer, .unidentifiedConsumer: nil
        }
    }

    /// The way of a document for this buyer.
    var channel: SubmissionChannel { cui == nil ? .b2c : .b2b }
}

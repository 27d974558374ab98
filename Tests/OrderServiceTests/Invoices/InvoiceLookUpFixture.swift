import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Signing
import Testing
import Web

@testable import OrderService

extension ServiceUnderTest {
    /// A document that was put into the record.
    struct AddedInvoice {
        let id: Int64
        let publicID: String
        /// Nil if it is rejected.
        let number: String?
        let orderID: Int64
        let document: InvoiceDocument
        let xml: [UInt8]

        var path: String { "/v1/admin/invoices/\(publicID)" }
        var ownPath: String { "/v1/orders/\(orderID)/invoices/\(publicID)" }
    }

    /// Puts a document of an order into the record, with its words and its first submission.
    ///
    /// Its series is one that the service itself does not number.
    @discardableResult
    func addInvoice(
        of orderID: Int64,
        buyer: String = "Ana Țîrlea",
        cui: String? = nil,
        on day: String = "2026-11-20",
        state: InvoiceState = .queued,
        crediting credited: AddedInvoice? = nil
    ) throws -> AddedInvoice {
        let series = credited == nil ? "LUP" : "LUPS"
        let kind = credited == nil ? InvoiceDocument.Kind.invoice : .creditNote
        try execute(
            """
            INSERT INTO invoice_series (series, kind) VALUES (\(series), \(kind.rawValue))
            ON DUPLICATE KEY UPDATE next_ordinal = next_ordinal + 1
            """
        )
        let ordinal = try #require(
            try query("SELECT next_ordinal FROM invoice_series WHERE series = \(series)").first
        ).int64("next_ordinal")
        let number = try #require(
            try query("SELECT number FROM orders WHERE id = \(orderID)").first
        ).string("number")
        let identity = cui.flatMap { CUI(parsing: $0) }.map(InvoiceParty.TaxIdentity.vatPayer)
        let party = InvoiceParty.sampleBuyer(buyer, identity ?? .unidentifiedConsumer)
        let document =
            if let credited {
                try InvoiceDocument.sampleCreditNote(
                    of: credited.document,
                    ordinal: ordinal,
                    day: day
                )
            } else {
                try InvoiceDocument.sample(
                    ordinal: ordinal,
                    day: day,
                    orderNumber: number,
                    buyer: party
                )
            }
        let publicID = "inv_" + Base64URL.encode(SecureRandom.bytes(16))
        let isIssued = state != .rejected
        let text = InvoiceJSON.text(of: document, isIssued: isIssued)
        let xml = Array("<Invoice>\(document.number) ț</Invoice>".utf8)
        let faults = """
            [{"rule":"BR-RO-110","field":"BT-54","location":"/Invoice","text":"no county"}]
            """
        try execute(
            """
            INSERT INTO invoices (public_id, cause_key, kind, order_id, credited_id, series,
                ordinal, number, state, issue_date, deadline, order_number, buyer_name, buyer_cui,
                currency, net_minor, vat_minor, gross_minor, document, xml, xml_sha256,
                document_sha256, faults, created_at, updated_at, issued_at)
            VALUES (\(publicID), \("test:\(series)\(ordinal)"), \(kind.rawValue), \(orderID),
                \(credited?.id), \(isIssued ? series : nil), \(isIssued ? ordinal : nil),
                \(isIssued ? document.number.description : nil), \(state.rawValue),
                \(isIssued ? day : nil), \(isIssued ? "2026-12-31" : nil), \(number),
                \(document.buyer.name), \(cui.flatMap { CUI(parsing: $0) }?.description), 'RON',
                \(document.totals.net.minor), \(document.totals.vat.minor),
                \(document.totals.gross.minor),
                \(text), \(isIssued ? xml : nil), \(isIssued ? SHA256.digest(xml).bytes : nil),
                \(isIssued ? SHA256.digest(Array(text.utf8)).bytes : nil),
                \(isIssued ? nil : faults),
                \(now), \(now), \(isIssued ? now : nil))
            """
        )
        let row = try #require(
            try query("SELECT id FROM invoices WHERE public_id = \(publicID)").first
        )
        let id = try row.int64("id")
        if isIssued {
            let isAnswered = state == .ok || state == .nok
            try execute(
                """
                INSERT INTO invoice_submissions (invoice_id, attempt, channel, state, upload_index,
                    created_at, updated_at, uploaded_at, finished_at)
                VALUES (\(id), 1, \(cui == nil ? "b2c" : "b2b"), \(state.rawValue),
                    \(isAnswered ? "500\(id)" : nil), \(now), \(now),
                    \(isAnswered ? now : nil), \(isAnswered ? now : nil))
                """
            )
        }
        try services.database.transaction(class: .write, until: soon) {
            try InvoiceNameWords.rewrite(ofInvoices: id...id, in: &$0)
        }
        return AddedInvoice(
            id: id,
            publicID: publicID,
            number: isIssued ? document.number.description : nil,
            orderID: orderID,
            document: document,
            xml: xml
        )
    }

    /// Asks for invoices by fields that are not encoded yet.
    func searchInvoices(_ fields: KeyValuePairs<String, String>, token: String) -> TestAnswer {
        let query = fields.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        return send(.get, "/v1/admin/invoices?\(query)", token: token)
    }

    /// The ids of the invoices on the first page.
    func foundInvoices(
        _ fields: KeyValuePairs<String, String>,
        token: String
    ) -> [String] {
        (searchInvoices(fields, token: token)["items"].array ?? []).compactMap { $0["id"]?.string }
    }
}

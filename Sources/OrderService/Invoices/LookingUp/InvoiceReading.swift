import Commerce
import MariaDB
package import Resilience

/// Reads documents by what names them, outside any change.
package struct InvoiceReading: Sendable {
    let database: Database

    /// The document of a public id, issued or not.
    package func find(_ publicID: String, until deadline: Deadline) throws -> InvoiceRecord? {
        try database.query(
            "SELECT \(InvoiceRecord.columns) FROM invoices WHERE public_id = \(publicID)",
            until: deadline
        ).first.map(InvoiceRecord.init)
    }

    /// The document of a number, however it is written: with blanks and hyphens, in small letters.
    package func find(
        number: String,
        until deadline: Deadline
    ) throws -> InvoiceRecord? {
        let written = InvoiceSearchFilter.number(number) ?? number
        return try database.query(
            "SELECT \(InvoiceRecord.columns) FROM invoices WHERE number = \(written)",
            until: deadline
        ).first.map(InvoiceRecord.init)
    }

    /// Checks that no series of the settings has documents of the other kind.
    ///
    /// - Throws: `InvoiceStore.WrongSeries`, `MariaDBError`.
    func checkSeries(of drafting: InvoiceDrafting, until deadline: Deadline) throws {
        for kind in InvoiceDocument.Kind.allCases {
            let series = drafting.series(of: kind)
            let rows = try database.query(
                """
                SELECT 1 FROM invoice_series
                WHERE series = \(series) AND kind <> \(kind.rawValue)
                """,
                until: deadline
            )
            guard rows.isEmpty else { throw InvoiceStore.WrongSeries(series: series) }
        }
    }

    /// What is stored of a document: as JSON, and of an issued one as XML, with the hashes of both.
    package struct Stored: Sendable {
        package let document: String
        package let xml: [UInt8]?
        package let hash: [UInt8]?
        /// Nil as well of one that was issued before there was one.
        let documentHash: [UInt8]?
        /// Of a rejected one, as JSON.
        package let faults: String?
    }

    package func stored(_ id: Int64, until deadline: Deadline) throws -> Stored? {
        try database.query(
            "SELECT \(Stored.columns) FROM invoices WHERE id = \(id)",
            until: deadline
        ).first.map(Stored.init)
    }
}

extension InvoiceReading.Stored {
    /// The columns that `init(_:)` reads.
    static let columns: SQL = "document, xml, xml_sha256, document_sha256, faults"

    init(_ row: Row) throws {
        document = try row.string("document")
        xml = try row.optionalBytes("xml")
        hash = try row.optionalBytes("xml_sha256")
        documentHash = try row.optionalBytes("document_sha256")
        faults = try row.optionalString("faults")
    }
}

import Commerce
import MariaDB
package import Resilience
import Signing
import UBL
import XML

/// Goes through all documents and says what is not as it was issued.
package struct InvoiceVerification: Sendable {
    let archive: InvoiceArchive

    /// Something that must not be.
    package struct Finding: Sendable, Equatable {
        /// A bounded word, such as `hash` or `gap`.
        package let kind: String
        /// A document's number or id, or a series.
        package let subject: String
        package let text: String
    }

    package struct Report: Sendable {
        package var documents = 0
        /// Those of which only numbers and sums are left.
        package var reduced = 0
        package var rejected = 0
        package var findings: [Finding] = []
    }

    /// Recomputes every sum and hash, compares XML, document and columns, closes the chains of
    /// credit notes, and looks for gaps in series; blocks on MariaDB.
    ///
    /// - Parameter deadline: of all of it.
    /// - Returns: what was gone through, and what is wrong.
    /// - Throws: `MariaDBError`.
    package func run(until deadline: Deadline) throws -> Report {
        var report = Report()
        var chains = InvoiceChains()
        try archive.forEach(until: deadline) { item in
            guard let number = item.record.number else {
                report.rejected += 1
                return
            }
            report.documents += 1
            if item.record.isReduced { report.reduced += 1 }
            for fault in Self.faults(of: item, number) {
                report.findings.append(
                    Finding(kind: fault.kind, subject: number.description, text: fault.text)
                )
            }
            chains.add(item.record)
        }
        report.findings += try chains.findings(in: archive, until: deadline)
        report.findings += try InvoiceSeriesCheck(database: archive.database)
            .findings(until: deadline)
        return report
    }

    private typealias Fault = (kind: String, text: String)

    private static func faults(of item: InvoiceArchive.Item, _ number: InvoiceNumber) -> [Fault] {
        let record = item.record
        guard !record.isReduced else { return [] }
        var faults: [Fault] = []
        let xml = item.stored.xml ?? []
        if SHA256.digest(xml).bytes != item.stored.hash {
            faults.append(("hash", "the XML is not the one that was issued"))
        }
        let document: InvoiceDocument
        do {
            guard let read = try item.document else { return faults }
            document = read
        } catch {
            return faults + [("document", "\(error)")]
        }
        for flaw in document.sumFlaws {
            let rate = flaw.rate.map { " at \($0.percent) %" } ?? ""
            faults.append(
                ("sum", "\(flaw.term)\(rate) is \(flaw.found.minor), not \(flaw.expected.minor)")
            )
        }
        faults += columnFaults(record, document)
        do {
            faults += try xmlFaults(xml, document)
        } catch {
            faults.append(("xml", "it cannot be read: \(error)"))
        }
        return faults
    }

    private static func columnFaults(
        _ record: InvoiceRecord,
        _ document: InvoiceDocument
    ) -> [Fault] {
        let pairs: [(String, String, String)] = [
            ("kind", record.kind.rawValue, document.kind.rawValue),
            ("issue_date", record.issueDate?.description ?? "", document.issueDate.description),
            ("order_number", record.orderNumber, document.orderNumber),
            ("buyer_name", record.buyerName, document.buyer.name),
            ("buyer_cui", record.buyerCUI ?? "", document.buyer.cui ?? ""),
            ("net_minor", "\(record.net.minor)", "\(document.totals.net.minor)"),
            ("vat_minor", "\(record.vat.minor)", "\(document.totals.vat.minor)"),
            ("gross_minor", "\(record.gross.minor)", "\(document.totals.gross.minor)"),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { column, _, _ in
            ("column", "\(column) is not what the document says")
        }
    }

    private static let limit = 10 << 20
    private static let namespaces: KeyValuePairs = [
        "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
        "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    ]

    /// Where a version writes a document otherwise than the one that issued it did, its number, day
    /// and sums have to be the same still.
    private static func xmlFaults(
        _ xml: [UInt8],
        _ document: InvoiceDocument
    ) throws(XMLError) -> [Fault] {
        if try UBLWriter.bytes(of: document) == xml { return [] }
        let tree = try XMLDocument(parsing: xml, limit: limit, namespaces: namespaces)
        let totals = "cac:LegalMonetaryTotal"
        let expected: [(String, String)] = [
            ("cbc:ID", document.number.description),
            ("cbc:IssueDate", document.issueDate.description),
            ("\(totals)/cbc:LineExtensionAmount", document.totals.lines.decimalText),
            ("\(totals)/cbc:TaxExclusiveAmount", document.totals.net.decimalText),
            ("\(totals)/cbc:TaxInclusiveAmount", document.totals.gross.decimalText),
            ("\(totals)/cbc:PayableAmount", document.totals.payable.decimalText),
            ("cac:TaxTotal/cbc:TaxAmount", document.totals.vat.decimalText),
        ]
        var faults: [Fault] = []
        for (path, value) in expected {
            let found = try tree.root.text(at: path)
            if found != value { faults.append(("xml", "\(path) is not what the document says")) }
        }
        let lines = try tree.nodes("cac:InvoiceLine | cac:CreditNoteLine").count
        if lines != document.lines.count { faults.append(("xml", "it has \(lines) lines")) }
        return faults
    }
}

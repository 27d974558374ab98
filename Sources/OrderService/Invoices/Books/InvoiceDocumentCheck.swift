import Commerce
import MariaDB
import Signing
import UBL
import Web

/// Whether an issued document is as it was issued: its snapshot and its XML with their hashes, its
/// row.
struct InvoiceDocumentCheck: Sendable {
    let clock: WallClock
    /// For how long the accounts need documents.
    let retention: Duration

    private typealias Fault = (kind: String, text: String)

    func findings(
        in item: InvoiceArchive.Item,
        _ number: InvoiceNumber
    ) -> [InvoiceVerification.Finding] {
        let faults =
            Self.causeFaults(item.record) + Self.timeFaults(item) + Self.orderFaults(item)
            + (item.record.isReduced
                ? reductionFaults(item) : Self.documentFaults(item, number))
        return faults.map { .init(kind: $0.kind, subject: number.description, text: $0.text) }
    }

    // MARK: The row

    /// What it was made for follows from its kind, its order and its refund.
    private static func causeFaults(_ record: InvoiceRecord) -> [Fault] {
        let cause: InvoiceCause =
            switch (record.kind, record.refundID) {
            case (.invoice, _): .order(record.orderID)
            case (.creditNote, let refund?): .refund(refund)
            case (.creditNote, nil): .ending(record.orderID)
            }
        var faults: [Fault] = []
        if record.causeKey != cause.key || record.refundID != cause.refundID {
            faults.append(("column", "cause_key is not what kind, order and refund make it"))
        }
        if record.version < 1 { faults.append(("column", "version is below 1")) }
        return faults
    }

    /// How long it is kept counts from these times.
    private static func timeFaults(_ item: InvoiceArchive.Item) -> [Fault] {
        let createdAt = item.record.createdAt
        var faults: [Fault] = []
        if let issuedAt = item.record.issuedAt, createdAt > issuedAt {
            faults.append(("date", "it was made after it was issued"))
        }
        if let orderedAt = item.orderedAt, createdAt < orderedAt - InvoiceVerification.clockSkew {
            faults.append(("date", "it was made before its order"))
        }
        return faults
    }

    /// An invoice is of all that its order costs, however its rates were corrected.
    private static func orderFaults(_ item: InvoiceArchive.Item) -> [Fault] {
        guard let total = item.orderTotal else { return [] }
        let record = item.record
        if record.gross.currency != total.currency {
            return [("column", "currency is not that of its order")]
        }
        guard record.kind == .invoice, record.gross != total else { return [] }
        return [("sum", "it is of \(record.gross.minor), its order of \(total.minor)")]
    }

    /// What is left of an old document: sums, and the hash of what there was.
    private func reductionFaults(_ item: InvoiceArchive.Item) -> [Fault] {
        let record = item.record
        var faults: [Fault] = []
        if let youngest = item.youngestAt, clock.now.distance(from: youngest) < retention {
            faults.append(("reduced", "its text is gone, and the accounts need it still"))
        }
        if !record.buyerName.isEmpty || record.buyerCUI != nil {
            faults.append(("reduced", "its text is gone, and not whom it was for"))
        }
        if item.stored.xml != [] || item.stored.hash?.count != 32 {
            faults.append(("reduced", "it has XML and no snapshot, or no hash"))
        }
        if record.gross.minor != [record.net.minor, record.vat.minor].checkedSum {
            faults.append(("sum", "gross_minor is not net_minor and vat_minor"))
        }
        return faults
    }

    private static func columnFaults(
        _ item: InvoiceArchive.Item,
        _ document: InvoiceDocument
    ) -> [Fault] {
        let record = item.record
        let deadline = SubmissionDeadline.date(
            issuedOn: document.issueDate,
            suppliedOn: document.kind == .invoice ? document.deliveryDate : nil
        )
        let pairs: [(String, String?, String?)] = [
            ("kind", record.kind.rawValue, document.kind.rawValue),
            ("issue_date", record.issueDate?.description, document.issueDate.description),
            ("deadline", record.deadline?.description, deadline.description),
            ("credited_id", item.creditedNumber, document.preceding?.number),
            ("order_number", record.orderNumber, document.orderNumber),
            ("buyer_name", record.buyerName, document.buyer.name),
            ("buyer_cui", record.buyerCUI, document.buyer.cui),
            ("currency", record.gross.currency.rawValue, document.currency.rawValue),
            ("net_minor", "\(record.net.minor)", "\(document.totals.net.minor)"),
            ("vat_minor", "\(record.vat.minor)", "\(document.totals.vat.minor)"),
            ("gross_minor", "\(record.gross.minor)", "\(document.totals.gross.minor)"),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { column, _, _ in
            ("column", "\(column) is not what the document says")
        }
    }

    // MARK: Snapshot and XML

    private static func documentFaults(
        _ item: InvoiceArchive.Item,
        _ number: InvoiceNumber
    ) -> [Fault] {
        var faults: [Fault] = []
        let xml = item.stored.xml ?? []
        if SHA256.digest(xml).bytes != item.stored.hash {
            faults.append(("hash", "the XML is not the one that was issued"))
        }
        let text = Array(item.stored.document.utf8)
        switch item.stored.documentHash {
        case SHA256.digest(text).bytes?: break
        case nil: faults.append(("hash", "the snapshot has none"))
        default: faults.append(("hash", "the snapshot is not the one that was issued"))
        }
        let document: InvoiceDocument
        do {
            let json = try JSON(parsing: text)
            document = try InvoiceJSON.document(json, number: number)
            // Staff are shown it as it is stored.
            if InvoiceJSON.json(of: document) != json {
                faults.append(("document", "it has more than its form, or another number"))
            }
        } catch {
            return faults + [("document", "\(error)")]
        }
        for flaw in document.sumFlaws {
            let rate = flaw.rate.map { " at \($0.percent) %" } ?? ""
            let expected =
                flaw.expected.map { "not \($0.minor)" } ?? "and what makes it is beyond counting"
            faults.append(("sum", "\(flaw.term)\(rate) is \(flaw.found.minor), \(expected)"))
        }
        return faults + columnFaults(item, document) + xmlFaults(xml, document)
    }

    /// Whether the stored XML is what its snapshot makes, byte for byte.
    ///
    /// All versions have written the form of `InvoiceJSON.version` 1 alike. One that writes a
    /// document otherwise takes the next number for it, and keeps how those before were written.
    private static func xmlFaults(_ xml: [UInt8], _ document: InvoiceDocument) -> [Fault] {
        do {
            let anew = try UBLWriter.bytes(of: document)
            guard anew != xml else { return [] }
            let place = zip(anew, xml).enumerated().first { $1.0 != $1.1 }?.offset
            let from = place ?? min(anew.count, xml.count)
            return [("xml", "it is not what the document says, from byte \(from) on")]
        } catch {
            return [("xml", "it cannot be written anew: \(error)")]
        }
    }
}

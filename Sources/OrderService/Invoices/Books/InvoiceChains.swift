import Commerce
import Resilience

/// The orders of documents as they are met; says which have two invoices, or credit notes that do
/// not fit their invoice.
struct InvoiceChains {
    private var invoiced: Set<Int64> = []
    private var credited: Set<Int64> = []
    private var doubles: [InvoiceVerification.Finding] = []

    /// Notes an issued document; of each order its id is kept, and no more.
    mutating func add(_ record: InvoiceRecord) {
        switch record.kind {
        case .creditNote: credited.insert(record.orderID)
        case .invoice:
            guard !invoiced.insert(record.orderID).inserted else { return }
            doubles.append(
                .init(
                    kind: "double",
                    subject: record.number?.description ?? record.publicID,
                    text: "order \(record.orderID) has another one"
                )
            )
        }
    }

    /// What does not fit; the documents of orders with credit notes are read again.
    ///
    /// - Throws: `MariaDBError`.
    func findings(
        in archive: InvoiceArchive,
        until deadline: Deadline
    ) throws -> [InvoiceVerification.Finding] {
        var findings = doubles
        for order in credited.sorted() {
            let items: [InvoiceArchive.Item]
            do {
                items = try archive.issued(ofOrder: order, until: deadline)
            } catch let unreadable as UnreadableInvoice {
                let text = "\(unreadable.subject) of its order \(order) cannot be read"
                findings.append(.init(kind: "chain", subject: unreadable.subject, text: text))
                continue
            }
            guard let text = Self.flaw(of: items) else { continue }
            let number = items.last?.record.number?.description ?? ""
            findings.append(.init(kind: "chain", subject: number, text: text))
        }
        return findings
    }

    private static func flaw(of items: [InvoiceArchive.Item]) -> String? {
        let notes = items.filter { $0.record.kind == .creditNote }
        guard let invoice = items.first(where: { $0.record.kind == .invoice }) else {
            return "its invoice is not there"
        }
        guard let credited = notes.map(\.record.gross.minor).checkedSum,
            let vat = notes.map(\.record.vat.minor).checkedSum
        else { return "what was credited is beyond counting" }
        let (left, isBeyond) = invoice.record.gross.minor.subtractingReportingOverflow(credited)
        guard !isBeyond, left >= 0 else {
            return "\(credited) were credited of \(invoice.record.gross.minor)"
        }
        if left == 0, vat != invoice.record.vat.minor {
            return "VAT of \(vat) was credited of \(invoice.record.vat.minor)"
        }
        // What is left of old documents is their sums.
        guard !items.contains(where: \.record.isReduced) else { return nil }
        do {
            guard let original = try invoice.document else { return nil }
            let balance = try InvoiceBalance(
                of: original,
                after: notes.compactMap { try $0.document }
            )
            guard balance.gross.minor == left else {
                return "\(balance.gross.minor) are left of it, not \(left)"
            }
        } catch {
            return "\(error)"
        }
        return nil
    }
}

import Commerce
import MariaDB
import Signing
import UBL
import Web

/// The invoices and credit notes of demo orders, numbered in the order in which they were issued.
///
/// Orders come by the time of their placing and their documents hours or days later, so those that
/// may still be overtaken wait.
struct SeedInvoices: Sendable {
    /// A series, and how far it has come.
    struct Series: Sendable {
        let name: String
        let kind: InvoiceDocument.Kind
        var next: Int64 = 1
        var last: CalendarDate?
    }

    /// A document before it is numbered, with what it is made of.
    private struct Waiting: Sendable {
        let orderID: Int64
        let purchase: SeedOrder.Purchase
        let method: PaymentMethod
        let document: SeedOrder.Document
        /// Whether it is the last one of its order.
        let isLast: Bool
    }

    /// The documents of an order that has more to come.
    private struct Chain: Sendable {
        let invoiceID: Int64
        var documents: [InvoiceDocument]
    }

    /// Documents are made for so many of the youngest orders at most, as if the shop had begun with
    /// them: 7 kB each.
    private static let most: Int64 = 20_000

    /// The tax office's indexes of uploads count from here on.
    private static let firstIndex: Int64 = 5_000_000_000

    private let drafting: InvoiceDrafting
    private let first: Int64
    private let now: Timestamp
    private var random: SeedRandom
    private(set) var series: [Series]
    private var waiting: [Waiting] = []
    private var chains: [Int64: Chain] = [:]
    /// That of the youngest document.
    private(set) var lastID: Int64 = 0
    /// When the youngest order was placed; none comes that is older.
    private var horizon = Timestamp(microseconds: 0)

    init(drafting: InvoiceDrafting, orders: Int, now: Timestamp, seed: UInt64) {
        self.drafting = drafting
        first = Int64(orders) - Self.most + 1
        self.now = now
        random = SeedRandom(seed: seed, sequence: 2)
        series = [
            Series(name: drafting.series(of: .invoice), kind: .invoice),
            Series(name: drafting.series(of: .creditNote), kind: .creditNote),
        ]
    }

    /// Takes an order's documents in.
    mutating func add(_ order: SeedOrder) {
        horizon = order.purchase.placedAt
        guard order.purchase.id >= first else { return }
        for (index, document) in order.documents.enumerated() {
            waiting.append(
                Waiting(
                    orderID: order.purchase.id,
                    purchase: order.purchase,
                    method: order.story.method,
                    document: document,
                    isLast: index == order.documents.count - 1
                )
            )
        }
    }

    /// The rows of all that nothing comes before any more; of everything at the end.
    ///
    /// - Throws: what forbids a document, which is a mistake in the demo data.
    mutating func rows(isEnd: Bool) throws -> [SeedRow] {
        let horizon = horizon
        let isDue = { (one: Waiting) in isEnd || one.document.at < horizon }
        let due = waiting.filter(isDue).sorted {
            ($0.document.at, $0.orderID) < ($1.document.at, $1.orderID)
        }
        waiting.removeAll(where: isDue)
        return try due.flatMap { try issue($0) }
    }

    private mutating func issue(_ one: Waiting) throws -> [SeedRow] {
        lastID += 1
        let kind = one.document.cause.kind
        let index = kind == .invoice ? 0 : 1
        let day = one.document.at.dayInRomania
        let date = max(day, series[index].last ?? day)
        guard let number = InvoiceNumber(series: series[index].name, ordinal: series[index].next)
        else { return [] }
        series[index].next += 1
        series[index].last = date
        let document = try document(one, number: number, on: date)
        let creditedID = kind == .creditNote ? chains[one.orderID]?.invoiceID : nil
        if one.isLast {
            chains[one.orderID] = nil
        } else {
            chains[one.orderID, default: Chain(invoiceID: lastID, documents: [])]
                .documents.append(document)
        }
        return try rows(of: document, one, creditedID: creditedID)
    }

    private func document(
        _ one: Waiting,
        number: InvoiceNumber,
        on date: CalendarDate
    ) throws -> InvoiceDocument {
        if one.document.cause.kind == .creditNote, let chain = chains[one.orderID] {
            return try drafting.creditNote(
                of: chain.documents[0],
                after: Array(chain.documents.dropFirst()),
                amount: one.document.gross,
                pieces: [],
                payback: one.document.cause.refundID == nil ? .nothing : .refunded,
                to: nil,
                number: number,
                on: date
            )
        }
        return try drafting.invoice(
            of: try source(one),
            to: nil,
            number: number,
            on: date
        )
    }

    private func source(_ one: Waiting) throws -> InvoiceDrafting.Source {
        let purchase = one.purchase
        let json = try JSON(parsing: Array(purchase.person.billing.utf8))
        guard let billing = CheckoutSession.Billing(stored: json) else {
            throw InvoiceIssuer.NobodyToBill()
        }
        return InvoiceDrafting.Source(
            orderNumber: purchase.number.description,
            method: one.method,
            billing: billing,
            lines: purchase.lines,
            total: purchase.totals.total,
            shipping: purchase.totals.shipping,
            shippingRate: purchase.shipping.vatRate,
            captured: Money(minor: one.document.captured, purchase.totals.total.currency),
            // They are paid on the day of issue.
            paidOn: nil,
            shippedOn: nil
        )
    }

    /// What is past its deadline has been accepted, as if somebody handed documents over.
    private mutating func rows(
        of document: InvoiceDocument,
        _ one: Waiting,
        creditedID: Int64?
    ) throws -> [SeedRow] {
        let deadline = SubmissionDeadline.date(issuedOn: document.issueDate)
        let isAccepted = deadline < now.dayInRomania
        let state: InvoiceState = isAccepted ? .ok : .queued
        let at = one.document.at
        let done = isAccepted ? at + .seconds(3_600) : nil
        let xml = try UBLWriter.bytes(of: document)
        let text = InvoiceJSON.text(of: document)
        let totals = document.totals
        return [
            SeedRow(
                table: .invoices,
                values: [
                    lastID.sqlValue, "inv_\(random.token(22))".sqlValue,
                    one.document.cause.key.sqlValue, document.kind.rawValue.sqlValue,
                    one.orderID.sqlValue, one.document.cause.refundID.sqlValue,
                    creditedID.sqlValue, document.number.series.sqlValue,
                    document.number.ordinal.sqlValue, document.number.description.sqlValue,
                    state.rawValue.sqlValue, document.issueDate.description.sqlValue,
                    deadline.description.sqlValue, document.orderNumber.sqlValue,
                    document.buyer.name.sqlValue, document.buyer.cui.sqlValue,
                    document.currency.rawValue.sqlValue, totals.net.minor.sqlValue,
                    totals.vat.minor.sqlValue, totals.gross.minor.sqlValue,
                    text.sqlValue, xml.sqlValue, SHA256.digest(xml).bytes.sqlValue,
                    SHA256.digest(Array(text.utf8)).bytes.sqlValue, at.sqlValue,
                    (done ?? at).sqlValue, at.sqlValue,
                ]
            ),
            SeedRow(
                table: .submissions,
                values: [
                    lastID.sqlValue, 1.sqlValue, document.buyer.channel.rawValue.sqlValue,
                    state.rawValue.sqlValue,
                    (isAccepted ? String(Self.firstIndex + lastID) : nil).sqlValue, at.sqlValue,
                    (done ?? at).sqlValue, done.sqlValue, done.sqlValue,
                ]
            ),
        ]
    }
}

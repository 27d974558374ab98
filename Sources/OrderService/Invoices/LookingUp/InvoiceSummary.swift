import Commerce
import MariaDB

/// An invoice or a credit note as lists show it: the columns of its row, without the document.
struct InvoiceSummary: Sendable {
    /// The invoice that a credit note credits.
    struct Credited: Sendable {
        let publicID: String
        let number: String?
    }

    let id: Int64
    /// Where lists have it.
    let place: InvoiceSearchStore.Place
    let publicID: String
    let kind: InvoiceDocument.Kind
    let orderID: Int64
    let orderNumber: String
    /// Nil while it is rejected, as are the dates.
    let number: InvoiceNumber?
    let state: InvoiceState
    let issueDate: CalendarDate?
    let deadline: CalendarDate?
    let credited: Credited?
    /// Nil once it has been removed.
    let buyerName: String?
    let buyerCUI: String?
    let total: Money
    let version: Int64
    let createdAt: Timestamp
}

extension InvoiceSummary {
    /// The columns that `init(_:)` reads, of `invoices i` and of the credited one as `c`.
    static let columns: SQL = """
        i.id, i.public_id, i.kind, i.order_id, i.order_number, i.series, i.ordinal, i.state,
        i.dated_on, i.issue_date, i.deadline, i.buyer_name, i.buyer_cui, i.currency, i.gross_minor, i.version, i.created_at,
        c.public_id AS credited_public_id, c.number AS credited_number
        """

    init(_ row: Row) throws {
        let currency = try row.word("currency", Currency.init(rawValue:))
        let creditedNumber = try row.optionalString("credited_number")
        let name = try row.string("buyer_name")
        id = try row.int64("id")
        place = .init(id: id, datedOn: try row.timestamp("dated_on"))
        publicID = try row.string("public_id")
        kind = try row.word("kind", InvoiceDocument.Kind.init(rawValue:))
        orderID = try row.int64("order_id")
        orderNumber = try row.string("order_number")
        number = try InvoiceRecord.number(row)
        state = try row.word("state", InvoiceState.init(rawValue:))
        issueDate = try row.optionalDate("issue_date")
        deadline = try row.optionalDate("deadline")
        credited = try row.optionalString("credited_public_id")
            .map { Credited(publicID: $0, number: creditedNumber) }
        buyerName = name.isEmpty ? nil : name
        buyerCUI = try row.optionalString("buyer_cui")
        total = Money(minor: try row.int64("gross_minor"), currency)
        version = try row.int64("version")
        createdAt = try row.timestamp("created_at")
    }
}

package import Commerce
package import MariaDB

/// An invoice or a credit note as its row tells, without its document and its XML.
package struct InvoiceRecord: Sendable {
    package let id: Int64
    package let publicID: String
    /// What it was made for; `InvoiceCause.key`.
    let causeKey: String
    package let kind: InvoiceDocument.Kind
    package let orderID: Int64
    let refundID: Int64?
    /// Of a credit note: the row of the invoice that it credits.
    let creditedID: Int64?
    /// Nil while it is rejected.
    package let number: InvoiceNumber?
    package let state: InvoiceState
    /// In Romania's calendar; nil while it is rejected.
    package let issueDate: CalendarDate?
    /// Of its submission; nil while it is rejected.
    package let deadline: CalendarDate?
    package let orderNumber: String
    package let buyerName: String
    /// Without `RO`; nil of a consumer.
    package let buyerCUI: String?
    package let net: Money
    package let vat: Money
    package let gross: Money
    package let version: Int64
    package let createdAt: Timestamp
    package let issuedAt: Timestamp?
    /// Whether document, XML and names are gone, the accounts needing them no more.
    package let isReduced: Bool

    /// What `ETag` and `If-Match` name it by.
    var entityTag: String { EntityTag.text(invoice: publicID, version: version) }
}

extension InvoiceRecord {
    /// The columns that `init(_:)` reads.
    static let columns: SQL = """
        id, public_id, cause_key, kind, order_id, refund_id, credited_id, series, ordinal, state,
        issue_date, deadline, order_number, buyer_name, buyer_cui, currency, net_minor, vat_minor,
        gross_minor, version, created_at, issued_at, document = '{}' AS is_reduced
        """

    init(_ row: Row) throws {
        let currency = try row.word("currency", Currency.init(rawValue:))
        id = try row.int64("id")
        publicID = try row.string("public_id")
        causeKey = try row.string("cause_key")
        kind = try row.word("kind", InvoiceDocument.Kind.init(rawValue:))
        orderID = try row.int64("order_id")
        refundID = try row.optionalInt64("refund_id")
        creditedID = try row.optionalInt64("credited_id")
        number = try Self.number(row)
        state = try row.word("state", InvoiceState.init(rawValue:))
        issueDate = try row.optionalDate("issue_date")
        deadline = try row.optionalDate("deadline")
        orderNumber = try row.string("order_number")
        buyerName = try row.string("buyer_name")
        buyerCUI = try row.optionalString("buyer_cui")
        net = Money(minor: try row.int64("net_minor"), currency)
        vat = Money(minor: try row.int64("vat_minor"), currency)
        gross = Money(minor: try row.int64("gross_minor"), currency)
        version = try row.int64("version")
        createdAt = try row.timestamp("created_at")
        issuedAt = try row.optionalTimestamp("issued_at")
        isReduced = try row.bool("is_reduced")
    }

    /// The number out of its two columns; nil while it has none.
    static func number(_ row: Row) throws -> InvoiceNumber? {
        guard let series = try row.optionalString("series"),
            let ordinal = try row.optionalInt64("ordinal")
        else { return nil }
        guard InvoiceNumber.isSeries(series) else {
            throw UnknownWord(column: "series", word: series)
        }
        guard let number = InvoiceNumber(series: series, ordinal: ordinal) else {
            throw UnknownWord(column: "ordinal", word: String(ordinal))
        }
        return number
    }
}

extension Row {
    /// A column of type `DATE`.
    func optionalDate(_ column: String) throws -> CalendarDate? {
        guard let time = try optionalTimestamp(.name(column)) else { return nil }
        let text = String(time.rfc3339(.seconds).prefix(10))
        guard let date = CalendarDate(parsing: text) else {
            throw UnknownWord(column: column, word: text)
        }
        return date
    }
}

internal import Commerce
internal import XML

extension XMLWriter {
    /// From the specification's name to the currency.
    ///
    /// A credit note's due date stands with its means of payment.
    mutating func head(_ document: InvoiceDocument, _ form: UBLForm) {
        element("cbc:CustomizationID", text: CIUS.customization)
        element("cbc:ID", text: document.number.description)
        date("cbc:IssueDate", document.issueDate)
        if document.kind == .invoice { date("cbc:DueDate", document.dueDate) }
        element(form.typeCode, text: "\(document.kind.typeCode)")
        for note in document.notes.prefix(20) { text("cbc:Note", note, 300) }
        element("cbc:DocumentCurrencyCode", text: document.currency.rawValue)
    }

    /// The order and, of a credit note, the invoice.
    mutating func references(_ document: InvoiceDocument) {
        element("cac:OrderReference") { $0.text("cbc:ID", document.orderNumber, 200) }
        guard let preceding = document.preceding else { return }
        element("cac:BillingReference") { writer in
            writer.element("cac:InvoiceDocumentReference") { writer in
                writer.text("cbc:ID", preceding.number, 200)
                writer.date("cbc:IssueDate", preceding.issueDate)
            }
        }
    }
}

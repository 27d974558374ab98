package import Commerce
package import XML

/// Writes documents as UBL 2.1 by CIUS-RO 1.0.1.
///
/// Elements stand in the order of UBL's schema. Texts are cleaned and cut to the limits of CIUS-RO
/// (`UBLText`); what is empty then, or nil, has no element. There is no `xsi:schemaLocation`: the
/// tax office's firewall refuses documents with one.
package enum UBLWriter {
    /// A document's bytes, in UTF-8, the same ones each time.
    ///
    /// - Throws: `XMLError.tooLarge` beyond the tax office's limit of 10 MB.
    package static func bytes(of document: InvoiceDocument) throws(XMLError) -> [UInt8] {
        let form = UBLForm(document.kind)
        var writer = XMLWriter(limit: CIUS.byteLimit)
        let namespaces = [
            (name: "xmlns", value: form.namespace),
            (name: "xmlns:cac", value: UBLNamespace.aggregates),
            (name: "xmlns:cbc", value: UBLNamespace.basics),
        ]
        writer.element(form.root, attributes: namespaces) { writer in
            writer.head(document, form)
            writer.references(document)
            writer.supplier(document.seller)
            writer.customer(document.buyer, of: document)
            writer.delivery(document)
            writer.payment(document)
            for adjustment in document.adjustments {
                writer.adjustment(adjustment, of: document)
            }
            writer.taxTotal(document)
            writer.monetaryTotal(document)
            for line in document.lines { writer.line(line, of: document, form) }
        }
        return try writer.finish()
    }
}

/// The names by which the two kinds of documents differ.
struct UBLForm {
    let root: String
    let namespace: String
    let typeCode: String
    let line: String
    let quantity: String

    init(_ kind: InvoiceDocument.Kind) {
        switch kind {
        case .invoice:
            root = "Invoice"
            namespace = UBLNamespace.invoice
            typeCode = "cbc:InvoiceTypeCode"
            line = "cac:InvoiceLine"
            quantity = "cbc:InvoicedQuantity"
        case .creditNote:
            root = "CreditNote"
            namespace = UBLNamespace.creditNote
            typeCode = "cbc:CreditNoteTypeCode"
            line = "cac:CreditNoteLine"
            quantity = "cbc:CreditedQuantity"
        }
    }
}

internal import Commerce
internal import XML

extension XMLWriter {
    /// BG-13.
    mutating func delivery(_ document: InvoiceDocument) {
        guard document.deliveryDate != nil || document.deliverTo != nil else { return }
        element("cac:Delivery") { writer in
            writer.date("cbc:ActualDeliveryDate", document.deliveryDate)
            guard let address = document.deliverTo else { return }
            writer.element("cac:DeliveryLocation") { $0.address("cac:Address", address) }
            guard let name = address.name.flatMap({ UBLText.fitting($0, 200) }) else { return }
            writer.element("cac:DeliveryParty") { writer in
                writer.element("cac:PartyName") { $0.element("cbc:Name", text: name) }
            }
        }
    }

    /// BG-16 and BT-20.
    mutating func payment(_ document: InvoiceDocument) {
        let means = document.paymentMeans
        element("cac:PaymentMeans") { writer in
            let name = UBLText.fitting(means.text, 100).map { [(name: "name", value: $0)] } ?? []
            writer.element("cbc:PaymentMeansCode", attributes: name, text: means.code.rawValue)
            if document.kind == .creditNote {
                writer.date("cbc:PaymentDueDate", document.dueDate)
            }
            guard let iban = means.iban else { return }
            // Whoever transfers money names the document that he pays.
            writer.element("cbc:PaymentID", text: document.number.description)
            writer.element("cac:PayeeFinancialAccount") { writer in
                writer.element("cbc:ID", text: iban.description)
                writer.text("cbc:Name", means.accountName, 200)
            }
        }
        guard let terms = document.paymentTerms.flatMap({ UBLText.fitting($0, 300) }) else {
            return
        }
        element("cac:PaymentTerms") { $0.element("cbc:Note", text: terms) }
    }
}

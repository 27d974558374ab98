internal import Commerce
internal import XML

extension XMLWriter {
    /// BG-20 or BG-21.
    mutating func adjustment(_ adjustment: InvoiceAdjustment, of document: InvoiceDocument) {
        element("cac:AllowanceCharge") { writer in
            writer.element("cbc:ChargeIndicator", text: "\(adjustment.kind.isCharge)")
            writer.element("cbc:AllowanceChargeReasonCode", text: adjustment.kind.reasonCode)
            writer.text("cbc:AllowanceChargeReason", adjustment.reason, 100)
            writer.amount("cbc:Amount", adjustment.net)
            writer.taxCategory(
                "cac:TaxCategory",
                TaxCategory(adjustment.vatRate, on: document)
            )
        }
    }

    /// BT-110 and BG-23.
    mutating func taxTotal(_ document: InvoiceDocument) {
        element("cac:TaxTotal") { writer in
            writer.amount("cbc:TaxAmount", document.totals.vat)
            for group in document.vat {
                writer.element("cac:TaxSubtotal") { writer in
                    writer.amount("cbc:TaxableAmount", group.base)
                    writer.amount("cbc:TaxAmount", group.vat)
                    writer.taxCategory(
                        "cac:TaxCategory",
                        TaxCategory(group.rate, on: document),
                        withReason: true
                    )
                }
            }
        }
    }

    /// BG-22.
    ///
    /// Sums of discounts and charges stand there exactly where there are some (BR-CO-11, 12).
    mutating func monetaryTotal(_ document: InvoiceDocument) {
        let totals = document.totals
        element("cac:LegalMonetaryTotal") { writer in
            writer.amount("cbc:LineExtensionAmount", totals.lines)
            writer.amount("cbc:TaxExclusiveAmount", totals.net)
            writer.amount("cbc:TaxInclusiveAmount", totals.gross)
            if document.adjustments.contains(where: { !$0.kind.isCharge }) {
                writer.amount("cbc:AllowanceTotalAmount", totals.allowances)
            }
            if document.adjustments.contains(where: \.kind.isCharge) {
                writer.amount("cbc:ChargeTotalAmount", totals.charges)
            }
            if totals.prepaid.minor != 0 { writer.amount("cbc:PrepaidAmount", totals.prepaid) }
            writer.amount("cbc:PayableAmount", totals.payable)
        }
    }

    /// BG-25.
    mutating func line(_ line: InvoiceLine, of document: InvoiceDocument, _ form: UBLForm) {
        element(form.line) { writer in
            writer.element("cbc:ID", text: "\(line.position)")
            writer.element(
                form.quantity,
                attributes: [(name: "unitCode", value: line.unitCode)],
                text: "\(line.quantity)"
            )
            writer.amount("cbc:LineExtensionAmount", line.net)
            writer.element("cac:Item") { $0.item(line, of: document) }
            writer.element("cac:Price") { writer in
                writer.element(
                    "cbc:PriceAmount",
                    attributes: [(name: "currencyID", value: line.net.currency.rawValue)],
                    text: UBLDecimal(pieceOf: line.net, count: line.quantity).description
                )
            }
        }
    }

    private mutating func item(_ line: InvoiceLine, of document: InvoiceDocument) {
        text("cbc:Name", line.name, 100)
        if let sku = line.sku.flatMap({ UBLText.fitting($0, 200) }) {
            element("cac:SellersItemIdentification") { $0.element("cbc:ID", text: sku) }
        }
        taxCategory("cac:ClassifiedTaxCategory", TaxCategory(line.vatRate, on: document))
    }
}

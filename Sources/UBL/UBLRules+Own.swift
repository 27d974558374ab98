internal import Commerce
internal import XML

extension UBLRules {
    /// What the official rules let through: sums of lines, rates and their VAT.
    static let ownAmounts: [UBLRule] = [
        UBLRule("OWN-LINE-NET", "BT-131", "net of a line", UBLPath.line, .check(lineNet)),
        UBLRule("OWN-POSITION", "BT-126", "number of a line", UBLPath.root, .check(positions)),
        UBLRule(
            "OWN-CATEGORY",
            "BT-118",
            "VAT category",
            "//cac:TaxCategory | //cac:ClassifiedTaxCategory",
            .check(category)
        ),
        UBLRule("OWN-RATE", "BT-119", "rate", UBLPath.subtotal, .check(rateInForce)),
        UBLRule("OWN-PAYER", "BT-31", "seller's VAT identifier", UBLPath.root, .check(payer)),
        UBLRule("OWN-VAT", "BT-117", "VAT of a rate", UBLPath.subtotal, .check(vatOfRate)),
    ]

    /// Quantity × price, rounded to the ban.
    private static let lineNet: UBLRule.Check = { line, _ throws(XMLError) in
        guard let quantity = try line.text(at: UBLPath.quantity).flatMap(UBLDecimal.init),
            let price = try line.text(at: "cac:Price/cbc:PriceAmount").flatMap(UBLDecimal.init)
        else { return "neither quantity nor price to compare with" }
        let product = (quantity * price).hundredths
        let net = try line.hundredths("cbc:LineExtensionAmount")
        return product == net ? nil : "not quantity × price"
    }

    private static let positions: UBLRule.Check = { root, _ throws(XMLError) in
        let positions = try root.nodes(UBLPath.ofLines("cbc:ID")).map(\.text)
        return Set(positions).count == positions.count ? nil : "twice there"
    }

    /// The categories that this shop issues, each with a rate that fits: the others want reasons for
    /// an exemption, which nobody gives here.
    private static let category: UBLRule.Check = { node, _ throws(XMLError) in
        let percent = try UBLRateGroup(node, ".").percent
        let isFit =
            switch try node.text(at: "cbc:ID") {
            case "S": percent.map { $0 > 0 } ?? false
            case "Z": percent == 0
            case "O": percent == nil
            default: false
            }
        return isFit ? nil : "no category of this shop with its rate"
    }

    /// In force on the day of the supply.
    ///
    /// That is the tax point or delivery where they are named, else the day of issue. A credit note
    /// keeps the rates of its invoice, whose day of issue it names.
    private static let rateInForce: UBLRule.Check = { subtotal, context throws(XMLError) in
        let group = try UBLRateGroup(subtotal, "cac:TaxCategory")
        guard ["S", "Z"].contains(group.category) else { return nil }
        let issue =
            switch context.kind {
            case .invoice: "/*/cbc:IssueDate"
            case .creditNote: "/*/cac:BillingReference/cac:InvoiceDocumentReference/cbc:IssueDate"
            }
        let paths = ["/*/cbc:TaxPointDate", "/*/cac:Delivery/cbc:ActualDeliveryDate", issue]
        var day: CalendarDate?
        for path in paths where day == nil {
            day = try subtotal.text(at: path).flatMap(CalendarDate.init)
        }
        // Another rule speaks of a day that is missing.
        guard let day else { return nil }
        guard let percent = group.percent, percent % 100 == 0,
            let rate = Int(exactly: percent / 100).flatMap(VATRate.init),
            VATRateTable.isInForce(rate, on: day)
        else { return "not in force on \(day)" }
        return nil
    }

    private static let payer: UBLRule.Check = { root, _ throws(XMLError) in
        let taxed = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory[cbc:ID='S']"
        guard try !root.nodes(taxed).isEmpty else { return nil }
        let seller = "cac:AccountingSupplierParty/cac:Party/\(UBLPath.vatID)"
        return try root.nodes(seller).isEmpty ? "missing, although VAT is asked for" : nil
    }

    /// The VAT that is in the sum with VAT: of an invoice to the ban; of a credit note within one,
    /// since only a chain of them together comes to the invoice's.
    private static let vatOfRate: UBLRule.Check = { subtotal, context throws(XMLError) in
        let percent = try UBLRateGroup(subtotal, "cac:TaxCategory").percent ?? 0
        let vat = try subtotal.hundredths("cbc:TaxAmount")
        let gross = try subtotal.hundredths("cbc:TaxableAmount") + vat
        guard (0...10_000).contains(percent) else { return "no rate" }
        let expected = UBLDecimal.rounded(gross * percent, over: 10_000 + percent)
        let difference = (vat - expected).magnitude
        if difference == 0 || context.kind == .creditNote && difference == 1 { return nil }
        let amount = UBLDecimal(mantissa: expected, scale: 2)
        return "not \(amount), which is in the sum with VAT"
    }
}

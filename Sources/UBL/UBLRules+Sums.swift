internal import XML

extension UBLRules {
    /// EN 16931: sums, exactly, where the official rules let up to 0.99 pass.
    static let sums: [UBLRule] = [
        UBLRule("BR-CO-10", "BT-106", "sum of the lines", UBLPath.totals, .check(lineSum)),
        UBLRule("BR-CO-11", "BT-107", "sum of discounts", UBLPath.totals, .check(allowanceSum)),
        UBLRule("BR-CO-12", "BT-108", "sum of charges", UBLPath.totals, .check(chargeSum)),
        UBLRule("BR-CO-13", "BT-109", "total without VAT", UBLPath.totals, .check(netTotal)),
        UBLRule("BR-CO-14", "BT-110", "VAT", UBLPath.root, .check(vatSum)),
        UBLRule("BR-CO-15", "BT-112", "total with VAT", UBLPath.totals, .check(grossTotal)),
        UBLRule("BR-CO-16", "BT-115", "to be paid", UBLPath.totals, .check(payable)),
        UBLRule("BR-S-08", "BT-116", "base of a rate", UBLPath.subtotal, .check(base)),
        UBLRule("BR-S-01", "BG-23", "VAT of the rates", UBLPath.root, .check(hasGroups)),
    ]

    private static let lineSum: UBLRule.Check = { totals, _ throws(XMLError) in
        try differs(
            totals.hundredths("cbc:LineExtensionAmount"),
            totals.sum(UBLPath.ofLines("cbc:LineExtensionAmount"))
        )
    }

    private static let allowanceSum: UBLRule.Check = { totals, _ throws(XMLError) in
        try differs(
            totals.hundredths("cbc:AllowanceTotalAmount"),
            totals.sum(UBLPath.allowance + "/cbc:Amount")
        )
    }

    private static let chargeSum: UBLRule.Check = { totals, _ throws(XMLError) in
        try differs(
            totals.hundredths("cbc:ChargeTotalAmount"),
            totals.sum(UBLPath.charge + "/cbc:Amount")
        )
    }

    private static let netTotal: UBLRule.Check = { totals, _ throws(XMLError) in
        try differs(
            totals.hundredths("cbc:TaxExclusiveAmount"),
            totals.hundredths("cbc:LineExtensionAmount")
                - totals.hundredths("cbc:AllowanceTotalAmount")
                + totals.hundredths("cbc:ChargeTotalAmount")
        )
    }

    private static let vatSum: UBLRule.Check = { root, _ throws(XMLError) in
        try differs(root.hundredths(vat), root.sum(UBLPath.subtotal + "/cbc:TaxAmount"))
    }

    private static let grossTotal: UBLRule.Check = { totals, _ throws(XMLError) in
        try differs(
            totals.hundredths("cbc:TaxInclusiveAmount"),
            totals.hundredths("cbc:TaxExclusiveAmount") + totals.hundredths("../" + vat)
        )
    }

    private static let payable: UBLRule.Check = { totals, _ throws(XMLError) in
        try differs(
            totals.hundredths("cbc:PayableAmount"),
            totals.hundredths("cbc:TaxInclusiveAmount") - totals.hundredths("cbc:PrepaidAmount")
                + totals.hundredths("cbc:PayableRoundingAmount")
        )
    }

    /// The VAT in the document's currency.
    private static let vat =
        "cac:TaxTotal/cbc:TaxAmount[@currencyID=/*/cbc:DocumentCurrencyCode]"

    private static let base: UBLRule.Check = { subtotal, context throws(XMLError) in
        let group = try UBLRateGroup(subtotal, "cac:TaxCategory")
        return try differs(
            subtotal.hundredths("cbc:TaxableAmount"),
            context.bases[group] ?? 0
        )
    }

    /// Each rate of a line, discount or charge has its group, and only one.
    private static let hasGroups: UBLRule.Check = { root, context throws(XMLError) in
        let groups = try root.nodes("cac:TaxTotal/cac:TaxSubtotal").map { node throws(XMLError) in
            try UBLRateGroup(node, "cac:TaxCategory")
        }
        guard Set(groups).count == groups.count else { return "two groups for one rate" }
        return context.bases.keys.allSatisfy(groups.contains)
            ? nil : "no group for the rate of a line, discount or charge"
    }

    private static func differs(_ found: Int128, _ expected: Int128) -> String? {
        if found == expected { return nil }
        let (found, expected) = (
            UBLDecimal(mantissa: found, scale: 2), UBLDecimal(mantissa: expected, scale: 2)
        )
        return "\(found), but it comes to \(expected)"
    }
}

extension XMLNode {
    /// The amount that a path selects, in hundredths; nothing where there is none, or what is no
    /// amount, of which other rules speak.
    func hundredths(_ path: String) throws(XMLError) -> Int128 {
        try text(at: path).flatMap(UBLDecimal.init)?.hundredths ?? 0
    }

    /// All amounts that a path selects together, in hundredths.
    func sum(_ path: String) throws(XMLError) -> Int128 {
        try nodes(path).reduce(0) { $0 + (UBLDecimal(parsing: $1.text)?.hundredths ?? 0) }
    }
}

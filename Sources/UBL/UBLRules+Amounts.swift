internal import XML

extension UBLRules {
    /// Amounts have at most two decimals, prices are not negative.
    static let amounts: [UBLRule] = [
        amount("BR-DEC-RO-01", "BT-92", "discount", UBLPath.allowance + "/cbc:Amount"),
        amount("BR-DEC-RO-02", "BT-93", "base of a discount", UBLPath.allowance + base),
        amount("BR-DEC-RO-05", "BT-99", "charge", UBLPath.charge + "/cbc:Amount"),
        amount("BR-DEC-RO-06", "BT-100", "base of a charge", UBLPath.charge + base),
        amount("BR-DEC-RO-09", "BT-106", "sum of the lines", totals + "LineExtensionAmount"),
        amount("BR-DEC-RO-10", "BT-107", "sum of discounts", totals + "AllowanceTotalAmount"),
        amount("BR-DEC-RO-11", "BT-108", "sum of charges", totals + "ChargeTotalAmount"),
        amount("BR-DEC-RO-12", "BT-109", "total without VAT", totals + "TaxExclusiveAmount"),
        amount("BR-DEC-RO-14", "BT-112", "total with VAT", totals + "TaxInclusiveAmount"),
        amount("BR-DEC-RO-16", "BT-113", "paid before", totals + "PrepaidAmount"),
        amount("BR-DEC-RO-17", "BT-114", "rounding", totals + "PayableRoundingAmount"),
        amount("BR-DEC-RO-18", "BT-115", "to be paid", totals + "PayableAmount"),
        amount("BR-DEC-RO-13", "BT-110", "VAT", "/*/cac:TaxTotal/cbc:TaxAmount[not(\(inLei))]"),
        amount("BR-DEC-RO-15", "BT-111", "VAT in lei", "/*/cac:TaxTotal/cbc:TaxAmount[\(inLei)]"),
        amount("BR-DEC-RO-1009", "BT-116", "base of a rate", UBLPath.subtotal + taxable),
        amount("BR-DEC-RO-1010", "BT-117", "VAT of a rate", UBLPath.subtotal + "/cbc:TaxAmount"),
        ofLines("BR-DEC-RO-23", "BT-131", "net of a line", "cbc:LineExtensionAmount"),
        ofLines("BR-DEC-RO-24", "BT-136", "discount of a line", allowance + "/cbc:Amount"),
        ofLines("BR-DEC-RO-25", "BT-137", "base of a line's discount", allowance + base),
        ofLines("BR-DEC-RO-27", "BT-141", "charge of a line", charge + "/cbc:Amount"),
        ofLines("BR-DEC-RO-28", "BT-142", "base of a line's charge", charge + base),
        UBLRule("BR-27", "BT-146", "price", "//cac:Price/cbc:PriceAmount", .check(isNotNegative)),
    ]

    private static let totals = UBLPath.totals + "/cbc:"
    private static let base = "/cbc:BaseAmount"
    private static let taxable = "/cbc:TaxableAmount"
    private static let allowance = "cac:AllowanceCharge[\(UBLPath.isFalse)]"
    private static let charge = "cac:AllowanceCharge[\(UBLPath.isTrue)]"

    /// In another currency than the document's.
    private static let inLei = "@currencyID!=/*/cbc:DocumentCurrencyCode"

    private static let isNotNegative: UBLRule.Check = { node, _ throws(XMLError) in
        guard let price = UBLDecimal(parsing: node.text) else { return "no decimal" }
        return price.mantissa >= 0 ? nil : "negative"
    }

    private static func amount(
        _ id: String,
        _ field: String,
        _ subject: String,
        _ path: String
    ) -> UBLRule {
        UBLRule(id, field, subject, path, .amount)
    }

    private static func ofLines(
        _ id: String,
        _ field: String,
        _ subject: String,
        _ path: String
    ) -> UBLRule {
        amount(id, field, subject, UBLPath.ofLines(path))
    }
}

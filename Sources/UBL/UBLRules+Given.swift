internal import Commerce
internal import XML

extension UBLRules {
    /// EN 16931: what no document is without.
    static let given: [UBLRule] = [
        ofDocument("BR-02", "BT-1", "number", "cbc:ID"),
        ofDocument("BR-03", "BT-2", "day of issue", "cbc:IssueDate"),
        ofDocument("BR-04", "BT-3", "type", "cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode"),
        ofDocument("BR-05", "BT-5", "currency", "cbc:DocumentCurrencyCode"),
        ofDocument("BR-06", "BT-27", "seller's name", supplier + legalName),
        ofDocument("BR-07", "BT-44", "buyer's name", customer + legalName),
        ofDocument("BR-09", "BT-40", "seller's country", supplier + country),
        ofDocument("BR-11", "BT-55", "buyer's country", customer + country),
        ofDocument("BR-12", "BT-106", "sum of the lines", totals + "LineExtensionAmount"),
        ofDocument("BR-13", "BT-109", "total without VAT", totals + "TaxExclusiveAmount"),
        ofDocument("BR-14", "BT-112", "total with VAT", totals + "TaxInclusiveAmount"),
        ofDocument("BR-15", "BT-115", "to be paid", totals + "PayableAmount"),
        ofDocument("BR-16", "BG-25", "lines", "cac:InvoiceLine", "cac:CreditNoteLine"),
        ofDocument("BR-CO-18", "BG-23", "VAT of the rates", "cac:TaxTotal/cac:TaxSubtotal"),

        of(UBLPath.line, "BR-21", "BT-126", "number of a line", "cbc:ID"),
        of(UBLPath.line, "BR-22", "BT-129", "quantity", UBLPath.quantity),
        of(UBLPath.line, "BR-23", "BT-130", "unit", "*/@unitCode"),
        of(UBLPath.line, "BR-24", "BT-131", "net of a line", "cbc:LineExtensionAmount"),
        of(UBLPath.line, "BR-25", "BT-153", "name of an item", "cac:Item/cbc:Name"),
        of(UBLPath.line, "BR-26", "BT-146", "price", "cac:Price/cbc:PriceAmount"),
        of(UBLPath.line, "BR-CO-04", "BT-151", "VAT category of a line", classified + "cbc:ID"),

        of(UBLPath.allowance, "BR-31", "BT-92", "discount", "cbc:Amount"),
        of(UBLPath.allowance, "BR-32", "BT-95", "VAT category of a discount", category),
        of(UBLPath.allowance, "BR-33", "BT-97", "reason of a discount", reason, reasonCode),
        of(UBLPath.charge, "BR-36", "BT-99", "charge", "cbc:Amount"),
        of(UBLPath.charge, "BR-37", "BT-102", "VAT category of a charge", category),
        of(UBLPath.charge, "BR-38", "BT-104", "reason of a charge", reason, reasonCode),
        of(UBLPath.subtotal, "BR-45", "BT-116", "base of a rate", "cbc:TaxableAmount"),
        of(UBLPath.subtotal, "BR-46", "BT-117", "VAT of a rate", "cbc:TaxAmount"),
        of(UBLPath.subtotal, "BR-47", "BT-118", "VAT category", category),
        of(UBLPath.paymentMeans, "BR-49", "BT-81", "means of payment", "cbc:PaymentMeansCode"),
        of(reference, "BR-55", "BT-25", "number of the preceding invoice", "cbc:ID"),
        of(UBLPath.deliveryAddress, "BR-57", "BT-80", "country of delivery", UBLPath.country),

        UBLRule("BR-CO-25", "BT-9", "due date or terms", UBLPath.root, .check(isDueSometime)),
        UBLRule(
            "BR-CL-17",
            "BT-118",
            "VAT category",
            "//cac:TaxCategory/cbc:ID | //cac:ClassifiedTaxCategory/cbc:ID",
            .oneOf(["S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"], at: "")
        ),
        UBLRule(
            "BR-CL-23",
            "BT-130",
            "unit",
            UBLPath.ofLines("*/@unitCode"),
            .oneOf(units, at: "")
        ),
    ]

    /// Units of UN/ECE recommendation 20 that a shop may sell by: pieces, one, pairs, sets, kilos,
    /// grams, metres, centimetres, square metres, litres, millilitres, hours, days and months.
    private static let units: Set<String> = [
        "H87", "C62", "EA", "PR", "SET", "KGM", "GRM", "MTR", "CMT", "MTK", "LTR", "MLT", "HUR",
        "DAY", "MON",
    ]

    private static let supplier = "cac:AccountingSupplierParty/cac:Party/"
    private static let customer = "cac:AccountingCustomerParty/cac:Party/"
    private static let legalName = "cac:PartyLegalEntity/cbc:RegistrationName"
    private static let country = "cac:PostalAddress/\(UBLPath.country)"
    private static let totals = "cac:LegalMonetaryTotal/cbc:"
    private static let classified = "cac:Item/cac:ClassifiedTaxCategory/"
    private static let category = "cac:TaxCategory/cbc:ID"
    private static let reason = "cbc:AllowanceChargeReason"
    private static let reasonCode = "cbc:AllowanceChargeReasonCode"
    private static let reference = "/*/cac:BillingReference/cac:InvoiceDocumentReference"

    /// EN 16931 has dropped the rule; the ministry's set still has it.
    private static let isDueSometime: UBLRule.Check = { root, _ throws(XMLError) in
        guard let payable = try root.text(at: totals + "PayableAmount").flatMap(UBLDecimal.init),
            payable.mantissa > 0
        else { return nil }
        let path = "cbc:DueDate | cac:PaymentMeans/cbc:PaymentDueDate | cac:PaymentTerms/cbc:Note"
        return try root.nodes(path).isEmpty ? "missing, although something is to be paid" : nil
    }

    private static func ofDocument(
        _ id: String,
        _ field: String,
        _ subject: String,
        _ paths: String...
    ) -> UBLRule {
        UBLRule(id, field, subject, UBLPath.root, .given(paths))
    }

    private static func of(
        _ context: String,
        _ id: String,
        _ field: String,
        _ subject: String,
        _ paths: String...
    ) -> UBLRule {
        UBLRule(id, field, subject, context, .given(paths))
    }
}

internal import XML

extension UBLRules {
    /// CIUS-RO: how long texts of the document and of its lines are, in Unicode scalars.
    static let lengths: [UBLRule] = [
        length("BR-RO-L155", "BT-1", 200, "number", "/*/cbc:ID"),
        length("BR-RO-L0302", "BT-12", 200, "contract", "/*/cac:ContractDocumentReference/cbc:ID"),
        length("BR-RO-L0303", "BT-13", 200, "order", "/*/cac:OrderReference/cbc:ID"),
        length("BR-RO-L0304", "BT-14", 200, "sale", "/*/cac:OrderReference/cbc:SalesOrderID"),
        length("BR-RO-L0305", "BT-15", 200, "receipt", "/*/cac:ReceiptDocumentReference/cbc:ID"),
        length("BR-RO-L0306", "BT-16", 200, "despatch", "/*/cac:DespatchDocumentReference/cbc:ID"),
        length("BR-RO-L0307", "BT-17", 200, "tender", "/*/cac:OriginatorDocumentReference/cbc:ID"),
        length("BR-RO-L1001", "BT-19", 100, "buyer's account", "/*/cbc:AccountingCost"),
        length("BR-RO-L301", "BT-20", 300, "terms of payment", "/*/cac:PaymentTerms/cbc:Note"),
        length("BR-RO-L302", "BT-22", 300, "note", "/*/cbc:Note"),
        length("BR-RO-L156", "BT-25", 200, "preceding invoice", preceding + "/cbc:ID"),
        length("BR-RO-L1020", "BT-123", 100, "description", attached + "/cbc:DocumentDescription"),
        length("BR-RO-L0308", "BT-122", 200, "supporting document", attached + "/cbc:ID"),
        length(
            "BR-RO-L210",
            "BT-124",
            200,
            "location",
            attachment + "/cac:ExternalReference/cbc:URI"
        ),
        length("BR-RO-L211", "BT-125-2", 200, "name of a file", attachment + embedded),

        length("BR-RO-L208", "BT-85", 200, "name of the account", payment + account),
        length("BR-RO-L209", "BT-88", 200, "holder of the card", payment + card),
        length("BR-RO-L1016", "BT-82", 100, "means of payment", payment + code),
        length("BR-RO-L140", "BT-83", 140, "remittance", payment + "/cbc:PaymentID"),
        length("BR-RO-L1017", "BT-97", 100, "reason of a discount", UBLPath.allowance + reason),
        length("BR-RO-L1018", "BT-104", 100, "reason of a charge", UBLPath.charge + reason),
        length("BR-RO-L1019", "BT-120", 100, "reason of an exemption", UBLPath.subtotal + exempt),

        ofLines("BR-RO-L303", "BT-127", 300, "note of a line", "cbc:Note"),
        ofLines("BR-RO-L1021", "BT-133", 100, "account of a line", "cbc:AccountingCost"),
        ofLines("BR-RO-L1024", "BT-153", 100, "name of an item", "cac:Item/cbc:Name"),
        ofLines("BR-RO-L212", "BT-154", 200, "description of an item", "cac:Item/cbc:Description"),
        ofLines("BR-RO-L0505", "BT-160", 50, "name of an attribute", property + "/cbc:Name"),
        ofLines("BR-RO-L1025", "BT-161", 100, "value of an attribute", property + "/cbc:Value"),
        ofLines("BR-RO-L1022", "BT-139", 100, "reason of a line's discount", allowance + reason),
        ofLines("BR-RO-L1023", "BT-144", 100, "reason of a line's charge", charge + reason),
    ]

    private static let preceding = "/*/cac:BillingReference/cac:InvoiceDocumentReference"
    private static let attached = "/*/cac:AdditionalDocumentReference"
    private static let attachment = attached + "/cac:Attachment"
    private static let embedded = "/cbc:EmbeddedDocumentBinaryObject/@filename"
    private static let payment = UBLPath.paymentMeans
    private static let account = "/cac:PayeeFinancialAccount/cbc:Name"
    private static let card = "/cac:CardAccount/cbc:HolderName"
    private static let code = "/cbc:PaymentMeansCode/@name"
    private static let exempt = "/cac:TaxCategory/cbc:TaxExemptionReason"
    private static let property = "cac:Item/cac:AdditionalItemProperty"
    private static let allowance = "cac:AllowanceCharge[\(UBLPath.isFalse)]"
    private static let charge = "cac:AllowanceCharge[\(UBLPath.isTrue)]"
    private static let reason = "/cbc:AllowanceChargeReason"

    static func length(
        _ id: String,
        _ field: String,
        _ most: Int,
        _ subject: String,
        _ path: String
    ) -> UBLRule {
        UBLRule(id, field, subject, path, .charactersAtMost(most))
    }

    private static func ofLines(
        _ id: String,
        _ field: String,
        _ most: Int,
        _ subject: String,
        _ path: String
    ) -> UBLRule {
        length(id, field, most, subject, UBLPath.ofLines(path))
    }
}

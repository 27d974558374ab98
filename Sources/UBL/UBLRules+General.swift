internal import Commerce
internal import XML

extension UBLRules {
    /// CIUS-RO: what kind of document it is, codes and how often things stand there.
    static let general: [UBLRule] = [
        UBLRule(
            "BR-RO-001",
            "BT-24",
            "specification",
            UBLPath.root,
            .oneOf([CIUS.customization], at: "cbc:CustomizationID")
        ),
        UBLRule(
            "BR-RO-020_1",
            "BT-3",
            "type of an invoice",
            "/*/cbc:InvoiceTypeCode",
            .oneOf(["380", "384", "389", "751"], at: "")
        ),
        UBLRule(
            "BR-RO-020_2",
            "BT-3",
            "type of a credit note",
            "/*/cbc:CreditNoteTypeCode",
            .oneOf(["381"], at: "")
        ),
        UBLRule("BR-RO-010", "BT-1", "number", "/*/cbc:ID", .check(hasDigit)),
        UBLRule("BR-RO-030", "BT-6", "currency of the VAT", UBLPath.root, .check(taxCurrency)),
        UBLRule(
            "BR-RO-040",
            "BT-8",
            "code of the tax point",
            "//cac:InvoicePeriod/cbc:DescriptionCode",
            .oneOf(["3", "35", "432"], at: "")
        ),
        UBLRule("BR-RO-A020", "BT-22", "notes", UBLPath.root, .nodesAtMost(20, at: "cbc:Note")),
        UBLRule(
            "BR-RO-A051",
            "BG-24",
            "supporting documents",
            UBLPath.root,
            .nodesAtMost(50, at: "cac:AdditionalDocumentReference")
        ),
        UBLRule(
            "BR-RO-A052",
            "BG-32",
            "attributes of an item",
            UBLPath.ofLines("cac:Item"),
            .nodesAtMost(50, at: "cac:AdditionalItemProperty")
        ),
        UBLRule(
            "BR-RO-A500",
            "BG-3",
            "preceding invoices",
            UBLPath.root,
            .nodesAtMost(500, at: "cac:BillingReference")
        ),
    ]

    /// CIUS-RO: how days are written.
    static let dates: [UBLRule] = [
        UBLRule("BR-RO-DT001", "BT-2", "day of issue", "//cbc:IssueDate", .date),
        UBLRule("BR-RO-DT002", "BT-7", "tax point", "//cbc:TaxPointDate", .date),
        UBLRule("BR-RO-DT003", "BT-9", "due date", "//cbc:DueDate", .date),
        UBLRule("BR-RO-DT003_CN", "BT-9", "due date", "//cbc:PaymentDueDate", .date),
        UBLRule("BR-RO-DT004", "BT-72", "day of delivery", "//cbc:ActualDeliveryDate", .date),
        UBLRule("BR-RO-DT005", "BT-73", "first day of a period", "//cbc:StartDate", .date),
        UBLRule("BR-RO-DT006", "BT-74", "last day of a period", "//cbc:EndDate", .date),
    ]

    private static let hasDigit: UBLRule.Check = { node, _ throws(XMLError) in
        node.text.utf8.contains { (48...57).contains($0) } ? nil : "has no digit"
    }

    private static let taxCurrency: UBLRule.Check = { root, _ throws(XMLError) in
        guard let currency = try root.text(at: "cbc:DocumentCurrencyCode"), currency != "RON"
        else { return nil }
        return try root.text(at: "cbc:TaxCurrencyCode") == "RON"
            ? nil : "has to be RON, since the document's is not"
    }
}

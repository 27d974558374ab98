internal import Commerce
internal import XML

extension UBLRules {
    /// What the official rules let through: days that cannot be, a credit note of nothing.
    static let ownDates: [UBLRule] = [
        UBLRule("OWN-FUTURE", "BT-2", "day of issue", "/*/cbc:IssueDate", .check(notInFuture)),
        UBLRule("OWN-DUE", "BT-9", "due date", due, .check(notBeforeIssue)),
        UBLRule(
            "OWN-ORIGINAL",
            "BT-25",
            "invoice that is credited",
            "/cn:CreditNote",
            .given([reference + "cbc:ID"])
        ),
        UBLRule(
            "OWN-ORIGINAL",
            "BT-26",
            "day of the invoice that is credited",
            "/cn:CreditNote",
            .given([reference + "cbc:IssueDate"])
        ),
        UBLRule(
            "OWN-ORIGINAL",
            "BT-26",
            "day of the preceding invoice",
            "/*/" + reference + "cbc:IssueDate",
            .check(notAfterIssue)
        ),
    ]

    private static let due = "/*/cbc:DueDate | /*/cac:PaymentMeans/cbc:PaymentDueDate"
    private static let reference = "cac:BillingReference/cac:InvoiceDocumentReference/"

    private static let notInFuture: UBLRule.Check = { node, context throws(XMLError) in
        guard let day = CalendarDate(parsing: node.text) else { return nil }
        return day <= context.today ? nil : "after today"
    }

    private static let notBeforeIssue: UBLRule.Check = { node, _ throws(XMLError) in
        guard let (day, issue) = try days(node) else { return nil }
        return day >= issue ? nil : "before the day of issue"
    }

    private static let notAfterIssue: UBLRule.Check = { node, _ throws(XMLError) in
        guard let (day, issue) = try days(node) else { return nil }
        return day <= issue ? nil : "after the day of issue"
    }

    /// A node's day and the document's; nil where one is none, of which other rules speak.
    private static func days(
        _ node: XMLNode
    ) throws(XMLError) -> (day: CalendarDate, issue: CalendarDate)? {
        guard let day = CalendarDate(parsing: node.text),
            let issue = try node.text(at: "/*/cbc:IssueDate").flatMap(CalendarDate.init)
        else { return nil }
        return (day, issue)
    }
}

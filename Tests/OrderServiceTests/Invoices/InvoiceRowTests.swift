import Commerce
import MariaDB
import OrderServiceHarness
import Testing
import Web

@testable import OrderService

@Suite("Rows of invoices that cannot be read", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceRowTests {
    private static let changes: [(set: SQL, column: String)] = [
        ("ordinal = 0", "ordinal"), ("ordinal = -1", "ordinal"),
        ("ordinal = -9223372036854775808", "ordinal"), ("series = 'M-X'", "series"),
        ("currency = 'ron'", "currency"), ("currency = ''", "currency"),
        ("state = 'strange'", "state"), ("kind = 'receipt'", "kind"),
        ("issue_date = '0000-00-00'", "issue_date"), ("deadline = '0000-00-00'", "deadline"),
        ("issued_at = '0000-00-00'", "issued_at"), ("created_at = '0000-00-00'", "created_at"),
    ]

    @Test("are findings that name document and column, beside all others")
    func found() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            try service.execute("UPDATE invoices SET buyer_name = 'X' WHERE number = 'MEX000002'")
            try service.execute("CREATE TABLE invoices_before AS SELECT * FROM invoices")
            // Another test gets the schema next.
            defer { try? service.execute("DROP TABLE invoices_before") }
            for (change, column) in Self.changes {
                try service.force("UPDATE invoices SET \(change) WHERE number = 'MEX000001'")
                let findings = try service.invoiceFindings()
                let row = findings.first { $0.kind == "row" && $0.subject == "MEX000001" }
                let text = "its \(column) cannot be read: "
                #expect(row?.text.hasPrefix(text) == true, "\(change): \(findings)")
                #expect(findings.contains { $0.kind == "column" && $0.subject == "MEX000002" })
                #expect(findings.contains { $0.kind == "chain" && $0.subject == "MEX000001" })
                try service.force(
                    """
                    UPDATE invoices i JOIN invoices_before b ON b.id = i.id
                    SET i.ordinal = b.ordinal, i.series = b.series, i.currency = b.currency,
                        i.state = b.state, i.kind = b.kind, i.issue_date = b.issue_date,
                        i.deadline = b.deadline, i.issued_at = b.issued_at,
                        i.created_at = b.created_at
                    """
                )
            }
            #expect(try service.invoiceFindings().map(\.kind) == ["column"])
        }
    }

    @Test("are also those of a document that is neither issued nor rejected")
    func between() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            try service.execute("CREATE TABLE invoices_before AS SELECT * FROM invoices")
            // Another test gets the schema next.
            defer { try? service.execute("DROP TABLE invoices_before") }
            let changes: [(set: SQL, column: String)] = [
                ("series = NULL", "series"), ("ordinal = NULL", "ordinal"), ("xml = NULL", "xml"),
                ("xml_sha256 = NULL", "xml_sha256"), ("issue_date = NULL", "issue_date"),
                ("deadline = NULL", "deadline"), ("issued_at = NULL", "issued_at"),
                ("faults = '[]'", "faults"), ("state = 'rejected'", "state"),
            ]
            for (change, column) in changes {
                try service.force("UPDATE invoices SET \(change) WHERE number = 'MEX000001'")
                let row = try service.invoiceFindings().filter { $0.kind == "row" }
                let text = "it has a number, and \(column) as if it were rejected"
                #expect(row.map(\.subject) == ["MEX000001"], "\(change)")
                #expect(row.map(\.text) == [text], "\(change)")
                try service.force(
                    """
                    UPDATE invoices i JOIN invoices_before b ON b.id = i.id
                    SET i.series = b.series, i.ordinal = b.ordinal, i.xml = b.xml,
                        i.xml_sha256 = b.xml_sha256, i.issue_date = b.issue_date,
                        i.deadline = b.deadline, i.issued_at = b.issued_at, i.faults = b.faults,
                        i.state = b.state
                    """
                )
            }
            #expect(try service.invoiceFindings() == [])
            try service.force("UPDATE invoices SET number = NULL WHERE number = 'MEX000001'")
            let row = try service.invoiceFindings().first { $0.kind == "row" }
            let columns = "state, series, ordinal, xml, xml_sha256, issue_date, deadline, issued_at"
            let text = "it has no number, and \(columns), faults as if it were issued"
            #expect(row?.subject.hasPrefix("inv_") == true && row?.text == text)
        }
    }

    @Test("are also those of a rejected document that somebody gave a number")
    func numbered() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.orderThatIsRejected()
            #expect(try service.invoiceFindings() == [])
            try service.force("UPDATE invoices SET number = 'MEX999999'")
            let row = try service.invoiceFindings().first { $0.kind == "row" }
            #expect(row?.subject == "MEX999999")
            #expect(row?.text.hasPrefix("it has a number, and state, series, ordinal") == true)
        }
    }

    @Test("end an export and a list of deadlines, which say whose they are")
    func named() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            for change: SQL in ["ordinal = 0", "deadline = '0000-00-00'"] {
                try service.force("UPDATE invoices SET \(change) WHERE number = 'MEX000001'")
                let listed = #expect(throws: UnreadableInvoice.self) {
                    try service.services.invoiceDeadlines.list(
                        through: nil,
                        limit: 10,
                        until: service.soon
                    )
                }
                #expect(listed?.number == "MEX000001")
                let exported = #expect(throws: UnreadableInvoice.self) {
                    try service.services.invoiceExport.archive.forEach(
                        issued: CalendarDate(daysSinceEpoch: 0)...service.now.dayInRomania,
                        until: service.soon
                    ) { _ in }
                }
                #expect(exported?.number == "MEX000001")
            }
        }
    }

    @Test("are refused by the schema where they are easily written")
    func refused() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            for change: SQL in ["ordinal = 0", "currency = 'ron'", "currency = ''"] {
                #expect(throws: MariaDBError.self, "\(change)") {
                    try service.execute(
                        "UPDATE invoices SET \(change) WHERE number = 'MEX000001'"
                    )
                }
            }
        }
    }
}

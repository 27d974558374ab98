import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Verifying invoices", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceVerificationTests {
    private func restore(_ service: ServiceUnderTest) throws {
        try service.execute("UPDATE invoices SET number = CONCAT('X', id)")
        try service.execute(
            """
            UPDATE invoices i JOIN invoices_before b ON b.id = i.id
            SET i.cause_key = b.cause_key, i.refund_id = b.refund_id, i.credited_id = b.credited_id,
                i.number = b.number, i.deadline = b.deadline, i.currency = b.currency,
                i.issue_date = b.issue_date, i.issued_at = b.issued_at, i.order_id = b.order_id,
                i.document = b.document, i.xml = b.xml, i.xml_sha256 = b.xml_sha256,
                i.document_sha256 = b.document_sha256, i.created_at = b.created_at,
                i.version = b.version
            """
        )
        try service.execute(
            """
            UPDATE invoice_series s JOIN series_before b ON b.series = s.series
            SET s.kind = b.kind, s.last_issued_on = b.last_issued_on
            """
        )
        try service.execute("UPDATE invoice_submissions SET attempt = 1, channel = 'b2c'")
    }

    private static func inDocument(_ old: String, _ new: String) -> [SQL] {
        [
            "UPDATE invoices SET document = REPLACE(document, \(old), \(new)) WHERE number = 'MEX000001'"
        ]
    }

    private static func inXML(_ old: String, _ new: String) -> [SQL] {
        [
            "UPDATE invoices SET xml = REPLACE(xml, \(old), \(new)) WHERE number = 'MEX000001'",
            "UPDATE invoices SET xml_sha256 = UNHEX(SHA2(xml, 256)) WHERE number = 'MEX000001'",
        ]
    }

    private static func set(_ change: SQL, of number: String) -> [SQL] {
        ["UPDATE invoices SET \(change) WHERE number = \(number)"]
    }

    /// What somebody changes by hand, and what is found by it.
    private static let changes: [(change: [SQL], finding: String)] = [
        (inDocument("Memorandumului", "Memorandului"), "xml MEX000001"),
        (inDocument("RO-CJ", "RO-TM"), "xml MEX000001"),
        (inDocument("CANA-ALBA", "CANA-ROZ"), "xml MEX000001"),
        (inDocument("RO90123459", "RO18547290"), "xml MEX000001"),
        (inDocument("MEX000001", "MEX000002"), "document MEX000001"),
        (
            set("document = JSON_SET(document, '$.stamp', 'paid')", of: "MEX000001"),
            "document MEX000001"
        ),
        (inXML("RO90123459", "RO18547290"), "xml MEX000001"),
        (inXML(">CANA-ALBA<", ">CANA-ROZ<"), "xml MEX000001"),
        (
            inXML(
                "<cbc:TaxableAmount currencyID=\"RON\">",
                "<cbc:TaxableAmount currencyID=\"RON\">9"
            ), "xml MEX000001"
        ),
        (inXML("<cbc:Percent>21.00<", "<cbc:Percent>11.00<"), "xml MEX000001"),
        (set("number = 'MEX777777'", of: "MEX000001"), "number MEX777777"),
        (
            set("number = 'X'", of: "MEX000001") + set("number = 'MEX000001'", of: "MEX000002")
                + set("number = 'MEX000002'", of: "X"), "number MEX000001"
        ),
        (
            [
                """
                UPDATE invoices n JOIN invoices o ON o.number = 'MEX000002'
                SET n.credited_id = o.id WHERE n.number = 'MEXS000001'
                """
            ], "link MEXS000001"
        ),
        (
            [
                """
                UPDATE invoices n JOIN invoices o ON o.number = 'MEX000002'
                SET n.order_id = o.order_id WHERE n.number = 'MEX000001'
                """
            ], "link MEX000001"
        ),
        (set("refund_id = NULL", of: "MEXS000001"), "column MEXS000001"),
        (set("cause_key = 'refund:99'", of: "MEXS000001"), "column MEXS000001"),
        (set("cause_key = 'order:99'", of: "MEX000001"), "column MEX000001"),
        (set("deadline = deadline + INTERVAL 1 DAY", of: "MEX000001"), "column MEX000001"),
        (set("currency = 'EUR'", of: "MEX000001"), "column MEX000001"),
        (set("issued_at = issued_at + INTERVAL 3 DAY", of: "MEX000001"), "date MEX000001"),
        (set("issued_at = issued_at - INTERVAL 3 DAY", of: "MEX000001"), "date MEX000001"),
        (set("issue_date = issue_date + INTERVAL 3 DAY", of: "MEX000002"), "date MEX000002"),
        (set("document = '{}', xml = ''", of: "MEX000001"), "reduced MEX000001"),
        (set("document = '{}'", of: "MEX000001"), "reduced MEX000001"),
        (set("xml = ''", of: "MEX000001"), "hash MEX000001"),
        (
            ["UPDATE invoices SET document = '{}', xml = '', created_at = '2010-01-01'"],
            "reduced MEX000001"
        ),
        (
            [
                """
                UPDATE invoices SET document = '{}', xml = '', created_at = '2010-01-01',
                    issued_at = '2010-01-01', issue_date = '2010-01-01'
                """
            ], "reduced MEX000001"
        ),
        (set("created_at = issued_at + INTERVAL 1 SECOND", of: "MEX000001"), "date MEX000001"),
        (set("created_at = created_at - INTERVAL 1 DAY", of: "MEX000001"), "date MEX000001"),
        (set("version = 0", of: "MEX000001"), "column MEX000001"),
        // Neither is in the XML.
        (inDocument("\"gross\":", "\"gross\": "), "hash MEX000001"),
        (inDocument("\"tradeRegister\":null", "\"tradeRegister\":\"J1\""), "hash MEX000001"),
        (set("document_sha256 = NULL", of: "MEX000001"), "hash MEX000001"),
        (set("document_sha256 = xml_sha256", of: "MEX000001"), "hash MEX000001"),
        (["UPDATE invoice_submissions SET channel = 'b2b'"], "submission MEX000001"),
        (["UPDATE invoice_submissions SET attempt = 2"], "submission MEX000001"),
        (["UPDATE invoice_series SET kind = 'invoice' WHERE series = 'MEXS'"], "series MEXS"),
        (
            ["UPDATE invoice_series SET last_issued_on = NULL WHERE series = 'MEX'"],
            "series MEX"
        ),
        (
            ["UPDATE invoice_series SET last_issued_on = last_issued_on - INTERVAL 1 DAY"],
            "series MEX"
        ),
    ]

    @Test("finds what was changed by hand, wherever it was")
    func changes() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            try service.execute("CREATE TABLE invoices_before AS SELECT * FROM invoices")
            try service.execute("CREATE TABLE series_before AS SELECT * FROM invoice_series")
            // Another test gets the schema next.
            defer { try? service.execute("DROP TABLE invoices_before, series_before") }
            for (change, finding) in Self.changes {
                for statement in change { try service.execute(statement) }
                let found = try service.invoiceFindings().map { "\($0.kind) \($0.subject)" }
                #expect(found.contains(finding), "\(change): \(found)")
                try restore(service)
            }
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("goes through documents of any id, as an export does", arguments: [0, -5, Int64.min])
    func ids(id: Int64) async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            let row = try service.query("SELECT id FROM invoices WHERE number = 'MEX000001'").first
            let before = try #require(try row?.int64("id"))
            for (column, table) in [
                ("credited_id", "invoices"), ("invoice_id", "invoice_submissions"),
                ("id", "invoices"),
            ] as [(SQL, SQL)] {
                try service.force(
                    "UPDATE \(table) SET \(column) = \(id) WHERE \(column) = \(before)"
                )
            }
            #expect(try service.invoiceFindings() == [])
            try service.execute("UPDATE invoices SET buyer_name = 'X' WHERE id = \(id)")
            let found = try service.invoiceFindings().map { "\($0.kind) \($0.subject)" }
            #expect(found == ["column MEX000001"])
            var exported: [Int64] = []
            try service.services.invoiceExport.archive.forEach(
                issued: CalendarDate(daysSinceEpoch: 0)...service.now.dayInRomania,
                until: service.soon
            ) { exported.append($0.record.id) }
            #expect(exported.count == 4 && exported.first == id)
        }
    }

    @Test("finds rows of series that have no documents and cannot have had any")
    func unusedSeries() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try service.execute(
                "INSERT INTO invoice_series (series, kind) VALUES ('NEW', 'invoice')"
            )
            #expect(try service.invoiceFindings() == [])
            for (change, text) in [
                ("last_issued_on = '2026-01-05'", "it has a last day and no documents"),
                ("kind = 'receipt'", "its kind is none"),
            ] as [(SQL, String)] {
                try service.force("UPDATE invoice_series SET \(change) WHERE series = 'NEW'")
                let finding = InvoiceVerification.Finding(
                    kind: "series",
                    subject: "NEW",
                    text: text
                )
                #expect(try service.invoiceFindings() == [finding])
            }
            try service.force("UPDATE invoice_series SET kind = 'receipt' WHERE series = 'MEX'")
            let found = try service.invoiceFindings().map { "\($0.kind) \($0.subject)" }
            #expect(found == ["series MEX", "series NEW"])
        }
    }

    @Test("finds that a document is missing, unless it is about to be issued")
    func missing() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            // The last of its series, with the counter put back: no gap.
            let last = try #require(
                try service.query("SELECT id, order_id FROM invoices WHERE number = 'MEXS000002'")
                    .first
            )
            let id = try last.int64("id")
            let order = try last.int64("order_id")
            try service.execute("DELETE FROM invoice_submissions WHERE invoice_id = \(id)")
            try service.execute("DELETE FROM invoices WHERE id = \(id)")
            try service.execute("UPDATE invoice_series SET next_ordinal = 2 WHERE series = 'MEXS'")
            let findings = try service.invoiceFindings()
            #expect(findings.map(\.kind) == ["missing"])
            #expect(findings.first?.subject == "order \(order)")
            #expect(findings.first?.text == "credit_note is due and is not there")
            try service.execute(
                """
                UPDATE outbox SET sent_at = NULL, next_attempt_at = \(service.now)
                WHERE topic = 'invoice.advance' AND order_id = \(order)
                """
            )
            #expect(try service.invoiceFindings() == [])
            try service.drain()
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("does not ask for an invoice of an order that has nobody to bill any more")
    func nobodyToBill() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            for rows: SQL in ["invoice_submissions", "invoices", "invoice_series"] {
                try service.execute("DELETE FROM \(rows)")
            }
            #expect(try service.invoiceFindings().map(\.kind) == ["missing"])
            try service.execute("UPDATE orders SET personal_data = 'none', billing = '{}'")
            #expect(try service.invoiceFindings() == [])
            var due = 0
            try service.services.invoicePending.run(isDryRun: false, until: service.soon) { _ in
                due += 1
            }
            #expect(due == 0)
        }
    }

    @Test("finds that an invoice is not of what its order costs")
    func ofItsOrder() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            #expect(try service.invoiceFindings() == [])
            try service.execute(
                "UPDATE orders SET items_minor = items_minor + 1, total_minor = total_minor + 1"
            )
            let found = try service.invoiceFindings().map { "\($0.kind) \($0.subject)" }
            #expect(found == ["sum MEX000001"])
        }
    }

    @Test("finds snapshots without a hash until MariaDB has made it, as the migration does")
    func snapshotsWithoutHash() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            try service.execute("UPDATE invoices SET document_sha256 = NULL")
            #expect(try service.invoiceFindings().map(\.kind) == Array(repeating: "hash", count: 4))
            try service.execute(
                """
                UPDATE invoices SET document_sha256 = UNHEX(SHA2(document, 256))
                WHERE number IS NOT NULL AND document <> '{}' AND document_sha256 IS NULL
                """
            )
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("finds that what a document names is gone, as after a restore without foreign keys")
    func dangling() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            let changes: [(change: SQL, finding: String)] = [
                ("DELETE FROM refunds ORDER BY id DESC LIMIT 1", "link MEXS000002: refund_id"),
                ("DELETE FROM invoices WHERE number = 'MEX000002'", "link MEXS000002: credited_id"),
                ("DELETE FROM orders ORDER BY id DESC LIMIT 1", "link MEXS000002: order_id"),
                ("DELETE FROM invoice_series WHERE series = 'MEX'", "series MEX: it"),
                ("DELETE FROM invoices WHERE number = 'MEXS000002'", "submission row"),
            ]
            for (change, finding) in changes {
                try service.services.database.transaction(class: .write, until: service.soon) {
                    try $0.execute("SET SESSION foreign_key_checks = 0")
                    try $0.execute(change)
                    try $0.execute("SET SESSION foreign_key_checks = 1")
                }
                let found = try service.invoiceFindings().map {
                    "\($0.kind) \($0.subject): \($0.text)"
                }
                #expect(found.contains { $0.hasPrefix(finding + " ") }, "\(change): \(found)")
            }
        }
    }
}

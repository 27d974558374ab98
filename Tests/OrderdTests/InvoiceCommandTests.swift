import Foundation
import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("orderd invoice", .enabled(if: Program.isAvailable && ServiceUnderTest.isAvailable))
struct InvoiceCommandTests {
    private func invoice(
        _ service: ServiceUnderTest,
        _ arguments: String...
    ) throws -> Program.Run {
        try Program.run(["invoice"] + arguments, service.settings)
    }

    private func export(_ service: ServiceUnderTest, into path: String) throws -> Program.Run {
        try invoice(service, "export", "--from", "2020-01-01", "--to", "2099-12-31", "--out", path)
    }

    private func json(_ run: Program.Run) throws -> JSON {
        try JSON(parsing: Array(run.output.utf8))
    }

    /// An order that is paid, and of which a part has gone back.
    private func refundedOrder(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        let order = try service.paidOrder()
        let answer = service.send(
            .post,
            "/v1/admin/orders/\(order.id)/refunds",
            token: try service.session("staff-finance", .finance),
            key: "r",
            ["amount": 500, "reason": "damaged"]
        )
        #expect(answer.status == 201)
        try service.settle()
        return order
    }

    @Test("shows a document by number and by id, as lines, JSON and XML, and is on record")
    func show() async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            let lines = try invoice(service, "show", "MEX000001")
            #expect(lines.status == 0, "\(lines.errors)")
            #expect(lines.output.hasPrefix("invoice MEX000001: queued\n  order \(order.id) RO-"))
            let told = try json(try invoice(service, "show", "MEXS000001", "--json"))
            #expect(told["document"]?["preceding"]?["number"] == "MEX000001")
            #expect(told["document"]?["totals"]?["gross"]?["amount"] == 500)
            let id = try #require(told["id"]?.string)
            let xml = try invoice(service, "show", id, "--xml")
            #expect(xml.output.contains("<CreditNote") && xml.output.contains("MEXS000001"))
            let none = try invoice(service, "show", "MEX000009")
            #expect(none.status == 1 && none.errors.contains("there is no document MEX000009"))
            // MariaDB would find it.
            let padded = try invoice(service, "show", "MEX000001 ")
            #expect(padded.status == 64, "\(padded.output)")
            let records = try service.query(
                "SELECT 1 FROM audit_records WHERE route = 'orderd invoice show'"
            )
            #expect(records.count == 3)
        }
    }

    @Test("exports a period as files of UBL and a journal, into an empty directory only")
    func export() async throws {
        try await ServiceUnderTest.run { service in
            _ = try refundedOrder(service)
            let path = NSTemporaryDirectory() + "export-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let run = try export(service, into: path)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output == "1 invoices, 1 credit notes, 0 of them without XML\n")
            let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            #expect(files == ["MEX000001.xml", "MEXS000001.xml", "journal.csv"])
            let stored = try service.query("SELECT xml FROM invoices WHERE number = 'MEX000001'")
            let file = try Data(contentsOf: URL(filePath: "\(path)/MEX000001.xml"))
            #expect(try Array(file) == stored.first?.bytes("xml"))
            let journal = try String(contentsOfFile: "\(path)/journal.csv", encoding: .utf8)
            let rows = journal.split(separator: "\r\n").map { $0.split(separator: ",") }
            #expect(rows.count == 3 && rows[0].first == "kind")
            #expect(rows[2].starts(with: ["credit_note", "MEXS000001"]))
            #expect(rows[2].last == "5.00" && rows[2].contains("MEX000001"))
            let again = try export(service, into: path)
            #expect(again.status == 1 && again.errors.contains("is not empty"))
            let never = ["--from", "2026-02-30", "--to", "2026-03-01", "--out", path]
            let wrong = try Program.run(["invoice", "export"] + never, service.settings)
            #expect(wrong.status == 64)
        }
    }

    @Test("writes its journal by number, though one that was rejected has a later number")
    func journalByNumber() async throws {
        try await ServiceUnderTest.run { service in
            for email in ["a@example.ro", "b@example.ro"] {
                let checkout = try service.readyCheckout(email: email)
                try service.pay(try service.placedOrder(of: checkout, key: email))
                try service.settle()
            }
            for (number, ordinal) in [("MEX000001", 3), ("MEX000002", 1), ("MEX000003", 2)] {
                try service.execute(
                    """
                    UPDATE invoices SET ordinal = \(ordinal), number = \("MEX00000\(ordinal)")
                    WHERE number = \(number)
                    """
                )
            }
            let path = NSTemporaryDirectory() + "export-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect(try export(service, into: path).status == 0)
            let journal = try String(contentsOfFile: "\(path)/journal.csv", encoding: .utf8)
            let numbers = journal.split(separator: "\r\n").map { $0.split(separator: ",")[1] }
            #expect(numbers == ["number", "MEX000001", "MEX000002"])
        }
    }

    @Test("takes an empty directory for itself, and says in words what cannot be written")
    func exportDirectory() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            let path = NSTemporaryDirectory() + "export-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o755]
            )
            let run = try export(service, into: path)
            #expect(run.status == 0, "\(run.errors)")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            let nowhere = try export(service, into: "")
            #expect(nowhere.status == 64 && nowhere.errors.contains("--out names no directory"))
            let file = "\(path)/journal.csv"
            let taken = try export(service, into: file)
            #expect(taken.status == 1 && taken.errors.contains("\(file): File exists"))
            let never = try export(service, into: "/proc/export")
            #expect(never.status == 1)
            #expect(never.errors.contains("/proc/export: No such file or directory"))
        }
    }

    @Test("verifies that all is well, and finds what was changed")
    func verify() async throws {
        try await ServiceUnderTest.run { service in
            _ = try refundedOrder(service)
            let well = try invoice(service, "verify")
            #expect(well.status == 0, "\(well.output)\(well.errors)")
            #expect(well.output.hasPrefix("2 documents, 0 of them reduced to their sums"))
            #expect(try json(try invoice(service, "verify", "--json"))["isCut"] == false)
            let changes: [(SQL, String)] = [
                (
                    "UPDATE invoices SET xml = CONCAT(xml, ' ') WHERE number = 'MEX000001'",
                    "hash"
                ),
                (
                    """
                    UPDATE invoices SET document = JSON_SET(document, '$.totals.vat.amount', 1)
                    WHERE number = 'MEX000001'
                    """, "sum"
                ),
                ("UPDATE invoices SET buyer_name = 'X' WHERE number = 'MEX000001'", "column"),
                ("UPDATE invoice_series SET next_ordinal = 9 WHERE series = 'MEX'", "gap"),
                (
                    """
                    UPDATE invoices SET ordinal = 3, number = 'MEX000003'
                    WHERE number = 'MEX000001'
                    """, "gap"
                ),
                ("UPDATE invoice_submissions SET state = 'ok'", "submission"),
            ]
            var kinds: Set<String?> = []
            for (change, kind) in changes {
                try service.execute(change)
                let run = try invoice(service, "verify", "--json")
                #expect(run.status == 2)
                kinds = Set(try json(run)["findings"]?.array?.map { $0["kind"]?.string } ?? [])
                #expect(kinds.contains(kind), "\(change): \(kinds)")
            }
            #expect(kinds.contains("chain"))
        }
    }

    @Test(
        "fails where its output cannot be written",
        arguments: [
            ["show", "MEX000001"], ["verify"], ["issue-pending"], ["deadlines"],
            ["deadlines", "--json"],
        ]
    )
    func fullDisk(arguments: [String]) async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            let run = try Program.run(
                ["invoice"] + arguments,
                service.settings,
                output: "/dev/full"
            )
            #expect(run.status == 1)
            #expect(run.errors.contains("standard output: No space left on device"))
            // It must not go where a connection has got the number of standard output.
            let closed = try Program.run(
                ["invoice"] + arguments,
                service.settings,
                output: Program.closed
            )
            #expect(closed.status == 1)
            #expect(closed.errors.contains("standard output: Bad file descriptor"))
        }
    }

    @Test("fails where it cannot tell what it has exported, or what is due of an order")
    func fullDiskAfterWork() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            let path = NSTemporaryDirectory() + "export-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let period = ["--from", "2020-01-01", "--to", "2099-12-31", "--out", path]
            let export = try Program.run(
                ["invoice", "export"] + period,
                service.settings,
                output: "/dev/full"
            )
            let flaw = "orderd: standard output: No space left on device\n"
            #expect(export.status == 1 && export.errors == flaw)
            #expect(FileManager.default.fileExists(atPath: "\(path)/journal.csv"))
            for rows: SQL in ["invoice_submissions", "invoices", "invoice_series"] {
                try service.execute("DELETE FROM \(rows)")
            }
            for flags in [["--dry-run"], ["--dry-run", "--json"]] {
                let pending = try Program.run(
                    ["invoice", "issue-pending"] + flags,
                    service.settings,
                    output: "/dev/full"
                )
                #expect(pending.status == 1 && pending.errors == flaw)
            }
        }
    }

    @Test("is not shown from a schema that this version does not know")
    func unknownSchema() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            let known = "0026_invoice_checks"
            try service.execute(
                "UPDATE schema_migrations SET name = '0026_other' WHERE name = \(known)"
            )
            // Another test gets the schema next.
            defer {
                try? service.execute(
                    "UPDATE schema_migrations SET name = \(known) WHERE name = '0026_other'"
                )
            }
            let run = try invoice(service, "show", "MEX000001")
            #expect(run.status == 1 && run.errors.contains("the schema lacks 0026_invoice_checks"))
        }
    }

    @Test("issues what was left out, and lists what waits for a correction")
    func pending() async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            // Credit notes first, which name their invoices.
            for rows: SQL in [
                "invoice_submissions", "invoices WHERE kind = 'credit_note'", "invoices",
                "invoice_series",
            ] {
                try service.execute("DELETE FROM \(rows)")
            }
            let dry = try invoice(service, "issue-pending", "--dry-run")
            #expect(dry.status == 2 && dry.output.contains("order \(order.id) RO-"))
            #expect(try service.query("SELECT 1 FROM invoices").isEmpty)
            let run = try invoice(service, "issue-pending", "--json")
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            #expect(try json(run)["written"] == 2)
            let none = try invoice(service, "issue-pending")
            #expect(none.output == "0 orders, 0 of them with something left\n")
            try service.execute("DELETE FROM invoice_submissions")
            try service.execute(
                """
                UPDATE invoices SET state = 'rejected', number = NULL, series = NULL,
                    ordinal = NULL, xml = NULL, xml_sha256 = NULL, issue_date = NULL,
                    deadline = NULL, issued_at = NULL, faults = '[]' WHERE kind = 'invoice'
                """
            )
            let left = try invoice(service, "issue-pending")
            #expect(left.status == 2 && left.output.contains("  rejected\n"))
        }
    }

    @Test("says that something is left where all that it could write was rejected")
    func pendingIsRejected() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            for rows: SQL in ["invoice_submissions", "invoices", "invoice_series"] {
                try service.execute("DELETE FROM \(rows)")
            }
            try service.execute(
                """
                UPDATE orders SET billing = JSON_SET(billing, '$.address.county', NULL)
                WHERE id = \(order.id)
                """
            )
            let run = try invoice(service, "issue-pending", "--json")
            #expect(run.status == 2, "\(run.output)\(run.errors)")
            let told = try json(run)
            #expect(told["written"] == 1 && told["isLeft"] == true)
            let again = try invoice(service, "issue-pending")
            #expect(again.status == 2 && again.output.contains("  rejected\n"))
        }
    }

    @Test("is not well in a check where a series has documents of the other kind")
    func checkSeries() async throws {
        try await ServiceUnderTest.run { service in
            _ = try refundedOrder(service)
            let well = try Program.run(["check"], service.settings)
            #expect(well.output.contains("invoice series: ok\n"))
            for (changes, series) in [
                (["INVOICE_SERIES": "MEXS", "CREDIT_NOTE_SERIES": "MEXC"], "MEXS"),
                (["CREDIT_NOTE_SERIES": "MEX", "INVOICE_SERIES": "NEW"], "MEX"),
            ] {
                let run = try Program.run(["check"], service.settings.merging(changes) { $1 })
                #expect(run.status == 1)
                let line = "invoice series: series \(series) has documents of another kind\n"
                #expect(run.output.contains(line), "\(run.output)")
            }
        }
    }

    @Test("lists deadlines, those due first at the front, and says what is late")
    func deadlines() async throws {
        try await ServiceUnderTest.run { service in
            _ = try refundedOrder(service)
            let run = try invoice(service, "deadlines")
            #expect(run.status == 0 && run.output.hasSuffix("\n2 listed, 0 of them late\n"))
            #expect(!run.output.contains(" \n"))
            try service.execute(
                "UPDATE invoices SET deadline = '2026-01-05' WHERE kind = 'credit_note'"
            )
            let late = try invoice(service, "deadlines", "--json", "--limit", "1")
            #expect(late.status == 2)
            let told = try json(late)
            #expect(told["isCut"] == true && told["documents"]?.array?.count == 1)
            #expect(told["documents"]?[0]?["number"] == "MEXS000001")
            #expect(told["documents"]?[0]?["isLate"] == true)
            let cut = try invoice(service, "deadlines", "--limit", "1")
            #expect(cut.output.hasSuffix("\n1 listed and more, 1 of them late\n"))
            let whole = try json(try invoice(service, "deadlines", "--json", "--limit", "2"))
            #expect(whole["isCut"] == false && whole["documents"]?.array?.count == 2)
            let none = try invoice(service, "deadlines", "--through", "2025-12-31", "--json")
            #expect(none.status == 0)
            #expect(try json(none)["documents"] == .array([]))
        }
    }
}

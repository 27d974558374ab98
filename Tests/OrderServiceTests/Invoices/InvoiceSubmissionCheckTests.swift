import MariaDB
import OrderServiceHarness
import Testing
import Web

@testable import OrderService

@Suite("Checking submissions of invoices", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceSubmissionCheckTests {
    private func add(_ service: ServiceUnderTest, attempts: SQL, state: String) throws {
        try service.execute(
            """
            INSERT INTO invoice_submissions (invoice_id, attempt, channel, state, created_at, updated_at)
            SELECT s.invoice_id, n.seq, s.channel, \(state), s.created_at, s.updated_at
            FROM invoice_submissions s JOIN \(attempts) n WHERE s.attempt = 1
            """
        )
    }

    private func texts(_ service: ServiceUnderTest) throws -> [String] {
        try service.invoiceFindings().map { "\($0.kind) \($0.subject): \($0.text)" }
    }

    @Test(
        "wants the tax office's index and both times of what it has answered",
        arguments: ["ok", "nok"],
        ["upload_index", "uploaded_at", "finished_at"]
    )
    func answers(state: String, column: String) async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try service.execute("UPDATE invoices SET state = \(state)")
            try service.execute(
                """
                UPDATE invoice_submissions SET state = \(state), upload_index = '5000000001',
                    uploaded_at = created_at, finished_at = created_at
                """
            )
            #expect(try service.invoiceFindings() == [])
            try service.execute(
                SQL(stringLiteral: "UPDATE invoice_submissions SET \(column) = NULL")
            )
            let text = "without upload_index, uploaded_at or finished_at"
            #expect(
                try texts(service) == [
                    "submission MEX000001: its submission 1 is \(state), \(text)"
                ]
            )
        }
    }

    @Test("lets another one follow only what was found wrong")
    func repeats() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try add(service, attempts: "seq_2_to_2", state: "queued")
            #expect(
                try texts(service) == [
                    "submission MEX000001: its submission 1 is queued, and there is another after it"
                ]
            )
            try service.execute(
                """
                UPDATE invoice_submissions SET state = 'nok', upload_index = '5000000001',
                    uploaded_at = created_at, finished_at = created_at WHERE attempt = 1
                """
            )
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("names those that cannot be read, which nobody could be shown")
    func unreadable() async throws {
        try await ServiceUnderTest.run { service in
            try service.makeRefundedOrders()
            let path = "/v1/admin/invoices"
            let support = try service.session("8", .support)
            let found = try service.query("SELECT id, public_id FROM invoices ORDER BY id").first
            let id = try #require(try found?.int64("id"))
            let publicID = try #require(try found?.string("public_id"))
            let zero = "'0000-00-00'"
            for (column, value, back) in [
                ("created_at", zero, "updated_at"), ("uploaded_at", zero, "NULL"),
                ("checked_at", zero, "NULL"), ("finished_at", zero, "NULL"),
                ("state", "'strange'", "'queued'"),
            ] {
                let change = "UPDATE invoice_submissions SET \(column) ="
                let row = "WHERE invoice_id = \(id)"
                try service.force(SQL(stringLiteral: "\(change) \(value) \(row)"))
                let answer = service.send(.get, "\(path)/\(publicID)", token: support)
                #expect(answer.status == 500)
                let rows = try service.invoiceFindings().filter { $0.kind == "row" }
                #expect(rows.map(\.subject) == ["MEX000001"], "\(column)")
                let text = rows.first?.text
                #expect(text?.hasPrefix("its \(column) cannot be read: ") == true, "\(column)")
                #expect(text?.contains("(submission 1, row ") == true, "\(column)")
                try service.execute(SQL(stringLiteral: "\(change) \(back) \(row)"))
            }
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test(
        "wants nothing of an answer with one that is queued",
        arguments: [
            "upload_index = '5'", "download_id = '5'", "uploaded_at = created_at",
            "checked_at = created_at", "finished_at = created_at", "faults = '[]'",
            "response = 'x'",
        ]
    )
    func queued(change: String) async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try service.execute(SQL(stringLiteral: "UPDATE invoice_submissions SET \(change)"))
            let text = "its submission 1 is queued, with something of an answer"
            #expect(try texts(service) == ["submission MEX000001: \(text)"])
        }
    }

    @Test(
        "wants its times in their order",
        arguments: [
            "uploaded_at = created_at - INTERVAL 2 HOUR",
            "finished_at = uploaded_at - INTERVAL 2 HOUR",
            "created_at = uploaded_at + INTERVAL 2 HOUR",
        ]
    )
    func times(change: String) async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try service.execute("UPDATE invoices SET state = 'ok'")
            try service.execute(
                """
                UPDATE invoice_submissions SET state = 'ok', upload_index = '5000000001',
                    uploaded_at = created_at, finished_at = created_at
                """
            )
            try service.execute(SQL(stringLiteral: "UPDATE invoice_submissions SET \(change)"))
            let text = "created_at, uploaded_at and finished_at are not in their order"
            #expect(
                try texts(service) == [
                    "submission MEX000001: its submission 1 is ok, and \(text)"
                ]
            )
        }
    }

    @Test("wants versions from 1")
    func versions() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try service.execute("UPDATE invoice_submissions SET version = 0")
            let text = "its submission 1 is queued, in a version below 1"
            #expect(try texts(service) == ["submission MEX000001: \(text)"])
        }
    }

    @Test("tells a thousand, and then that there are more")
    func more() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try add(service, attempts: "seq_2_to_1001", state: "queued")
            let most = try service.invoiceFindings()
            #expect(most.count == 1_000 && !most.contains(where: \.isMore))
            try add(service, attempts: "seq_1002_to_1002", state: "queued")
            let cut = try service.invoiceFindings()
            #expect(cut.count == 1_001 && cut.last?.isMore == true)
            #expect(cut.last?.kind == "submission" && cut.last?.text == "and more")
        }
    }
}

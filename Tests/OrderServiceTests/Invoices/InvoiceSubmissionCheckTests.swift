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

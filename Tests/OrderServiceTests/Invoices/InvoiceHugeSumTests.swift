import Commerce
import MariaDB
import OrderServiceHarness
import Testing
import Web

@testable import OrderService

@Suite("Sums of invoices beyond counting", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceHugeSumTests {
    /// A paid order of which 500 went back twice: `MEX000001`, `MEXS000001`, `MEXS000002`.
    private func refundedOrder(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        let order = try service.paidOrder()
        for key in ["a", "b"] {
            let staff = try service.staff()
            let answer = service.refund(order, token: staff, key: key, [("amount", 500)])
            #expect(answer.status == 201)
            try service.settle()
        }
        #expect(try service.invoiceFindings() == [])
        return order
    }

    @Test(
        "are findings, and keep the worker from issuing",
        arguments: [
            """
            UPDATE invoices SET gross_minor = 9223372036854775807, vat_minor = 0,
                net_minor = 9223372036854775807 WHERE number = 'MEXS000001'
            """,
            """
            UPDATE invoices SET gross_minor = 9223372036854775807, vat_minor = 0,
                net_minor = 9223372036854775807
            """,
            "UPDATE refunds SET amount_minor = 9223372036854775807",
        ] as [SQL]
    )
    func found(change: SQL) async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            try service.execute(change)
            let findings = try service.invoiceFindings()
            let row = findings.filter { $0.kind == "row" }
            #expect(row.map(\.subject) == ["order \(order.id)"], "\(findings)")
            #expect(row.first?.text.contains("beyond counting") == true)
            #expect(throws: InvoiceAccount.Uncountable.self) {
                try service.services.invoiceJobs.advance(order.id, until: service.soon)
            }
        }
    }

    @Test("are not those of an order whose document is reduced")
    func reduced() async throws {
        try await ServiceUnderTest.run { service in
            _ = try refundedOrder(service)
            try service.execute(
                """
                UPDATE invoices SET document = '{}', xml = '', gross_minor = 9223372036854775807,
                    net_minor = 9223372036854775807, vat_minor = 0
                """
            )
            let findings = try service.invoiceFindings()
            #expect(findings.contains { $0.kind == "chain" && $0.text.contains("beyond counting") })
        }
    }
}

import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("How long invoices are kept", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceRetentionTests {
    private func deliveredOrder(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        let order = try service.paidOrder()
        try service.fulfil(order, "start", "ship", "deliver")
        try service.drain()
        return order
    }

    /// Whether any text of a document tells of a person.
    private func names(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed
    ) throws -> Bool {
        try service.query(
            """
            SELECT CONCAT(document, buyer_name, COALESCE(CONVERT(xml USING utf8mb4), '')) AS text
            FROM invoices WHERE order_id = \(order.id)
            """
        ).contains { try $0.string("text").contains("Ana") }
    }

    @Test("is as long as the accounts need them; then numbers and sums are left")
    func accounting() async throws {
        try await ServiceUnderTest.run { service in
            let order = try deliveredOrder(service)
            let before = try #require(try service.invoices(of: order).first)
            service.advance(by: .days(1_096))
            try service.drain()
            // Contact and delivery are gone, the invoice is whole.
            #expect(try names(service, order))
            #expect(try service.invoiceFindings() == [])
            service.advance(by: .days(2_376 - 1_096))
            try service.drain()
            #expect(try !names(service, order))
            let after = try #require(try service.invoices(of: order).first)
            #expect(after.isReduced && after.number == before.number)
            #expect(after.gross == before.gross && after.vat == before.vat)
            #expect(after.version == before.version + 1)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("leaves what its order tells of it, and nobody's name")
    func leftovers() async throws {
        try await ServiceUnderTest.run { service in
            _ = try deliveredOrder(service)
            try service.execute(
                "UPDATE invoices SET document = '{}', xml = '', buyer_name = '', buyer_cui = NULL"
            )
            service.advance(by: .days(2_376))
            #expect(try service.invoiceFindings() == [])
            let changes: [(change: SQL, back: SQL, kind: String)] = [
                ("buyer_name = 'Ana'", "buyer_name = ''", "reduced"),
                ("buyer_cui = '90123459'", "buyer_cui = NULL", "reduced"),
                ("currency = 'EUR'", "currency = 'RON'", "column"),
                (
                    "gross_minor = gross_minor - 1, net_minor = net_minor - 1",
                    "gross_minor = gross_minor + 1, net_minor = net_minor + 1", "sum"
                ),
            ]
            for (change, back, kind) in changes {
                try service.execute("UPDATE invoices SET \(change)")
                #expect(try service.invoiceFindings().map(\.kind) == [kind], "\(change)")
                try service.execute("UPDATE invoices SET \(back)")
            }
        }
    }

    @Test("counts from the youngest credit note")
    func youngest() async throws {
        try await ServiceUnderTest.run { service in
            let order = try deliveredOrder(service)
            service.advance(by: .days(365))
            try service.drain()
            let answer = service.refund(order, token: try service.staff(), [("amount", 500)])
            #expect(answer.status == 201)
            try service.settle()
            #expect(try service.invoices(of: order).count == 2)
            service.advance(by: .days(2_376 - 365))
            try service.drain()
            #expect(try names(service, order))
            service.advance(by: .days(366))
            try service.drain()
            #expect(try !names(service, order))
            #expect(try service.invoices(of: order).allSatisfy(\.isReduced))
        }
    }

    @Test("counts from the issue of one that was rejected at first")
    func issuedLater() async throws {
        try await ServiceUnderTest.run { service in
            let order = try deliveredOrder(service)
            try service.execute("UPDATE invoices SET created_at = created_at - INTERVAL 30 DAY")
            try service.execute("UPDATE orders SET created_at = created_at - INTERVAL 30 DAY")
            service.advance(by: .days(2_360))
            for _ in 0..<2 { try service.drain() }
            #expect(try names(service, order))
            #expect(try service.invoiceFindings() == [])
            service.advance(by: .days(16))
            try service.drain()
            #expect(try !names(service, order))
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("is not shortened by an erasure, which leaves them whole until then")
    func erasure() async throws {
        try await ServiceUnderTest.run { service in
            let order = try deliveredOrder(service)
            let subject = try #require(DataSubject(email: "ana@example.ro"))
            let report = try service.services.erasure.run(
                subject,
                by: "cli:test",
                reason: "he asked",
                skipsOpen: false,
                isDryRun: false,
                until: service.soon
            )
            #expect(report.isCarriedOut)
            #expect(try names(service, order))
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("are told to the person whose they are")
    func export() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let subject = try #require(DataSubject(email: "ana@example.ro"))
            let told = try service.services.personalDataExport.document(
                of: subject,
                until: service.soon
            )
            let text = String(decoding: told.serialized(), as: UTF8.self)
            let number = try #require(try service.invoices(of: order).first?.number)
            #expect(text.contains("\"number\":\"\(number)\""))
        }
    }
}

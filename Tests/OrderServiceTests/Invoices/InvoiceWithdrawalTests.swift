import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Withdrawing rejected documents", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceWithdrawalTests {
    /// An order with an invoice, and with a credit note of all of it that was rejected.
    private func orderWithRejectedNote(
        _ service: ServiceUnderTest
    ) throws -> ServiceUnderTest.Placed {
        let order = try service.placedOrder()
        try service.pay(order, with: "pm_card_refundFail")
        try service.settle()
        // As if there had not been the rule yet: the credit note is for whom the invoice is for.
        try service.execute(
            "UPDATE invoices SET document = JSON_SET(document, '$.buyer.address.county', NULL)"
        )
        #expect(service.refund(order, token: try service.staff()).status == 201)
        try service.drain()
        #expect(try service.invoices(of: order).map(\.state) == [.queued, .rejected])
        return order
    }

    private func correct(_ id: String, _ service: ServiceUnderTest) throws -> TestAnswer {
        service.send(
            .post,
            "/v1/admin/invoices/\(id)/issue",
            token: try service.staff(),
            [
                "buyer": ["name": "Ana Pop", "address": ServiceUnderTest.address],
                "reason": "the county was missing",
            ]
        )
    }

    private func pending(_ service: ServiceUnderTest) throws -> [String] {
        var due: [String] = []
        try service.services.invoicePending.run(isDryRun: true, until: service.soon) {
            due.append($0.due)
        }
        return due
    }

    @Test("follows the end of an order whose invoice was never issued")
    func cancelled() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.orderThatIsRejected()
            let record = try #require(try service.invoices(of: order).first)
            #expect(try pending(service) == ["rejected"])
            service.send(.post, "\(order.path)/cancel", token: order.token, key: "c")
            try service.settle()
            try service.work(order, until: ["succeeded"])
            try service.drain()
            #expect(try service.invoices(of: order).isEmpty)
            #expect(try pending(service) == [])
            let support = try service.session("8", .support)
            #expect(service.events(order, as: support).contains("invoice.withdrawn"))
            let gone = service.send(
                .get,
                "/v1/admin/invoices/\(record.publicID)",
                token: support
            )
            #expect(gone.status == 404)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("follows the failure of the refund that was to be credited")
    func refundFails() async throws {
        try await ServiceUnderTest.run { service in
            let order = try orderWithRejectedNote(service)
            service.advance(by: .seconds(60))
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["failed"])
            #expect(try service.invoices(of: order).map(\.state) == [.queued])
            #expect(try pending(service) == [])
        }
    }

    @Test("comes before an issue of what is due no more, which is refused")
    func notDue() async throws {
        try await ServiceUnderTest.run { service in
            let order = try orderWithRejectedNote(service)
            let note = try #require(try service.invoices(of: order).last)
            try service.execute("UPDATE refunds SET status = 'failed'")
            let answer = try correct(note.publicID, service)
            #expect(answer.status == 409 && answer.code == "illegal_transition")
            #expect(answer["invoiceState"] == "rejected")
            #expect(try pending(service) == ["withdrawal"])
            // The money went back after all.
            try service.execute("UPDATE refunds SET status = 'succeeded'")
            #expect(try correct(note.publicID, service).status == 200)
        }
    }

    @Test("is of the same sum alone: what is due of another is made anew")
    func otherSum() async throws {
        try await ServiceUnderTest.run { service in
            let order = try orderWithRejectedNote(service)
            let note = try #require(try service.invoices(of: order).last)
            try service.execute("UPDATE refunds SET amount_minor = 500")
            #expect(try correct(note.publicID, service).status == 409)
            let written = try service.services.invoiceJobs.advance(order.id, until: service.soon)
            #expect(written == 1)
            let anew = try #require(try service.invoices(of: order).last)
            #expect(anew.gross.minor == 500 && anew.publicID != note.publicID)
            #expect(try correct(anew.publicID, service).status == 200)
        }
    }
}

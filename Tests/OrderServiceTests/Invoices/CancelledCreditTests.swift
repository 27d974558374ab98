import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Crediting what was called off", .enabled(if: ServiceUnderTest.isAvailable))
struct CancelledCreditTests {
    private func cancel(_ order: ServiceUnderTest.Placed, _ service: ServiceUnderTest) {
        let answer = service.send(.post, "\(order.path)/cancel", token: order.token, key: "c")
        #expect(answer.status < 300, "\(answer.text)")
    }

    @Test("takes an order back as a whole that was cancelled after its invoice")
    func cancelled() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.send(.post, "\(order.path)/cancel", token: order.token, key: "c")
            try service.settle()
            try service.work(order, until: ["succeeded"])
            try service.drain()
            let records = try service.invoices(of: order)
            #expect(records.map(\.kind) == [.invoice, .creditNote])
            #expect(records[1].gross == records[0].gross && records[1].vat == records[0].vat)
            #expect(records[1].causeKey.hasPrefix("refund:"))
            let documents = try records.map(service.document)
            #expect(documents[1].lines == documents[0].lines)
            #expect(documents[1].adjustments == documents[0].adjustments)
        }
    }

    @Test("takes it back as a whole though its refund has failed for good, and only then")
    func refundFailsForGood() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            try service.drain()
            service.setFault("POST /stripe/v1/refunds", "status", status: 400, times: 1)
            cancel(order, service)
            try service.settle()
            try service.work(order, until: ["manual"])
            try service.drain()
            // Somebody has to decide yet.
            #expect(try service.invoices(of: order).map(\.kind) == [.invoice])
            #expect(try service.invoiceFindings() == [])

            let staff = try service.staff()
            let id = try service.query(
                "SELECT public_id FROM refunds WHERE order_id = \(order.id)"
            )[0].string(0)
            let path = "/v1/admin/refunds/\(id)/resolve"
            let wish: JSON = ["outcome": "failed", "evidence": "the card is closed"]
            #expect(service.send(.post, path, token: staff, wish).status == 200)
            try service.drain()
            let records = try service.invoices(of: order)
            #expect(records.map(\.causeKey) == ["order:\(order.id)", "cancel:\(order.id)"])
            #expect(records.last?.gross == records.first?.gross)
            let document = try service.document(of: try #require(records.last))
            #expect(document.paymentTerms == "Suma se restituie cumpărătorului.")
            #expect(try service.invoiceFindings() == [])

            // It is tried again, and goes back: that is credited already.
            service.advance(by: .seconds(60))
            #expect(service.refund(order, token: staff).status == 201)
            #expect(try service.invoiceFindings() == [])
            try service.settle()
            try service.work(order, until: ["failed", "succeeded"])
            try service.drain()
            #expect(try service.invoices(of: order).count == 2)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("leaves it credited when its refund fails later, and tells nobody of a fault")
    func refundFailsLater() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_refundFail")
            try service.settle()
            cancel(order, service)
            try service.settle()
            try service.work(order, until: ["succeeded"])
            try service.drain()
            #expect(try service.invoices(of: order).count == 2)
            service.advance(by: .seconds(60))
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["failed"])
            try service.drain()
            #expect(try service.invoices(of: order).count == 2)
            #expect(try service.invoiceFindings() == [])
            try service.services.makeSampler().drain()
            let metrics = service.send(.get, "/metrics").text
            #expect(metrics.contains("orderd_invoices_overcredited 0\n"))
        }
    }

    @Test(
        "credits what a lost dispute and a failed refund have left here, and says what becomes of it"
    )
    func partlyChargedBack() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let staff = try service.staff()
            #expect(service.refund(order, token: staff, [("amount", 1_000)]).status == 201)
            try service.settle()
            let dispute = try service.dispute(order)
            let refund = try #require(service.refundsAtStripe.last?["id"]?.string)
            service.standIn(.post, "/_refunds/\(refund)", ["status": "failed"])
            try service.settle()
            cancel(order, service)
            try service.settle()
            // The dispute may yet be won, and then all goes back.
            #expect(try service.invoices(of: order).count == 2)
            #expect(try service.sums(of: order).orderStatus == "disputed")
            service.moveDispute(dispute, to: "lost")
            try service.settle()
            let records = try service.invoices(of: order)
            #expect(records.map(\.causeKey).last == "cancel:\(order.id)" && records.count == 3)
            let credited = records.dropFirst().reduce(0) { $0 + $1.gross.minor }
            #expect(credited == records[0].gross.minor)
            let terms = try service.document(of: records[2]).paymentTerms
            #expect(terms?.hasPrefix("O parte a fost reținută de bancă") == true)
            #expect(try service.invoiceFindings() == [])
        }
    }
}

import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Issuing credit notes", .enabled(if: ServiceUnderTest.isAvailable))
struct CreditNoteTests {
    @Test("follows each refund, by lines or by amount, until nothing is left")
    func chain() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder([
                ServiceUnderTest.item("CANA-ALBA", 2), ServiceUnderTest.item("CAFEA-250", 3),
            ])
            try service.pay(order)
            try service.settle()
            let staff = try service.staff()
            let steps: [[(name: String, value: JSON)]] = [
                [("items", [["sku": "CAFEA-250", "quantity": 2]])], [("amount", 777)],
                [("items", [["sku": "CANA-ALBA", "quantity": 1]])], [("amount", 1)], [],
            ]
            for (number, step) in steps.enumerated() {
                service.advance(by: .seconds(60))
                let answer = service.refund(order, token: staff, key: "r\(number)", step)
                #expect(answer.status == 201, "\(answer.text)")
                try service.settle()
                #expect(try service.invoices(of: order).count == number + 2)
            }
            let records = try service.invoices(of: order)
            let documents = try records.map(service.document)
            let invoice = documents[0]
            let notes = documents.dropFirst()
            #expect(records.dropFirst().map(\.number?.series) == Array(repeating: "MEXS", count: 5))
            #expect(notes.allSatisfy { $0.preceding?.number == "MEX000001" })
            #expect(records.dropFirst().allSatisfy { $0.creditedID == records[0].id })
            for rate in invoice.vat {
                let credited = notes.flatMap(\.vat).filter { $0.rate == rate.rate }
                #expect(credited.reduce(0) { $0 + $1.vat.minor } == rate.vat.minor)
                #expect(credited.reduce(0) { $0 + $1.base.minor } == rate.base.minor)
            }
            // By lines where the refund was.
            #expect(documents[1].lines.map(\.quantity) == [2] && documents[1].vat.count == 1)
            #expect(documents[2].vat.count == 2)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("takes back what came back before anybody paid for it")
    func returned() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            try service.drain()
            try service.fulfil(order, "start", "ship", "return")
            try service.drain()
            // It was shipped and returned before its invoice came up: nothing was sold.
            #expect(try service.invoices(of: order).isEmpty)

            let second = try service.placedOrder(
                of: try service.readyCheckout(email: "b@example.ro"),
                key: "k2",
                ["paymentMethod": "cash_on_delivery"]
            )
            try service.drain()
            try service.fulfil(second, "start", "ship")
            try service.drain()
            try service.fulfil(second, "return")
            try service.drain()
            let records = try service.invoices(of: second)
            #expect(records.map(\.causeKey) == ["order:\(second.id)", "cancel:\(second.id)"])
            #expect(records[1].gross == records[0].gross)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("waits for a refund that is under way, and credits none that failed")
    func refundFails() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.setFault("POST /stripe/v1/refunds", "status", status: 400, times: 1)
            let staff = try service.staff()
            #expect(service.refund(order, token: staff, [("amount", 500)]).status == 201)
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["manual"])
            #expect(try service.invoices(of: order).count == 1)
            #expect(service.refund(order, token: staff, key: "r2", [("amount", 300)]).status == 201)
            try service.settle()
            #expect(try service.invoices(of: order).map(\.gross.minor).last == 300)
        }
    }

    @Test("says that the money goes back to the card only where it does")
    func backBy() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let staff = try service.staff()
            service.setFault("POST /stripe/v1/refunds", "status", status: 400, times: 1)
            let manual = service.refund(order, token: staff, [("amount", 500)])
            let id = try #require(manual["id"].string)
            let path = "/v1/admin/refunds/\(id)/resolve"
            let wish: JSON = ["outcome": "succeeded", "evidence": "bank transfer of 3 May"]
            #expect(service.send(.post, path, token: staff, wish).status == 200)
            #expect(service.refund(order, token: staff, key: "r2", [("amount", 300)]).status == 201)
            try service.settle()
            let notes = try service.invoices(of: order).dropFirst().map(service.document)
            #expect(notes.map(\.totals.gross.minor) == [500, 300])
            #expect(
                notes.map(\.paymentTerms) == [
                    "Suma se restituie cumpărătorului.",
                    "Suma se restituie pe cardul folosit la plată.",
                ]
            )
        }
    }

    /// What becomes of an order whose payer disputes it and wins.
    enum Story: String, CaseIterable {
        case cancelledBefore, cancelledAfter, returned, kept
    }

    @Test(
        "takes a sale back that a lost dispute undid, and not one whose goods are kept",
        arguments: Story.allCases
    )
    func chargedBack(story: Story) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            func cancel() {
                let answer = service.send(
                    .post,
                    "\(order.path)/cancel",
                    token: order.token,
                    key: "c"
                )
                #expect(answer.status == 200, "\(answer.text)")
            }
            if story == .returned || story == .kept { try service.fulfil(order, "start", "ship") }
            let dispute = try service.dispute(order)
            try service.settle()
            if story == .cancelledBefore { cancel() }
            try service.drain()
            #expect(try service.invoices(of: order).count == 1)
            service.moveDispute(dispute, to: "lost")
            try service.settle()
            switch story {
            case .cancelledBefore: break
            case .cancelledAfter: cancel()
            case .returned: try service.fulfil(order, "return")
            case .kept: try service.fulfil(order, "deliver")
            }
            try service.drain()
            let records = try service.invoices(of: order)
            #expect(try service.invoiceFindings() == [])
            guard story != .kept else {
                #expect(records.count == 1)
                return
            }
            #expect(records.map(\.causeKey).last == "cancel:\(order.id)")
            #expect(records.last?.gross == records.first?.gross && records.count == 2)
            let terms = try service.document(of: try #require(records.last)).paymentTerms
            #expect(terms?.contains("contestării plății") == true)
        }
    }

    @Test("is told of while its refund has failed and no other has made up for it")
    func overcredited() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_refundFail")
            try service.settle()
            #expect(service.refund(order, token: try service.staff()).status == 201)
            try service.drain()
            #expect(try service.invoices(of: order).count == 2)
            #expect(try service.invoiceFindings() == [])
            service.advance(by: .seconds(60))
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["failed"])
            let findings = try service.invoiceFindings()
            #expect(findings.map(\.kind) == ["overcredited"])
            #expect(findings.first?.subject == "order \(order.id)")
            func gauge() throws -> Bool {
                try service.services.makeSampler().drain()
                return service.send(.get, "/metrics").text
                    .contains("orderd_invoices_overcredited 1\n")
            }
            #expect(try gauge())
            // The next refund, which goes through.
            let again = service.refund(order, token: try service.staff(), key: "r2")
            #expect(again.status == 201)
            try service.drain()
            #expect(try service.invoices(of: order).count == 2)
            #expect(try service.invoiceFindings() == [])
            #expect(try !gauge())
        }
    }

    @Test("credits what was refunded at Stripe's dashboard")
    func adopted() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let intent = try service.intentID(of: order)
            service.stripe(.post, "refunds", "payment_intent=\(intent)&amount=1234")
            try service.settle()
            #expect(try service.invoices(of: order).map(\.gross.minor).last == 1_234)
        }
    }
}

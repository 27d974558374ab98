import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Signing
import Testing
import UBL
import Web

@testable import OrderService

@Suite("Issuing invoices", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceIssuingTests {
    @Test("follows the confirmation of a card order, with all that the order has")
    func card() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder([
                ServiceUnderTest.item(), ServiceUnderTest.item("CAFEA-250", 2),
            ])
            #expect(try service.invoices(of: order).isEmpty)
            try service.pay(order)
            try service.settle()
            let total = try #require(order.answer["order", "total", "amount"].integer)
            #expect(try service.invoiceTexts(of: order) == ["MEX000001 \(total)"])
            let record = try #require(try service.invoices(of: order).first)
            #expect(record.state == .queued && record.buyerCUI == nil)
            let today = CalendarDate.inRomania(secondsSinceEpoch: service.now.seconds)
            #expect(record.issueDate == today)
            #expect(record.deadline == WorkingDays.date(after: today, count: 5))
            let document = try service.document(of: record)
            #expect(document.sumFlaws == [] && document.lines.count == 2)
            #expect(document.vat.map(\.rate.percent) == [11, 21])
            #expect(document.totals.prepaid.minor == total && document.totals.payable.minor == 0)
            #expect(document.paymentMeans.code == .card)
            #expect(document.seller.name == "Magazin Exemplu SRL")
            #expect(document.buyer.name == "Ana Țîrlea")
            #expect(document.buyer.identity == .unidentifiedConsumer)
            #expect(document.buyer.email == nil && document.buyer.phone == nil)
            let stored = try #require(
                try service.services.invoiceReading.stored(record.id, until: service.soon)
            )
            let xml = try #require(stored.xml)
            #expect(stored.hash == SHA256.digest(xml).bytes && !xml.isEmpty)
            #expect(try UBLRules.faults(of: xml, today: today) == [])
            let submissions = try service.query(
                "SELECT attempt, channel, state FROM invoice_submissions"
            )
            #expect(try submissions.map { try $0.string("channel") } == ["b2c"])
            #expect(try submissions.map { try $0.string("state") } == ["queued"])
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("is told to the customer's history and to the outside, without a name")
    func told() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let topics = try service.streamedTopics(of: order.id, withInvoices: true)
            #expect(
                topics == [
                    "order.placed", "payment.succeeded", "order.confirmed", "invoice.issued",
                ]
            )
            let event = try #require(try service.streamedEvents().last)
            let record = try #require(try service.invoices(of: order).first)
            let expected: JSON = [
                "id": .string(record.publicID), "kind": "invoice", "number": "MEX000001",
                "issueDate": JSON(record.issueDate?.description), "gross": record.gross.json,
            ]
            #expect(event["data"]?["invoice"] == expected)
            let history = service.send(.get, "\(order.path)/events", token: order.token)
            let kinds = (history["items"].array ?? []).map { $0["event"]?.string }
            #expect(kinds.last == "invoice.issued")
        }
    }

    @Test("follows the shipping of an order that is paid at the door")
    func cashOnDelivery() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            try service.drain()
            try service.fulfil(order, "start")
            try service.drain()
            #expect(try service.invoices(of: order).isEmpty)
            try service.fulfil(order, "ship")
            try service.drain()
            let record = try #require(try service.invoices(of: order).first)
            let document = try service.document(of: record)
            #expect(document.paymentMeans.code == .cash)
            #expect(document.totals.payable == document.totals.gross)
            #expect(document.paymentTerms?.isEmpty == false && document.deliveryDate == nil)
            try service.fulfil(order, "deliver")
            try service.drain()
            #expect(try service.invoices(of: order).count == 1)
        }
    }

    @Test("says when the goods went out if it comes a day later")
    func late() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            try service.drain()
            try service.fulfil(order, "start", "ship")
            let shipped = CalendarDate.inRomania(secondsSinceEpoch: service.now.seconds)
            service.advance(by: .seconds(86_400))
            try service.drain()
            let record = try #require(try service.invoices(of: order).first)
            let document = try service.document(of: record)
            #expect(document.deliveryDate == shipped)
            #expect(document.issueDate == shipped.adding(days: 1))
        }
    }

    @Test("is for a company by its code, as it pays VAT or not")
    func company() async throws {
        try await ServiceUnderTest.run { service in
            for (code, identity) in [
                ("RO18547290", CUI(parsing: "RO18547290").map { TaxIdentity.vatPayer($0) }),
                ("14399840", CUI(parsing: "14399840").map { TaxIdentity.company($0) }),
            ] {
                let checkout = try service.checkout(billedTo: [
                    "name": "Dan Pop", "company": "Țesături & Co „Exemplu” SRL",
                    "cui": .string(code), "tradeRegister": "J12/77/2011",
                    "address": ServiceUnderTest.address,
                ])
                let order = try service.placedOrder(of: checkout, key: code)
                try service.pay(order)
                try service.settle()
                let record = try #require(try service.invoices(of: order).first)
                let buyer = try service.document(of: record).buyer
                #expect(buyer.identity == identity && buyer.tradeRegister == "J12/77/2011")
                #expect(buyer.name == "Țesături & Co „Exemplu” SRL")
                #expect(buyer.contactName == "Dan Pop")
                #expect(record.buyerCUI == code.replacing("RO", with: ""))
                let channel = try service.query(
                    "SELECT channel FROM invoice_submissions WHERE invoice_id = \(record.id)"
                ).first?.string("channel")
                #expect(channel == "b2b")
            }
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("is for a consumer by his personal number where he gave it")
    func consumer() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.checkout(billedTo: [
                "name": "Ana Pop", "cnp": "1630615123457", "address": ServiceUnderTest.address,
            ])
            let order = try service.placedOrder(of: checkout)
            try service.pay(order)
            try service.settle()
            let record = try #require(try service.invoices(of: order).first)
            let cnp = try #require(CNP(parsing: "1630615123457"))
            #expect(try service.document(of: record).buyer.identity == .consumer(cnp))
        }
    }

    @Test("makes one, however often and by how many its task is done")
    func once() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let jobs = service.services.invoiceJobs
            let id = order.id
            let again = try (0..<8).map { _ in
                Companion { try jobs.advance(id, until: .after(.seconds(30))) }
            }.map { try $0.join() }
            #expect(again == Array(repeating: 0, count: 8))
            #expect(try service.invoices(of: order).count == 1)
        }
    }

    @Test("gives one number to each of many orders at once, without a gap")
    func many() async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<24).map { number in
                let order = try service.placedOrder(
                    of: try service.readyCheckout(email: "a\(number)@example.ro")
                )
                try service.pay(order)
                return order
            }
            try service.settle()
            // As if the worker had not come to them.
            for table: SQL in ["invoice_submissions", "invoices", "invoice_series"] {
                try service.execute("DELETE FROM \(table)")
            }
            let jobs = service.services.invoiceJobs
            let other = try service.makeSibling()
            defer { other.close() }
            let ids = orders.map(\.id)
            let otherJobs = other.invoiceJobs
            let runs = (0..<4).map { number in
                Companion {
                    for id in ids {
                        try (number.isMultiple(of: 2) ? jobs : otherJobs)
                            .advance(id, until: .after(.seconds(60)))
                    }
                }
            }
            for run in runs { try run.join() }
            let ordinals = try service.query(
                "SELECT ordinal FROM invoices ORDER BY ordinal"
            ).map { try $0.int("ordinal") }
            #expect(ordinals == Array(1...24))
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("is not of an order that was cancelled before")
    func cancelledBefore() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.send(.post, "\(order.path)/cancel", token: order.token, key: "c")
            try service.settle()
            #expect(try service.invoices(of: order).isEmpty)
        }
    }

    @Test("waits for the day of the last number where a clock was ahead")
    func clock() async throws {
        try await ServiceUnderTest.run { service in
            let first = try service.paidOrder()
            let day = try #require(try service.invoices(of: first).first?.issueDate)
            let ahead = day.adding(days: 3)
            try service.execute(
                "UPDATE invoice_series SET last_issued_on = \(ahead.description)"
            )
            let second = try service.placedOrder(
                of: try service.readyCheckout(email: "b@example.ro"),
                key: "k2"
            )
            try service.pay(second)
            try service.settle()
            #expect(try service.invoices(of: second).isEmpty)
            try service.services.makeSampler().drain()
            let metrics = service.send(.get, "/metrics").text
            #expect(metrics.contains("orderd_invoices_days_ahead 3\n"))
            service.advance(by: .days(3))
            try service.drain()
            let record = try #require(try service.invoices(of: second).first)
            #expect(record.number?.ordinal == 2 && record.issueDate == ahead)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("waits with a credit note for the day of its invoice, and with a correction as well")
    func clockOfInvoice() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let day = try #require(try service.invoices(of: order).first?.issueDate)
            let ahead = day.adding(days: 3).description
            // As it was dated while there was no such rule.
            try service.execute(
                """
                UPDATE invoices SET issue_date = \(ahead),
                    document = REPLACE(document, \(day.description), \(ahead))
                """
            )
            let found = try service.invoiceFindings()
            #expect(found.contains { $0.text == "it is dated after today" })
            let staff = try service.staff()
            #expect(service.refund(order, token: staff, [("amount", 500)]).status == 201)
            try service.drain()
            #expect(try service.invoices(of: order).count == 1)
            try service.execute("UPDATE invoice_series SET last_issued_on = \(ahead)")
            let rejected = try service.orderThatIsRejected()
            let record = try #require(try service.invoices(of: rejected).first)
            let correction = service.send(
                .post,
                "/v1/admin/invoices/\(record.publicID)/issue",
                token: staff,
                ["rates": [["from": 19, "to": 21]], "reason": "the rate has changed"]
            )
            #expect(correction.status == 409 && correction.code == "illegal_transition")
            service.advance(by: .days(3))
            try service.drain()
            let note = try #require(try service.invoices(of: order).last)
            #expect(note.state == .queued && note.issueDate?.description == ahead)
        }
    }

    @Test("keeps a name of any characters whole in the order and writes it")
    func hostileNames() async throws {
        try await ServiceUnderTest.run { service in
            let name = "<b>\"Ana\" & 'Co' 👩‍👩‍👧 " + String(repeating: "ș\u{0326}", count: 80)
            let checkout = try service.checkout(billedTo: [
                "name": .string(name), "address": ServiceUnderTest.address,
            ])
            let order = try service.placedOrder(of: checkout)
            try service.pay(order)
            try service.settle()
            let record = try #require(try service.invoices(of: order).first)
            #expect(record.state == .queued && record.buyerName == name)
            #expect(try service.invoiceFindings() == [])
        }
    }
}

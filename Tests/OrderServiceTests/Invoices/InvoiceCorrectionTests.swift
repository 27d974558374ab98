import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Correcting rejected invoices", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceCorrectionTests {
    private func issue(
        _ service: ServiceUnderTest,
        _ id: String,
        token: String,
        ifMatch tag: String? = nil,
        _ body: JSON = ["reason": "the address was wrong"]
    ) -> TestAnswer {
        service.send(
            .post,
            "/v1/admin/invoices/\(id)/issue",
            token: token,
            headers: tag.map { [("If-Match", $0)] } ?? [],
            body
        )
    }

    /// Lets the order's invoice be rejected for its buyer: an address that checkouts do not let in.
    private func rejectedOrder(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        let order = try service.placedOrder()
        try service.execute(
            """
            UPDATE orders SET billing = JSON_SET(billing, '$.address.county', NULL)
            WHERE id = \(order.id)
            """
        )
        try service.pay(order)
        try service.settle()
        return order
    }

    private static let buyer: JSON = ["name": "Ana Pop", "address": ServiceUnderTest.address]

    @Test("is needed where a rule is broken: no number is taken")
    func rejected() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let record = try #require(try service.invoices(of: order).first)
            #expect(record.state == .rejected && record.number == nil)
            let topics = try service.streamedTopics(of: order.id, withInvoices: true)
            #expect(topics.last == "invoice.rejected")
            let stored = try service.services.invoiceReading.stored(record.id, until: service.soon)
            let faults = try JSON(parsing: Array(try #require(stored?.faults).utf8)).array ?? []
            let rules = faults.map { $0["rule"]?.string }
            #expect(rules.contains("BR-RO-111"), "\(rules)")
            #expect(stored?.xml == nil)
            #expect(try service.query("SELECT 1 FROM invoice_series").isEmpty)
            // The customer is told of none.
            let history = service.send(.get, "\(order.path)/events", token: order.token)
            #expect(!history.text.contains("invoice"))
            // The next one has the first number.
            let other = try service.placedOrder(
                of: try service.readyCheckout(email: "b@example.ro"),
                key: "k2"
            )
            try service.pay(other)
            try service.settle()
            #expect(try service.invoices(of: other).first?.number?.ordinal == 1)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("comes too late once it is gone whom it would be for")
    func nobodyToBill() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let record = try #require(try service.invoices(of: order).first)
            let finance = try service.session("f", .finance)
            let deadlines = InvoiceDeadlines(database: service.services.database)
            #expect(try deadlines.rejected(until: service.soon).count == 1)
            try service.execute(
                """
                UPDATE orders SET billing = '{}', personal_data = 'none', status = 'delivered'
                WHERE id = \(order.id)
                """
            )
            for body: JSON in [["reason": "r"], ["reason": "r", "buyer": Self.buyer]] {
                let answer = issue(service, record.publicID, token: finance, body)
                #expect(answer.status == 409 && answer.code == "illegal_transition")
            }
            #expect(try deadlines.rejected(until: service.soon).count == 0)
            var waiting = 0
            let backlog = InvoiceBacklog(database: service.services.database)
            try backlog.forEach(until: service.soon) { _ in waiting += 1 }
            #expect(waiting == 0)
        }
    }

    @Test("issues it not before it was made, though a clock has gone back meanwhile")
    func clockWentBack() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let id = try #require(try service.invoices(of: order).first).publicID
            let finance = try service.session("finance-1", .finance)
            let body: JSON = ["reason": "county was missing", "buyer": Self.buyer]
            try service.execute("UPDATE invoices SET created_at = created_at + INTERVAL 2 DAY")
            let early = issue(service, id, token: finance, body)
            #expect(early.status == 409, "\(early.text)")
            #expect(try service.query("SELECT 1 FROM invoice_series").isEmpty)
            try service.execute("UPDATE invoices SET created_at = \(service.now + .seconds(1))")
            let answer = issue(service, id, token: finance, body)
            #expect(answer.status == 200, "\(answer.text)")
            let record = try #require(try service.invoices(of: order).first)
            #expect(record.issuedAt == record.createdAt)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("issues it with the buyer as corrected, and then what has waited for it")
    func corrected() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let staff = try service.staff()
            #expect(service.refund(order, token: staff, [("amount", 500)]).status == 201)
            try service.settle()
            let record = try #require(try service.invoices(of: order).first)
            #expect(try service.invoices(of: order).count == 1)
            let body: JSON = [
                "buyer": [
                    "name": "Țesături SRL", "cui": "RO18547290", "tradeRegister": "J12/77/2011",
                    "address": ServiceUnderTest.address,
                ],
                "reason": "the county was missing",
            ]
            let answer = issue(service, record.publicID, token: staff, body)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer["number"] == "MEX000001" && answer["state"] == "queued")
            #expect(answer.field("ETag") == "\"\(record.publicID)-2\"")
            let issued = try #require(try service.invoices(of: order).first)
            #expect(issued.buyerCUI == "18547290" && issued.buyerName == "Țesături SRL")
            try service.settle()
            let all = try service.invoices(of: order)
            #expect(all.map(\.gross.minor).last == 500 && all.count == 2)
            #expect(try service.document(of: all[1]).buyer.name == "Țesături SRL")
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("issues it with the rates as corrected, for the sum that was paid")
    func rates() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.orderThatIsRejected()
            let staff = try service.staff()
            let record = try #require(try service.invoices(of: order).first)
            func issue(_ rates: JSON) -> TestAnswer {
                self.issue(
                    service,
                    record.publicID,
                    token: staff,
                    ["rates": rates, "reason": "the rate has changed"]
                )
            }
            let unknown = issue([["from": 19, "to": 21], ["from": 9, "to": 11]])
            #expect(unknown.status == 422 && unknown.faults == ["/rates/1/from value"])
            let old = issue([["from": 19, "to": 20]])
            #expect(old.status == 422 && old["brokenRules", "0", "rule"] == "OWN-RATE")
            #expect(old.faults.allSatisfy { $0 == "/rates rule" })
            let answer = issue([["from": 19, "to": 21]])
            #expect(answer.status == 200, "\(answer.text)")
            let issued = try #require(try service.invoices(of: order).first)
            #expect(issued.gross == record.gross)
            let document = try service.document(of: issued)
            #expect(document.vat.map(\.rate.percent) == [21])
            #expect(service.refund(order, token: staff, [("amount", 500)]).status == 201)
            try service.settle()
            let all = try service.invoices(of: order)
            #expect(all.map(\.state) == [.queued, .queued])
            #expect(try service.document(of: all[1]).vat.map(\.rate.percent) == [21])
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("names the day of the payment, by whose rates it is, where it comes later")
    func paidBefore() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let paid = service.now.dayInRomania
            service.advance(by: .days(1))
            try service.fulfil(order, "start", "ship")
            service.advance(by: .days(1))
            let record = try #require(try service.invoices(of: order).first)
            let staff = try service.staff()
            let inForce: JSON = [
                "buyer": Self.buyer, "rates": [["from": 21, "to": 11]], "reason": "x",
            ]
            let refused = issue(service, record.publicID, token: staff, inForce)
            #expect(refused.status == 422 && refused.faults == ["/rates/0/from value"])
            let body: JSON = ["buyer": Self.buyer, "reason": "the county was missing"]
            #expect(issue(service, record.publicID, token: staff, body).status == 200)
            let issued = try #require(try service.invoices(of: order).first)
            #expect(issued.issueDate == service.now.dayInRomania)
            #expect(try service.document(of: issued).deliveryDate == paid)
            #expect(service.refund(order, token: staff, [("amount", 500)]).status == 201)
            try service.settle()
            let all = try service.invoices(of: order)
            #expect(try service.document(of: all[1]).deliveryDate == paid)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("bears the rates of the day on which the card was charged")
    func chargedBefore() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.orderThatIsRejected()
            let record = try #require(try service.invoices(of: order).first)
            let staff = try service.staff()
            #expect(issue(service, record.publicID, token: staff).status == 422)
            // The last day of 19 %, though we have learnt of it only now.
            try service.execute("UPDATE payment_attempts SET attempted_at = '2025-07-31 20:59:59'")
            #expect(issue(service, record.publicID, token: staff).status == 200)
            let issued = try #require(try service.invoices(of: order).first)
            let document = try service.document(of: issued)
            #expect(document.deliveryDate?.description == "2025-07-31")
            #expect(document.vat.map(\.rate.percent) == [19])
            #expect(service.refund(order, token: staff, [("amount", 500)]).status == 201)
            try service.settle()
            #expect(try service.invoices(of: order).map(\.state) == [.queued, .queued])
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("leaves the rates of a credit note alone")
    func ratesOfCreditNote() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let staff = try service.staff()
            let record = try #require(try service.invoices(of: order).first)
            let body: JSON = ["buyer": Self.buyer, "reason": "the county was missing"]
            #expect(issue(service, record.publicID, token: staff, body).status == 200)
            #expect(service.refund(order, token: staff, [("amount", 500)]).status == 201)
            try service.settle()
            let note = try #require(try service.invoices(of: order).last)
            // As if a rule had been broken.
            try service.execute(
                """
                UPDATE invoices SET state = 'rejected', faults = '[]', series = NULL, ordinal = NULL,
                    number = NULL, issue_date = NULL, deadline = NULL, issued_at = NULL,
                    xml = NULL, xml_sha256 = NULL
                WHERE id = \(note.id)
                """
            )
            let rates: JSON = ["reason": "x", "rates": [["from": 21, "to": 11]]]
            let answer = issue(service, note.publicID, token: staff, rates)
            #expect(answer.status == 422 && answer.faults == ["/rates value"])
        }
    }

    @Test("needs nothing but another try where the fault was ours")
    func again() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let record = try #require(try service.invoices(of: order).first)
            try service.execute(
                """
                UPDATE orders SET billing = JSON_SET(billing, '$.address.county', 'RO-CJ')
                WHERE id = \(order.id)
                """
            )
            let answer = issue(service, record.publicID, token: try service.staff(.admin))
            #expect(answer.status == 200 && answer["number"] == "MEX000001")
        }
    }

    @Test("is late at the tax office where it comes months after the goods went out")
    func overdue() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            try service.fulfil(order, "start", "ship")
            let shipped = service.now.dayInRomania
            service.advance(by: .seconds(90 * 86_400))
            let record = try #require(try service.invoices(of: order).first)
            let body: JSON = ["buyer": Self.buyer, "reason": "the county was missing"]
            let answer = issue(service, record.publicID, token: try service.staff(), body)
            #expect(answer.status == 200, "\(answer.text)")
            let issued = try #require(try service.invoices(of: order).first)
            let day = try #require(issued.issueDate)
            let deadline = SubmissionDeadline.date(issuedOn: day, suppliedOn: shipped)
            #expect(issued.deadline == deadline && deadline < day)
        }
    }

    @Test("names the rules that are broken still, and changes nothing then")
    func stillBroken() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.orderThatIsRejected()
            let record = try #require(try service.invoices(of: order).first)
            let answer = issue(
                service,
                record.publicID,
                token: try service.staff(),
                ["buyer": Self.buyer, "reason": "x"]
            )
            #expect(answer.status == 422 && answer.code == "invalid_request")
            #expect(answer.faults.allSatisfy { $0.hasSuffix(" rule") } && !answer.faults.isEmpty)
            let rules = (answer["brokenRules"].array ?? []).map { $0["rule"]?.string ?? "" }
            #expect(rules.contains { $0.hasPrefix("OWN-") }, "\(rules)")
            let now = try #require(try service.invoices(of: order).first)
            #expect(now.version == record.version && now.state == .rejected)
        }
    }

    @Test("is refused for one that is issued, for an old version, and for who may not")
    func refusals() async throws {
        try await ServiceUnderTest.run { service in
            let order = try rejectedOrder(service)
            let record = try #require(try service.invoices(of: order).first)
            let id = record.publicID
            let staff = try service.staff()
            let body: JSON = ["buyer": Self.buyer, "reason": "x"]
            #expect(issue(service, id, token: try service.staff(.support), body).status == 403)
            #expect(issue(service, id, token: order.token, body).status == 401)
            let old = issue(service, id, token: staff, ifMatch: "\"\(id)-9\"", body)
            #expect(old.status == 412 && old.code == "version_conflict")
            #expect(issue(service, "inv_none", token: staff, body).status == 404)
            #expect(issue(service, "%C3%AE", token: staff, body).status == 404)
            let tags = "\"\(id)-9\", \(record.entityTag)"
            let good = issue(service, id, token: staff, ifMatch: tags, body)
            #expect(good.status == 200)
            let late = issue(service, id, token: staff, body)
            #expect(late.status == 409 && late.code == "illegal_transition")
            #expect(late["invoiceState"] == "queued")
            let audited = try service.query(
                """
                SELECT COUNT(*) AS number FROM audit_records
                WHERE route = 'POST /v1/admin/invoices/{id}/issue' AND subject = \(id)
                """
            ).first?.int("number")
            #expect(audited == 3)
        }
    }

    @Test(
        "has a body that is checked",
        arguments: [
            ("{}", ["/reason required"]),
            (
                #"{"reason":"x","buyer":{"name":"A","cui":"18547291","address":{"street":"S","city":"C","county":"RO-CJ","postalCode":"400114","country":"RO"}}}"#,
                ["/buyer/cui check_digit"]
            ),
            (
                #"{"reason":"x","buyer":{"name":"A","cnp":"1630615123458","address":{"street":"S","city":"C","county":"RO-B","postalCode":"400114","country":"RO"}}}"#,
                ["/buyer/cnp check_digit", "/buyer/address/city not_a_sector"]
            ),
            (#"{"reason":"x","buyer":{"name":"A"}}"#, ["/buyer/address required"]),
            (#"{"reason":"x","number":"MEX000001"}"#, ["/number unknown"]),
            (
                #"{"reason":"x","rates":[{"from":21},{"from":"a","to":101}]}"#,
                ["/rates/0/to required", "/rates/1/from type", "/rates/1/to range"]
            ),
            (
                #"{"reason":"x","rates":[{"from":19,"to":21},{"from":19,"to":11}]}"#,
                ["/rates value"]
            ),
            (#"{"reason":"x","rates":[]}"#, ["/rates length"]),
        ]
    )
    func bodies(text: String, faults: [String]) async throws {
        try await ServiceUnderTest.run { service in
            let answer = service.send(
                .post,
                "/v1/admin/invoices/inv_x/issue",
                token: try service.staff(),
                raw: Array(text.utf8)
            )
            #expect(answer.status == 422 && answer.faults == faults)
        }
    }

    @Test("shows in the metrics how many wait and for how long")
    func metrics() async throws {
        try await ServiceUnderTest.run { service in
            _ = try rejectedOrder(service)
            service.advance(by: .seconds(90))
            try service.services.makeSampler().drain()
            let text = service.send(.get, "/metrics").text
            #expect(text.contains("orderd_invoices_rejected 1"))
            #expect(text.contains(/orderd_invoices_rejected_oldest_seconds 9\d/))
            #expect(text.contains("orderd_invoices{state=\"queued\"} 0"))
            #expect(text.contains("orderd_invoices_overdue 0"))
        }
    }
}

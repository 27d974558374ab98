import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Checks for fraud at a completion", .enabled(if: ServiceUnderTest.isAvailable))
struct FraudCheckoutTests {
    @Test("let ordinary orders through, and keep what they were decided by")
    func allow() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.fraud()) { service in
            let order = try service.paidOrder()
            #expect(service.state(order) == "confirmed paid")
            #expect(try service.decisions() == ["checkout allow 5", "settlement allow 0"])
            #expect(try service.reviews().isEmpty)
            let row = try #require(
                try service.query(
                    "SELECT * FROM fraud_decisions WHERE stage = 'checkout'"
                ).first
            )
            #expect(try row.int64("order_id") == order.id)
            let document = try row.string("document")
            for personal in ["ana", "127.0.0.1", "Memorandumului", "400114"] {
                #expect(!document.lowercased().contains(personal.lowercased()))
            }
            for column in ["email_hash", "network_hash", "delivery_hash"] {
                #expect(try row.bytes(.name(column)).count == 16)
            }
        }
    }

    @Test("know what a guest has paid for by the e-mail address, and a customer's by the account")
    func history() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.fraud()) { service in
            _ = try service.paidOrder()
            _ = try service.placedOrder()
            let customer = try service.session("1001", .customer)
            for _ in 0..<2 {
                let order = try service.placedOrder(customer: "1001", token: customer)
                try service.pay(order)
                try service.settle()
            }
            // The first order of each weighs 5, and nothing thereafter.
            let made = try service.decisions().filter { $0.hasPrefix("checkout") }
            #expect(made.map { String($0.suffix(1)) } == ["5", "0", "5", "0"])
        }
    }

    @Test("refuse without an order and without a reason, and keep the decision")
    func block() async throws {
        let rules = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        try await ServiceUnderTest.run(rules) { service in
            try service.sell("SURUB", price: 100)
            let checkout = try service.readyCheckout([ServiceUnderTest.item("SURUB", 60)])
            let before = try service.rowCounts()
            let refused = service.complete(checkout)
            #expect(refused.status == 409 && refused.code == "payment_refused")
            #expect(
                refused.json.members?.map(\.name)
                    == ["type", "title", "status", "detail", "code", "requestId"]
            )
            for hint in ["fraud", "quantity", "pieces", "score", "risk"] {
                #expect(!refused.text.contains(hint))
            }
            let after = try service.rowCounts()
            for table in ["orders", "order_lines", "payments", "order_events", "outbox"] {
                #expect(after[table] == before[table], "\(table)")
            }
            #expect(try service.decisions() == ["checkout block 105"])
            #expect(service.standInRequests("POST", "/reservations") == 0)
            #expect(service.intents.isEmpty)
        }
    }

    @Test("decide once for each version of a session, under any key")
    func blockedAgain() async throws {
        let rules = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        try await ServiceUnderTest.run(rules) { service in
            try service.sell("SURUB", price: 100)
            let checkout = try service.readyCheckout([ServiceUnderTest.item("SURUB", 60)])
            for key in ["a", "a", "b"] {
                #expect(service.complete(checkout, key: key).code == "payment_refused")
            }
            #expect(try service.decisions() == ["checkout block 105"])
            let items: JSON = ["items": [ServiceUnderTest.item("SURUB", 20)]]
            let changed = service.send(.patch, checkout.path, token: checkout.token, items)
            #expect(changed.status == 200)
            #expect(service.complete(checkout, key: "c").status == 201)
            #expect(try service.decisions() == ["checkout block 105", "checkout allow 5"])
        }
    }

    @Test("count nothing against the limits when they refuse")
    func beforeLimits() async throws {
        let rules = ServiceUnderTest.fraud(
            ServiceUnderTest.strict,
            ServiceUnderTest.limits(hour: 1, day: 1, address: 1)
        )
        try await ServiceUnderTest.run(rules) { service in
            try service.sell("SURUB", price: 100)
            let checkout = try service.readyCheckout([ServiceUnderTest.item("SURUB", 60)])
            #expect(service.complete(checkout).code == "payment_refused")
            #expect(try service.attempts(of: "ana@example.ro").isEmpty)
            #expect(service.complete(try service.readyCheckout(), key: "k2").status == 201)
        }
    }

    @Test("decide nothing anew once there is an order")
    func idempotent() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.fraud()) { service in
            let order = try service.placedOrder()
            for key in ["key-1", "other"] {
                let again = service.complete(order.checkout, key: key)
                #expect(again.status == 201 && again["order", "id"].integer == order.id)
            }
            #expect(try service.decisions() == ["checkout allow 5"])
        }
    }

    @Test(
        "count completions by e-mail, by network and by door, for an hour",
        arguments: ["velocity_email", "velocity_network", "velocity_delivery"]
    )
    func velocity(rule: String) async throws {
        let others = ["velocity_email", "velocity_network", "velocity_delivery"]
            .filter { $0 != rule }.map { "\($0)=0" }.joined(separator: " ")
        let rules = ServiceUnderTest.fraud("\(rule)=200@2 \(others)")
        try await ServiceUnderTest.run(rules) { service in
            func complete(_ number: Int, email: String = "ana@example.ro") throws -> TestAnswer {
                let checkout = try service.readyCheckout(email: email)
                return service.complete(checkout, key: "key-\(number)")
            }
            for number in 0..<2 { #expect(try complete(number).status == 201) }
            #expect(try complete(2).code == "payment_refused")
            // Somebody else at the same door and network.
            let other = try complete(3, email: "ion@example.ro")
            #expect((other.status == 201) == (rule == "velocity_email"))
            service.advance(by: .seconds(3_700))
            #expect(try complete(4).status == 201)
        }
    }

    @Test("hold the money of what somebody has to look at, and tell the customer nothing of it")
    func review() async throws {
        let rules = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        try await ServiceUnderTest.run(rules) { service in
            let order = try service.suspiciousOrder()
            #expect(service.state(order) == "awaiting_payment requires_payment_method")
            #expect(service.intents.map { $0["capture_method"] } == ["manual"])
            #expect(try service.reviews().isEmpty)
            try service.pay(order)
            try service.settle()
            #expect(service.state(order) == "payment_review authorized")
            #expect(service.intents.map { $0["status"] } == ["requires_capture"])
            let waiting = try service.reviews()
            #expect(waiting.count == 1 && waiting[0]["orderId"]?.integer == order.id)
            let decisions = waiting[0]["decisions"]?.array ?? []
            #expect(decisions.map { $0["stage"] } == ["checkout"])
            let words = (decisions.first?["reasons"]?.array ?? []).map { $0["rule"] }
            #expect(words == ["new_customer", "countries_differ"])
            #expect(try service.report("start", of: order).code == "illegal_transition")
            let told = service.send(.get, "\(order.path)/events", token: order.token)
            #expect(!told.text.contains("fraud") && !told.text.contains("countries"))
        }
    }

    @Test("hold what is paid at the door before it is confirmed")
    func cash() async throws {
        let rules = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        try await ServiceUnderTest.run(rules) { service in
            let order = try service.suspiciousOrder(["paymentMethod": "cash_on_delivery"])
            #expect(order.answer["order", "status"] == "payment_review")
            #expect(order.answer["payment", "status"] == "due_on_delivery")
            try service.drain()
            #expect(service.stock() == ["held"])
            #expect(try service.report("start", of: order).code == "illegal_transition")
            #expect(try service.decide(service.waitingReview(), "approve").status == 200)
            try service.drain()
            #expect(service.state(order) == "confirmed due_on_delivery")
            #expect(service.stock() == ["committed"])
        }
    }

    @Test("go on without the history where MariaDB does not have it in time, and say so")
    func historyUnread() async throws {
        let rules = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        try await ServiceUnderTest.run(rules) { service in
            let away = Database(
                MariaDBConfiguration(
                    address: .unixSocket(path: "/nonexistent/mariadb.sock"),
                    user: "orders",
                    password: nil,
                    database: "orders"
                )
            )
            defer { away.close() }
            let metrics = service.services.metrics
            let screening = FraudScreening(
                store: FraudStore(database: away),
                fingerprints: service.services.screening.fingerprints,
                scoring: nil,
                policy: service.services.settings.fraud.policy,
                clock: service.services.clock,
                metrics: metrics
            )
            for (checkout, outcome) in [
                (try service.readyCheckout(), FraudOutcome.allow),
                (try service.foreignCheckout(), .review),
            ] {
                let decision = try screening.decide(service.ready(checkout), service.context())
                #expect(decision.assessment.outcome == outcome)
                guard case .checkout(let inputs) = decision.assessment.inputs else { return }
                #expect(inputs.history == nil)
            }
            let text = service.send(.get, "/metrics").text
            #expect(text.contains("orderd_fraud_unavailable_total{source=\"history\"} 2"))
        }
    }
}

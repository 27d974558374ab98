import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import OrderSimulation
import Testing
import Web

@Suite("Webhooks", .enabled(if: ServiceUnderTest.isAvailable))
struct WebhookTests {
    private static let path = "/v1/webhooks/stripe"

    private static let event = Array(
        #"{"id":"evt_1","type":"customer.created","data":{"object":{"id":"cus_1"}}}"#.utf8
    )

    private func deliver(
        _ service: ServiceUnderTest,
        _ body: [UInt8] = event,
        secrets: [String] = [ServiceUnderTest.webhookSecret],
        age: Int64 = 0
    ) -> TestAnswer {
        let message = WebhookMessage(
            url: "",
            body: body,
            secrets: secrets,
            seconds: service.now.seconds - age
        )
        return post(service, body, signature: message.signature)
    }

    private func post(
        _ service: ServiceUnderTest,
        _ body: [UInt8] = event,
        signature: String?
    ) -> TestAnswer {
        let headers = signature.map { [(name: "Stripe-Signature", value: $0)] } ?? []
        let request = Request(.post, Self.path, headers: headers, body: body)
        return TestAnswer(response: service.application.respond(to: request))
    }

    @Test("are stored once, and answered 200 each time")
    func stores() async throws {
        try await ServiceUnderTest.run { service in
            for _ in 0..<3 {
                let answer = deliver(service)
                #expect(answer.status == 200 && answer.json == ["received": true])
            }
            let rows = try service.query("SELECT event_id, payload FROM webhook_inbox")
            #expect(rows.count == 1)
            #expect(try rows.first?.bytes("payload") == Self.event)
        }
    }

    @Test(
        "are stored whatever the id is of what they tell of",
        arguments: [#""pi_1""#, #""a\u0000b""#, #""plată""#, #""""#, "7", "null", "{}"]
    )
    func objectIDs(id: String) async throws {
        try await ServiceUnderTest.run { service in
            let text = #"{"id":"evt_1","type":"charge.failed","data":{"object":{"id":\#(id)}}}"#
            #expect(deliver(service, Array(text.utf8)).status == 200)
            let row = try service.query("SELECT object_id, payload FROM webhook_inbox").first
            #expect(try row?.optionalString("object_id") == (id == #""pi_1""# ? "pi_1" : nil))
            #expect(try row?.bytes("payload") == Array(text.utf8))
        }
    }

    @Test(
        "that tell of what cannot be Stripe's are applied, and nothing follows",
        arguments: [#""a\u0000b""#, #""plată""#, #""""#],
        [
            #""payment_intent.succeeded","data":{"object":{"object":"payment_intent","id":ID,"#
                + #""metadata":{"order_id":"1"}}}}"#,
            #""charge.succeeded","data":{"object":{"object":"charge","id":"ch_1","#
                + #""payment_intent":ID}}}"#,
            #""charge.dispute.created","data":{"object":{"object":"dispute","id":ID,"#
                + #""charge":ID,"payment_intent":ID}}}"#,
            #""refund.updated","data":{"object":{"object":"refund","id":ID,"#
                + #""payment_intent":"pi_1","status":"failed"}}}"#,
        ]
    )
    func foreignIDs(id: String, rest: String) async throws {
        try await ServiceUnderTest.run { service in
            let text = #"{"id":"evt_1","type":"# + rest.replacing("ID", with: id)
            #expect(deliver(service, Array(text.utf8)).status == 200)
            try service.drain()
            let row = try service.query("SELECT applied_at FROM webhook_inbox").first
            #expect(try row?.optionalTimestamp("applied_at") != nil)
        }
    }

    @Test("are believed with any of several signatures or secrets, 300 seconds early or late")
    func believed() async throws {
        try await ServiceUnderTest.run(["STRIPE_WEBHOOK_SECRET": "whsec_new,whsec_old"]) {
            service in
            #expect(deliver(service, secrets: ["whsec_old"]).status == 200)
            #expect(deliver(service, secrets: ["whsec_other", "whsec_new"]).status == 200)
            #expect(deliver(service, secrets: ["whsec_new"], age: 270).status == 200)
            #expect(deliver(service, secrets: ["whsec_new"], age: -270).status == 200)
            #expect(deliver(service, secrets: ["whsec_test"]).status == 400)
        }
    }

    @Test("that are not signed as they should be are a 400, all alike, and not stored")
    func unbelieved() async throws {
        try await ServiceUnderTest.run { service in
            let seconds = service.now.seconds
            let good = WebhookMessage(
                url: "",
                body: Self.event,
                secrets: [ServiceUnderTest.webhookSecret],
                seconds: seconds
            ).signature
            let code = good.split(separator: "v1=").last ?? ""
            var answers = [
                deliver(service, secrets: ["whsec_wrong"]), deliver(service, age: 310),
                deliver(service, age: -310), post(service, Self.event + [0x20], signature: good),
            ]
            for signature in [
                nil, "", "t=\(seconds)", "v1=\(code)", "t=,v1=\(code)", "t=x,v1=\(code)",
                "t=\(seconds),v0=\(code)", "t=\(seconds),v1=", "t=\(seconds - 1),v1=\(code)",
                "t=\(seconds),v1=\(code.uppercased())", "t=\(seconds),v1=\(code.dropLast())",
                "garbage", "t=\(seconds)x,v1=\(code)", ",,,", "t=9223372036854775808,v1=\(code)",
            ] {
                answers.append(post(service, signature: signature))
            }
            for answer in answers {
                #expect(answer.status == 400 && answer.code == "invalid_request")
                #expect(answer["detail"] == answers[0]["detail"])
            }
            let stored = try service.rowCounts()["webhook_inbox"]
            #expect(stored == 0)
            #expect(post(service, signature: good).status == 200)
        }
    }

    @Test(
        "that are signed but no events are a 400",
        arguments: [
            "", "[]", "{}", #"{"id":1,"type":"x"}"#, #"{"id":"evt"}"#, "{",
        ]
    )
    func noEvents(text: String) async throws {
        try await ServiceUnderTest.run { service in
            #expect(deliver(service, Array(text.utf8)).status == 400)
            let long = String(repeating: "e", count: 65)
            #expect(
                deliver(service, Array("{\"id\":\"\(long)\",\"type\":\"x\"}".utf8)).status == 400
            )
            let stored = try service.rowCounts()["webhook_inbox"]
            #expect(stored == 0)
        }
    }

    @Test("settle an order once, however often and in what order they come")
    func duplicatesAndDisorder() async throws {
        try await ServiceUnderTest.run { service in
            service.standIn(.post, "/_webhooks", ["duplicate": 2, "reorder": true])
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_chargeDeclined")
            try service.pay(order)
            try service.settle()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
            let events = service.stripe(.get, "events?limit=100")["data"].array ?? []
            #expect(try service.rowCounts()["webhook_inbox"] == events.count)
            for event in events {
                service.standIn(.post, "/_webhooks/deliver", ["event": event["id"] ?? .null])
            }
            try service.settle()
            let later = service.send(.get, order.path, token: order.token)
            #expect(later.json == after.json)
            let topics = try service.streamedTopics(of: order.id)
            let others = topics.filter { $0 != "payment.failed" }
            #expect(others == ["order.placed", "payment.succeeded", "order.confirmed"])
            // Once, though both the charge and the intent tell of it, each several times.
            #expect(topics.count == 4)
            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(payment["attempts"].array?.count == 2)
        }
    }

    @Test("of a state that nobody here knows have the payment read again")
    func unknownState() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let id = try #require(order.clientSecret?.split(separator: "_secret_").first)
            service.standIn(.post, "/_webhooks", ["paused": true])
            try service.pay(order)
            let event = """
                {"id":"evt_new","type":"payment_intent.succeeded","data":{"object":
                {"id":"\(id)","object":"payment_intent","status":"some_new_status"}}}
                """
            #expect(deliver(service, Array(event.utf8)).status == 200)
            try service.drain()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed")
        }
    }

    @Test("of things that are not ours change nothing")
    func strangers() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let before = service.send(.get, order.path, token: order.token)
            service.stripe(
                .post,
                "payment_intents",
                "amount=500&currency=ron&payment_method=pm_card_visa&confirm=true"
            )
            service.stripe(
                .post,
                "payment_intents",
                "amount=500&currency=ron&metadata[order_id]=\(order.id)&metadata[payment_id]=pay_other&payment_method=pm_card_visa&confirm=true"
            )
            try service.settle()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["paymentStatus"] == "requires_payment_method")
            #expect(after["status"] == before["status"])
            let waiting = try service.query(
                "SELECT 1 FROM webhook_inbox WHERE applied_at IS NULL"
            )
            #expect(waiting.isEmpty)
        }
    }

    @Test("are tried again later while Stripe cannot be read, but a signed final state counts")
    func withoutStripe() async throws {
        // The breaker stays closed, as it would again by the time of the later try.
        let changes = ["STRIPE_READ_POLICY": "attempts=1 minimumCalls=1000 window=1000calls"]
        try await ServiceUnderTest.run(changes) { service in
            let declined = try service.placedOrder()
            let paid = try service.placedOrder()
            try service.pay(declined, with: "pm_card_chargeDeclined")
            try service.pay(paid)
            service.setFault("GET /stripe/v1/payment_intents/*", "status", status: 500)
            try service.settle()
            let final = service.send(.get, paid.path, token: paid.token)
            #expect(final["paymentStatus"] == "paid")
            let waiting = try service.query(
                "SELECT last_error FROM webhook_inbox WHERE applied_at IS NULL"
            )
            #expect(!waiting.isEmpty)
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            let left = try service.query("SELECT 1 FROM webhook_inbox WHERE applied_at IS NULL")
            #expect(left.isEmpty)
            let payment = service.send(.get, "\(declined.path)/payment", token: declined.token)
            #expect(payment["attempts"].array?.count == 1)
        }
    }

    @Test("whose reading was overtaken by a change of the payment are read again")
    func overtaken() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.settle()
            try service.pay(order, with: "pm_card_threeDSecure2Required")
            let read = "GET /stripe/v1/payment_intents/*"
            service.setFault(read, "hold", times: 1, executed: true)
            let settling = Companion { try service.settle() }
            #expect(eventually { service.standIn(.get, "/_faults")["held"] == 1 })
            try service.execute("UPDATE payments SET version = version + 1")
            service.removeFaults()
            try settling.join()
            let waiting = try service.query(
                "SELECT last_error FROM webhook_inbox WHERE applied_at IS NULL"
            )
            #expect(try waiting.map { try $0.string(0).contains("has changed") } == [true])
            service.advance(by: .seconds(60))
            try service.settle()
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["paymentStatus"] == "requires_action")
            let left = try service.query("SELECT 1 FROM webhook_inbox WHERE applied_at IS NULL")
            #expect(left.isEmpty)
        }
    }

    @Test("are applied once by two workers at a time")
    func twoWorkers() async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<4).map { _ in try service.placedOrder() }
            for order in orders { try service.pay(order) }
            service.deliverWebhooks()
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let workers = [service.services.makeWorker(), sibling.makeWorker()]
            for companion in workers.map({ worker in Companion { try worker.drain() } }) {
                _ = try companion.join()
            }
            try service.drain()
            for order in orders {
                let after = service.send(.get, order.path, token: order.token)
                #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
                #expect(
                    try service.streamedTopics(of: order.id) == [
                        "order.placed", "payment.succeeded", "order.confirmed",
                    ]
                )
            }
        }
    }
}

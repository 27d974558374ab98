import Commerce
import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Payments", .enabled(if: ServiceUnderTest.isAvailable))
struct PaymentTests {
    private func ensure(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed,
        key: String = "pay-1"
    ) -> TestAnswer {
        service.send(.post, "\(order.path)/payments", token: order.token, key: key, [:])
    }

    @Test(
        "start degraded while Stripe does not answer, and give the secret later under the same key",
        arguments: [
            ("status", nil), ("status", 503), ("garbage", nil), ("drop_before", nil),
            ("drop_after", nil), ("hold", nil),
        ] as [(String, Int?)]
    )
    func degradedStart(kind: String, status: Int?) async throws {
        let changes = [
            "STRIPE_PAYMENT_POLICY":
                "attemptTimeout=400ms minimumUsefulTime=100ms totalTimeout=800ms attempts=1"
        ]
        try await ServiceUnderTest.run(changes) { service in
            service.setFault("POST /stripe/v1/payment_intents", kind, status: status)
            let order = try service.placedOrder()
            let answer = order.answer
            #expect(answer["order", "status"] == "awaiting_payment")
            #expect(answer["order", "paymentStatus"] == "requires_retry")
            #expect(answer["payment", "status"] == "requires_retry")
            #expect(answer["payment", "degraded"] == true && order.clientSecret == nil)
            #expect(answer["payment", "next", "method"] == "POST")
            #expect(answer["payment", "next", "href"].string == "\(order.path)/payments")
            #expect((answer["payment", "next", "retryAfterSeconds"].integer ?? 0) > 0)
            #expect(answer["guestToken"].string != nil)

            service.removeFaults()
            let started = ensure(service, order)
            #expect(started.status == 200 && started["degraded"] == false)
            #expect(started["status"] == "requires_payment_method")
            #expect(service.intents.count == 1)
            try service.pay(secret: started["clientSecret"].string)
            try service.settle()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
        }
    }

    @Test("that started degraded are made by the worker, which announces them")
    func workerStartsPayment() async throws {
        try await ServiceUnderTest.run([
            "STRIPE_PAYMENT_POLICY": "attemptTimeout=400ms minimumUsefulTime=100ms attempts=1"
        ]) { service in
            service.setFault("POST /stripe/v1/payment_intents", "status", status: 500)
            let order = try service.placedOrder()
            try service.drain()
            #expect(service.intents.isEmpty)
            service.advance(by: .seconds(6))
            try service.drain()
            #expect(service.intents.isEmpty)
            service.removeFaults()
            service.advance(by: .seconds(2))
            try service.drain()
            #expect(service.intents.count == 1)
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["paymentStatus"] == "requires_payment_method")
            #expect(
                try service.streamedTopics(of: order.id) == ["order.placed", "payment.ready"]
            )
            #expect(ensure(service, order)["clientSecret"].string != nil)
            #expect(service.intents.count == 1)
        }
    }

    @Test("are ensured: the same intent and secret to every call, and a replay to the same key")
    func ensures() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let first = ensure(service, order, key: "a")
            let second = ensure(service, order, key: "b")
            #expect(first["clientSecret"].string == order.clientSecret)
            #expect(second["clientSecret"].string == order.clientSecret)
            let replay = ensure(service, order, key: "a")
            #expect(replay.response.body == first.response.body)
            #expect(replay.field("Idempotent-Replayed") == "true")
            #expect(service.intents.count == 1)
            let missing = service.send(.post, "\(order.path)/payments", token: order.token, [:])
            #expect(missing.status == 400 && missing.code == "idempotency_key_missing")
        }
    }

    @Test("that are done or not by card cannot be started again")
    func notPayable() async throws {
        try await ServiceUnderTest.run { service in
            let paid = try service.paidOrder()
            let answer = ensure(service, paid)
            #expect(answer.status == 409 && answer.code == "already_paid")
            let cash = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let refused = ensure(service, cash)
            #expect(refused.status == 409 && refused.code == "order_not_payable")
        }
    }

    @Test(
        "keep declines as attempts, a reported card as a generic one, and take the next card",
        arguments: [
            ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
            ("pm_card_chargeDeclinedLostCard", "generic_decline"),
            ("pm_card_chargeDeclinedStolenCard", "generic_decline"),
            ("pm_card_chargeDeclinedFraudulent", "generic_decline"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ]
    )
    func declines(card: String, shown: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            #expect(try service.pay(order, with: card).status == 402)
            try service.settle()
            let declined = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(declined["status"] == "requires_payment_method")
            #expect(declined["attempts"].array?.map { $0["declineCode"] } == [.string(shown)])
            #expect(!declined.text.contains("lost_card") && !declined.text.contains("stolen"))
            let told = try service.streamedEvents().filter { $0["type"] == "payment.failed" }
            #expect(told.map { $0["data"]?["payment"]?["declineCode"] } == [.string(shown)])

            #expect(try service.pay(order).status == 200)
            try service.settle()
            let paid = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(paid["status"] == "paid")
            #expect(
                paid["attempts"].array?.map { $0["declineCode"] } == [.string(shown), .null]
            )
            #expect(service.intents.count == 1)
        }
    }

    @Test("wait for 3-D Secure, and follow its outcome", arguments: [true, false])
    func threeDSecure(succeeds: Bool) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let confirmed = try service.pay(order, with: "pm_card_threeDSecure2Required")
            #expect(confirmed["status"] == "requires_action")
            try service.settle()
            var summary = service.send(.get, order.path, token: order.token)
            #expect(summary["paymentStatus"] == "requires_action")
            let id = confirmed["id"].string ?? ""
            service.standIn(
                .post,
                "/_3ds/\(id)",
                ["outcome": .string(succeeds ? "succeed" : "fail")]
            )
            try service.settle()
            summary = service.send(.get, order.path, token: order.token)
            #expect(summary["paymentStatus"] == (succeeds ? "paid" : "requires_payment_method"))
            #expect(summary["status"] == (succeeds ? "confirmed" : "awaiting_payment"))
        }
    }

    @Test("are settled by the client's return without a webhook, and by the webhook no second time")
    func refresh() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order)
            let answer = service.send(.post, "\(order.path)/payments/refresh", token: order.token)
            #expect(answer.status == 200 && answer["status"] == "paid")
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed")
            try service.settle()
            let later = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(later.json == answer.json)
            let topics = try service.streamedTopics(of: order.id)
            #expect(topics.filter { $0 == "payment.succeeded" }.count == 1)
            #expect(topics.filter { $0 == "order.confirmed" }.count == 1)
        }
    }

    @Test("are read at Stripe once for many returns at once")
    func refreshFlights() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let before = service.standInRequests("GET", "/stripe/v1/payment_intents/")
            let answers = try (0..<12).map { _ in
                Companion {
                    service.send(.post, "\(order.path)/payments/refresh", token: order.token)
                }
            }.map { try $0.join() }
            #expect(answers.allSatisfy { $0.status == 200 })
            #expect(service.standInRequests("GET", "/stripe/v1/payment_intents/") == before + 1)
        }
    }

    @Test("go on when the settlement reads an intent while the answer is lost")
    func refreshWithoutStripe() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order)
            service.setFault("GET /stripe/v1/payment_intents/*", "status", status: 500)
            let answer = service.send(.post, "\(order.path)/payments/refresh", token: order.token)
            #expect(answer.status == 200 && answer["status"] == "requires_payment_method")
        }
    }

    @Test(
        "of another amount are flagged and held for review, never swallowed",
        arguments: [(-100, "paid", "amount_short"), (100, "overpaid", "amount_exceeds")]
    )
    func wrongAmount(difference: Int64, status: String, reason: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute(
                "UPDATE payments SET amount_minor = amount_minor - \(difference)"
            )
            try service.pay(order)
            try service.settle()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "payment_review")
            #expect(after["paymentStatus"].string == status)
            let row = try service.query("SELECT review_reason FROM payments").first
            #expect(try row?.string("review_reason") == reason)
            let held = try service.query("SELECT status FROM reservations").first
            #expect(try held?.string("status") == "held")
            #expect(!(try service.streamedTopics(of: order.id).contains("order.confirmed")))
        }
    }

    @Test("that a canceled intent closed are renewed by the next call, with another intent")
    func renewsCanceled() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let id = service.intents.first?["id"]?.string ?? ""
            service.stripe(.post, "payment_intents/\(id)/cancel")
            try service.settle()
            let closed = service.send(.get, order.path, token: order.token)
            #expect(closed["paymentStatus"] == "cancelled")
            let renewed = ensure(service, order)
            #expect(renewed.status == 200)
            #expect(renewed["clientSecret"].string != order.clientSecret)
            #expect(service.intents.count == 2)
            try service.pay(secret: renewed["clientSecret"].string)
            try service.settle()
            let paid = service.send(.get, order.path, token: order.token)
            #expect(paid["status"] == "confirmed" && paid["paymentStatus"] == "paid")
        }
    }

    @Test("that are renewed have their stock for as long as there is to pay")
    func renewsReservation() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let id = service.intents.first?["id"]?.string ?? ""
            service.stripe(.post, "payment_intents/\(id)/cancel")
            try service.settle()
            service.advance(by: .seconds(25 * 60))
            let renewed = ensure(service, order)
            #expect(renewed.status == 200)
            try service.settle()
            let rows = try service.query(
                """
                SELECT r.expires_at >= o.expires_at AS lasts, o.expires_at
                FROM orders o JOIN reservations r ON r.order_id = o.id
                """
            )
            #expect(try rows.map { try $0.bool("lasts") } == [true])
            // Longer than the first payment had stock for.
            service.advance(by: .seconds(25 * 60))
            try service.settle()
            let held = service.standIn(.get, "/_state")["reservations"].array ?? []
            #expect(held.map { $0["status"]?.string } == ["held"])
            try service.pay(secret: renewed["clientSecret"].string)
            try service.settle()
            #expect(service.send(.get, order.path, token: order.token)["status"] == "confirmed")
        }
    }
}

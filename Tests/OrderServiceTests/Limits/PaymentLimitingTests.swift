import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("Limits of payments", .enabled(if: ServiceUnderTest.isAvailable))
struct PaymentLimitingTests {
    private static let guest = "ana@example.ro"

    private func ensure(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed,
        key: String,
        at application: OrderApplication? = nil
    ) -> TestAnswer {
        service.send(
            .post,
            "\(order.path)/payments",
            token: order.token,
            key: key,
            to: application,
            [:]
        )
    }

    /// Closes the order's payment at Stripe.
    private func cancel(_ service: ServiceUnderTest, _ order: ServiceUnderTest.Placed) throws {
        for intent in service.intents {
            service.stripe(.post, "payment_intents/\(intent["id"]?.string ?? "")/cancel")
        }
        try service.settle()
        let closed = service.send(.get, order.path, token: order.token)
        #expect(closed["paymentStatus"] == "cancelled")
    }

    @Test("count declined cards, and cancel the payment on which too many were tried")
    func declines() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 5)) { service in
            let order = try service.placedOrder()
            for number in 1...5 {
                let answer = try service.pay(order, with: "pm_card_chargeDeclined")
                #expect(answer.status == 402)
                try service.settle()
                #expect(try service.attempts(of: Self.guest).count == 1 + number)
                let state = service.intents.first?["status"]?.string
                #expect(state == (number < 5 ? "requires_payment_method" : "canceled"))
            }
            #expect(try service.pay(order).status == 400)
            let refused = ensure(service, order, key: "more")
            #expect(refused.status == 429 && refused.code == "rate_limited")
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "awaiting_payment")
            #expect(after["paymentStatus"] == "cancelled")
            // News that come twice count once.
            try service.execute(
                "UPDATE webhook_inbox SET applied_at = NULL, next_attempt_at = received_at"
            )
            try service.drain()
            #expect(try service.attempts(of: Self.guest).count == 6)
        }
    }

    @Test(
        "end no payment by a share of the limit alone, which is not what all processes counted",
        .enabled(if: PrivateRedis.isAvailable)
    )
    func declinesWithoutRedis() async throws {
        let settings = ServiceUnderTest.limits(hour: 5).merging(["LIMIT_PROCESSES": "5"]) { $1 }
        try await ServiceUnderTest.runWithPrivateRedis(settings) { service, redis in
            let order = try service.placedOrder()
            redis.stop()
            for _ in 1...3 {
                #expect(try service.pay(order, with: "pm_card_chargeDeclined").status == 402)
                try service.settle()
            }
            #expect(service.intents.first?["status"]?.string == "requires_payment_method")
            try redis.start()
            #expect(try service.pay(order).status == 200)
        }
    }

    @Test("count a new payment after a closed one, once for all who ask for it")
    func renewal() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 3)) { service in
            let order = try service.placedOrder()
            #expect(ensure(service, order, key: "live").status == 200)
            #expect(try service.attempts(of: Self.guest).count == 1)

            try cancel(service, order)
            let renewed = ensure(service, order, key: "a")
            #expect(renewed.status == 200)
            #expect(ensure(service, order, key: "a").response.body == renewed.response.body)
            #expect(ensure(service, order, key: "b")["id"] == renewed["id"])
            #expect(try service.attempts(of: Self.guest).count == 2)

            try cancel(service, order)
            let answers = try (0..<8).map { number in
                Companion { ensure(service, order, key: "at-once-\(number)") }
            }.map { try $0.join() }
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.map(\.text))")
            #expect(Set(answers.compactMap { $0["id"].string }).count == 1)
            #expect(service.intents.count == 3)
            #expect(try service.attempts(of: Self.guest).count == 3)

            try cancel(service, order)
            let before = try service.rowCounts()
            for key in ["over", "over", "another"] {
                let refused = ensure(service, order, key: key)
                #expect(refused.status == 429 && refused.code == "rate_limited")
                #expect(refused.field("RateLimit-Limit") == "3")
                #expect(refused.field("Retry-After") != nil)
            }
            #expect(try service.rowCounts() == before)
            try service.ageByAnHour(Self.guest)
            #expect(ensure(service, order, key: "over").status == 200)
            #expect(service.intents.count == 4)
        }
    }

    @Test("are no way around by completing again, which answers the closed payment")
    func completingAgain() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 1)) { service in
            let order = try service.placedOrder()
            try cancel(service, order)
            let again = service.complete(order.checkout, key: "again")
            #expect(again.status == 201 && again["order", "id"].integer == order.id)
            #expect(again["payment", "status"] == "cancelled")
            #expect(again["payment", "clientSecret"] == .null)
            #expect(service.intents.count == 1)
            #expect(ensure(service, order, key: "a").status == 429)
        }
    }

    @Test("give back what was not carried out, and count it when somebody carries it out")
    func notExecuted() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits()) { service in
            let order = try service.placedOrder()
            try cancel(service, order)
            // Nobody listens there.
            let cutOff = try service.makeSibling(["STRIPE_API_BASE": "http://127.0.0.1:1/stripe"])
            defer { cutOff.close() }
            let (application, lanes) = cutOff.makeApplication()
            for key in ["a", "b"] {
                let degraded = ensure(service, order, key: key, at: application)
                #expect(degraded.status == 200 && degraded["degraded"] == true)
                #expect(try service.attempts(of: Self.guest).count == 1)
            }
            for group in lanes.all { _ = group.waitUntilIdle(until: service.soon) }

            service.advance(by: .seconds(10))
            try service.drain()
            #expect(service.intents.count == 2)
            #expect(try service.attempts(of: Self.guest).count == 2)
            #expect(ensure(service, order, key: "c")["clientSecret"].string != nil)
            #expect(try service.attempts(of: Self.guest).count == 2)
        }
    }

    @Test("ask again for an attempt that was given back")
    func givenBack() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 2)) { service in
            let order = try service.placedOrder()
            try cancel(service, order)
            let cutOff = try service.makeSibling(["STRIPE_API_BASE": "http://127.0.0.1:1/stripe"])
            defer { cutOff.close() }
            let (application, lanes) = cutOff.makeApplication()
            #expect(ensure(service, order, key: "a", at: application)["degraded"] == true)
            for group in lanes.all { _ = group.waitUntilIdle(until: service.soon) }
            _ = try service.placedOrder()
            #expect(ensure(service, order, key: "b").status == 429)
            #expect(service.intents.count == 2)
        }
    }

    @Test("keep what may have been carried out")
    func unknown() async throws {
        let changes = ServiceUnderTest.limits().merging(["STRIPE_TIMEOUT": "400ms"]) { $1 }
        try await ServiceUnderTest.run(changes) { service in
            let order = try service.placedOrder()
            try cancel(service, order)
            service.setFault("POST /stripe/v1/payment_intents", "drop_after")
            for key in ["a", "b"] {
                #expect(ensure(service, order, key: key)["degraded"] == true)
                #expect(try service.attempts(of: Self.guest).count == 2)
            }
        }
    }

    @Test("start the hour anew at a success, not the day, and free the address, from any process")
    func success() async throws {
        let limits = ServiceUnderTest.limits(hour: 2, day: 4)
        try await ServiceUnderTest.run(limits) { service in
            let unpaid = try service.placedOrder()
            let paid = try service.placedOrder()
            #expect(service.complete(try service.readyCheckout()).status == 429)

            let sibling = try service.makeSibling()
            defer { sibling.close() }
            try service.pay(paid)
            service.deliverWebhooks()
            try sibling.makeWorker().drain()
            let summary = service.send(.get, paid.path, token: paid.token)
            #expect(summary["paymentStatus"] == "paid")
            let atAddress = try service.attempts(of: "ip:127.0.0.1")
            #expect(atAddress == ["complete:\(unpaid.checkout.id)"])

            #expect(try service.placedOrder().answer.field("RateLimit-Remaining") == "1")
            #expect(try service.placedOrder().answer.field("RateLimit-Remaining") == "0")
            try service.settle()
            let refused = service.complete(try service.readyCheckout())
            #expect(refused.status == 429)
            // By the day's four: the hour's two would be free again before.
            try service.ageByAnHour(Self.guest)
            let byDay = service.complete(try service.readyCheckout())
            #expect(byDay.status == 429 && byDay.field("RateLimit-Limit") == "4")
        }
    }

    @Test("note the success of a new payment at the address it was asked from, and once")
    func successOfRenewal() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits()) { service in
            let order = try service.placedOrder()
            try cancel(service, order)
            let renewed = service.send(
                .post,
                "\(order.path)/payments",
                token: order.token,
                key: "a",
                from: "2001:db8::7",
                [:]
            )
            #expect(try service.attempts(of: "ip:2001:db8:0:0::/64").count == 1)
            try service.pay(secret: renewed["clientSecret"].string)
            let refresh = "\(order.path)/payments/refresh"
            #expect(service.send(.post, refresh, token: order.token)["status"] == "paid")
            #expect(try service.attempts(of: "ip:2001:db8:0:0::/64").isEmpty)
            #expect(try service.attempts(of: "ip:127.0.0.1").count == 1)

            let next = try service.placedOrder()
            #expect(next.answer.field("RateLimit-Remaining") == "4")
            // The webhook of what is settled already does not start the hour anew.
            try service.settle()
            #expect(try service.placedOrder().answer.field("RateLimit-Remaining") == "3")
        }
    }

    @Test("take the delivery of what is paid at the door for a success")
    func cashOnDelivery() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 1)) { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            #expect(service.complete(try service.readyCheckout()).status == 429)
            let warehouse = try service.session("wms", .service)
            for event in ["start", "ship", "deliver"] {
                service.send(
                    .post,
                    "/v1/admin/orders/\(order.id)/fulfilment",
                    token: warehouse,
                    ["event": .string(event)]
                )
            }
            #expect(try service.attempts(of: "ip:127.0.0.1").isEmpty)
            #expect(service.complete(try service.readyCheckout()).status == 201)
        }
    }
}

import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Closing orders", .enabled(if: ServiceUnderTest.isAvailable))
struct ClosingTests {
    private static let cancelIntent = "POST /stripe/v1/payment_intents/*/cancel"

    private func cancel(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed,
        key: String = "cancel-1"
    ) -> TestAnswer {
        service.send(.post, "\(order.path)/cancel", token: order.token, key: key)
    }

    private func look(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed
    ) -> TestAnswer {
        service.send(.get, order.path, token: order.token)
    }

    private func reservations(_ service: ServiceUnderTest) -> [String?] {
        (service.standIn(.get, "/_state")["reservations"].array ?? []).map {
            $0["status"]?.string
        }
    }

    @Test("cancels the payment, then releases the stock, then ends the order")
    func cancels() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let answer = cancel(service, order)
            #expect(answer.status == 200 && answer["status"] == "cancelled")
            #expect(answer["paymentStatus"] == "cancelled")
            #expect(service.intents.map { $0["status"]?.string } == ["canceled"])
            #expect(reservations(service) == ["released"])
            let replay = cancel(service, order)
            #expect(replay.response.body == answer.response.body)
            #expect(replay.field("Idempotent-Replayed") == "true")
            #expect(cancel(service, order, key: "other").status == 200)
            try service.drain()
            #expect(
                try service.streamedTopics(of: order.id) == ["order.placed", "order.cancelled"]
            )
        }
    }

    @Test("releases nothing while it is not sure that nobody can pay any more")
    func waitsForStripe() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.setFault(Self.cancelIntent, "drop_before")
            let begun = cancel(service, order)
            #expect(begun.status == 202 && begun["status"] == "awaiting_payment")
            #expect(reservations(service) == ["held"])
            let refused = service.send(
                .post,
                "\(order.path)/payments",
                token: order.token,
                key: "pay",
                [:]
            )
            #expect(refused.status == 409 && refused.code == "order_not_payable")
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            #expect(look(service, order)["status"] == "cancelled")
            #expect(reservations(service) == ["released"])
        }
    }

    @Test(
        "finds out what became of a cancel whose answer was lost",
        arguments: [
            "drop_after", "garbage",
        ]
    )
    func lostAnswer(kind: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.setFault(Self.cancelIntent, kind, executed: true)
            #expect(cancel(service, order).status == 202)
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            #expect(look(service, order)["status"] == "cancelled")
            #expect(service.intents.map { $0["status"]?.string } == ["canceled"])
        }
    }

    @Test("expires what was not paid in time, and not before") func expires() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.advance(by: .seconds(1_790))
            try service.drain()
            #expect(look(service, order)["status"] == "awaiting_payment")
            service.advance(by: .seconds(20))
            try service.drain()
            let after = look(service, order)
            #expect(after["status"] == "expired" && after["paymentStatus"] == "cancelled")
            #expect(service.intents.map { $0["status"]?.string } == ["canceled"])
            #expect(reservations(service) == ["released"])
            try service.drain()
            #expect(try service.streamedTopics(of: order.id) == ["order.placed", "order.expired"])
        }
    }

    @Test("lets an order go on that was paid at the last moment") func paidWhileExpiring()
        async throws
    {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            // Paid, but nobody has told us when the deadline passes.
            try service.pay(order)
            service.advance(by: .seconds(1_810))
            try service.drain()
            let after = look(service, order)
            #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
            #expect(reservations(service) == ["committed"])
        }
    }

    @Test(
        "has an order looked at that was paid wrongly at the last moment",
        arguments: [500, 9_999]
    )
    func wronglyPaidWhileExpiring(paid: Int) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let intent = try #require(order.clientSecret?.split(separator: "_secret_").first)
            service.stripe(.post, "payment_intents/\(intent)", "amount=\(paid)")
            try service.pay(order)
            service.advance(by: .seconds(1_810))
            try service.drain()
            #expect(look(service, order)["status"] == "payment_review")
            #expect(reservations(service) == ["held"])
        }
    }

    @Test("expires an order whose payment was never made, and voids it") func expiresDegraded()
        async throws
    {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /stripe/v1/payment_intents", "status", status: 503)
            let order = try service.placedOrder()
            #expect(order.answer["payment", "degraded"] == true)
            service.advance(by: .seconds(24 * 3_600 + 10))
            try service.drain()
            let after = look(service, order)
            #expect(after["status"] == "expired" && after["paymentStatus"] == "cancelled")
        }
    }

    @Test("holds the stock for as long as a payment may be made that started late")
    func extendsReservation() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /stripe/v1/payment_intents", "status", status: 503)
            let order = try service.placedOrder()
            service.removeFaults()
            service.advance(by: .seconds(40 * 60))
            try service.drain()
            // The payment may be made for another 30 min, the stock was held for 45 in all.
            service.advance(by: .seconds(25 * 60))
            try service.drain()
            #expect(reservations(service) == ["held"])
            #expect(look(service, order)["status"] == "awaiting_payment")
        }
    }

    @Test("reserves anew what had run out before its payment could be started")
    func replacesReservation() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /stripe/v1/payment_intents", "status", status: 503)
            let order = try service.placedOrder()
            service.advance(by: .seconds(50 * 60))
            try service.drain()
            #expect(reservations(service) == ["expired"])
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            #expect(reservations(service) == ["expired", "held"])
            let started = service.send(
                .post,
                "\(order.path)/payments",
                token: order.token,
                key: "pay",
                [:]
            )
            try service.pay(secret: started["clientSecret"].string)
            try service.settle()
            #expect(look(service, order)["status"] == "confirmed")
            #expect(reservations(service) == ["expired", "committed"])
        }
    }

    @Test("gives a payment that is still processing more time") func waitsForProcessing()
        async throws
    {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute(
                "UPDATE orders SET payment_status = 'processing' WHERE id = \(order.id)"
            )
            service.advance(by: .seconds(1_810))
            try service.drain()
            #expect(look(service, order)["status"] == "awaiting_payment")
            #expect(reservations(service) == ["held"])
            let rows = try service.query("SELECT expires_at FROM orders WHERE id = \(order.id)")
            #expect(try rows[0].timestamp("expires_at") > service.now + .seconds(800))
        }
    }

    @Test("gives the money of a paid order back, once") func refundsPaid() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.setFault("POST /stripe/v1/refunds", "drop_after", times: 1)
            let answer = cancel(service, order)
            #expect(answer.status == 200 && answer["status"] == "cancelled")
            for _ in 0..<3 {
                service.advance(by: .seconds(120))
                try service.settle()
            }
            #expect(look(service, order)["paymentStatus"] == "refunded")
            let refunds = service.standIn(.get, "/_state")["refunds"].array ?? []
            #expect(refunds.map { $0["amount"] } == [order.answer["order", "total", "amount"]])
        }
    }

    @Test("gives money back that comes for an order which has ended") func refundsLate()
        async throws
    {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute("UPDATE orders SET status = 'cancelled' WHERE id = \(order.id)")
            try service.pay(order)
            for _ in 0..<2 {
                service.advance(by: .seconds(120))
                try service.settle()
            }
            let after = look(service, order)
            #expect(after["status"] == "cancelled" && after["paymentStatus"] == "refunded")
        }
    }

    @Test("cancels an intent that is met after its order has ended")
    func metTooLate() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /stripe/v1/payment_intents", "drop_after")
            let order = try service.placedOrder()
            #expect(order.answer["payment", "degraded"] == true)
            service.removeFaults()
            #expect(cancel(service, order).status == 200)
            #expect(service.intents.map { $0["status"]?.string } == ["requires_payment_method"])
            service.deliverWebhooks()
            try service.drain()
            #expect(service.intents.map { $0["status"]?.string } == ["canceled"])
            let after = look(service, order)
            #expect(after["status"] == "cancelled" && after["paymentStatus"] == "cancelled")
        }
    }

    @Test("starts no other payment for an order that was closed while Stripe was asked")
    func closedMeanwhile() async throws {
        try await ServiceUnderTest.run { service in
            let create = "POST /stripe/v1/payment_intents"
            let failure: JSON = [
                "match": .string(create), "kind": "status", "status": 500, "times": 1,
                "stored": true,
            ]
            _ = service.standIn(.post, "/_faults", failure)
            let order = try service.placedOrder()
            service.setFault(create, "hold", times: 1, executed: true)
            let ensuring = Companion {
                service.send(.post, "\(order.path)/payments", token: order.token, key: "e", [:])
            }
            #expect(eventually { service.standIn(.get, "/_faults")["held"] == 1 })
            #expect(cancel(service, order).status == 200)
            service.removeFaults()
            #expect(try ensuring.join()["clientSecret"].string == nil)
            service.advance(by: .seconds(600))
            try service.settle()
            let after = look(service, order)
            #expect(after["status"] == "cancelled" && after["paymentStatus"] == "cancelled")
            #expect(service.intents.allSatisfy { $0["status"] == "canceled" })
            let waiting = try service.query(
                "SELECT topic FROM outbox WHERE channel = 'task' AND next_attempt_at IS NOT NULL"
            )
            #expect(try waiting.map { try $0.string(0) } == [])
        }
    }

    @Test("has released what a verification finds released before that is noted")
    func releasedBehind() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /reservations", "status", status: 503)
            let order = try service.placedOrder()
            service.removeFaults()
            service.setFault("POST /reservations/*/release", "drop_after")
            #expect(cancel(service, order).status == 202)
            service.advance(by: .seconds(10))
            try service.drain()
            let rows = try service.query("SELECT status FROM reservations")
            #expect(try rows.map { try $0.string(0) } == ["released"])
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            #expect(look(service, order)["status"] == "cancelled")
            #expect(reservations(service) == ["released"])
        }
    }

    @Test("refuses what is past it, and tells what is allowed") func tooLate() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let report = "/v1/admin/orders/\(order.id)/fulfilment"
            let warehouse = try service.session("9", .service)
            service.send(.post, report, token: warehouse, ["event": "start"])
            let refused = cancel(service, order)
            #expect(refused.status == 409 && refused.code == "illegal_transition")
            service.send(.post, report, token: warehouse, ["event": "ship"])
            let support = try service.session("8", .support)
            let late = service.send(
                .post,
                "\(order.path)/cancel",
                token: support,
                key: "late",
                ["reason": "the customer called"]
            )
            #expect(late.status == 409 && late.code == "illegal_transition")
            #expect(late["orderStatus"] == "shipped")
        }
    }

    @Test("sends nothing that is being cancelled") func shipsNothing() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            service.setFault("POST /reservations/*/release", "status", status: 503)
            #expect(cancel(service, order).status == 202)
            let warehouse = try service.session("9", .service)
            let answer = service.send(
                .post,
                "/v1/admin/orders/\(order.id)/fulfilment",
                token: warehouse,
                ["event": "start"]
            )
            #expect(answer.status == 409 && answer.code == "illegal_transition")
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            #expect(look(service, order)["status"] == "cancelled")
        }
    }
}

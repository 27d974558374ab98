import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Refunds as Stripe reports them", .enabled(if: ServiceUnderTest.isAvailable))
struct RefundWebhookTests {
    @Test("made at the dashboard are adopted, once, however often and in what order they come")
    func adopted() async throws {
        try await ServiceUnderTest.run { service in
            service.standIn(.post, "/_webhooks", ["duplicate": 2, "reorder": true])
            let order = try service.paidOrder()
            let intent = try service.intentID(of: order)
            service.stripe(
                .post,
                "refunds",
                "payment_intent=\(intent)&amount=400&reason=duplicate"
            )
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            let sums = try service.sums(of: order)
            #expect(sums.refunded == 400 && sums.reserved == 400 && sums.flag == nil)
            #expect(sums.orderStatus == "partially_refunded")
            let list = service.send(.get, "/v1/admin/refunds", token: try service.staff())
            let refund = list["items", "0"]
            #expect(refund["requestedBy"] == "stripe" && refund["reason"] == "duplicate")
            #expect(refund["stripeRefundId"] == service.refundsAtStripe[0]["id"])

            let before = service.send(.get, order.path, token: order.token)
            for event in service.stripe(.get, "events?limit=100")["data"].array ?? [] {
                service.standIn(.post, "/_webhooks/deliver", ["event": event["id"] ?? .null])
            }
            try service.settle()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after.json == before.json)
            let topics = try service.streamedTopics(of: order.id)
            #expect(topics.count { $0 == "refund.succeeded" } == 1)
            // What is left is left.
            let rest = service.refund(order, token: try service.staff())
            #expect(rest["amount", "amount"].integer == sums.captured - 400)
        }
    }

    @Test("are adopted also when only the charge is told of")
    func onlyTheCharge() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let intent = try service.intentID(of: order)
            service.stripe(.post, "refunds", "payment_intent=\(intent)&amount=150")
            service.stripe(.post, "refunds", "payment_intent=\(intent)&amount=250")
            service.deliverWebhooks()
            try service.execute("DELETE FROM webhook_inbox WHERE type LIKE 'refund.%'")
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["succeeded", "succeeded"])
            #expect(try service.sums(of: order).refunded == 400)
        }
    }

    @Test("made at the dashboard beyond what we had left are counted and flagged")
    func beyondReservation() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let total = try service.sums(of: order).captured
            // All is taken by a refund that waits for the switch.
            try service.services.refundControl.pause(
                reason: "test",
                by: "cli:ana",
                until: service.soon
            )
            #expect(service.refund(order, token: token)["status"] == "requested")
            let intent = try service.intentID(of: order)
            service.stripe(.post, "refunds", "payment_intent=\(intent)&amount=400")
            try service.settle()
            var sums = try service.sums(of: order)
            #expect(sums.refunded == 400 && sums.reserved == total)
            #expect(sums.flag == "refund_beyond_reservation")
            // The one that waited is refused by Stripe and given up by a person.
            try service.services.refundControl.resume(
                reason: "test",
                by: "cli:ana",
                until: service.soon
            )
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["manual", "succeeded"])
            let id = try service.query("SELECT public_id FROM refunds ORDER BY id")[0].string(0)
            let ended = service.send(
                .post,
                "/v1/admin/refunds/\(id)/resolve",
                token: token,
                ["outcome": "failed", "evidence": "refused"]
            )
            #expect(ended["status"] == "failed")
            sums = try service.sums(of: order)
            #expect(sums.refunded == 400 && sums.reserved == 400)
        }
    }

    @Test("that fail days later give the amount back")
    func failsLater() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_refundFail")
            try service.settle()
            let refund = service.refund(order, token: try service.staff())
            #expect(refund["status"] == "succeeded")
            #expect(try service.sums(of: order).orderStatus == "refunded")
            service.advance(by: .seconds(60))
            try service.settle()
            let sums = try service.sums(of: order)
            #expect(sums.refunded == 0 && sums.reserved == 0)
            #expect(sums.status == "paid" && sums.orderStatus == "paid")
            let list = service.send(
                .get,
                "/v1/admin/refunds?state=failed",
                token: try service.staff()
            )
            #expect(list["totalItems"] == 1 && list["items", "0", "failureReason"].string != nil)
            let topics = try service.streamedTopics(of: order.id)
            #expect(
                topics.filter { $0.hasPrefix("refund.") } == ["refund.succeeded", "refund.failed"]
            )
            // It may be asked for again.
            let again = service.refund(order, token: try service.staff(), key: "again")
            #expect(again.status == 201)
        }
    }

    @Test("that are pending are read again by the worker, without any webhook")
    func pending() async throws {
        try await ServiceUnderTest.run { service in
            service.standIn(.post, "/_webhooks", ["paused": true])
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_pendingRefund")
            service.send(.post, "\(order.path)/payments/refresh", token: order.token)
            let refund = service.refund(order, token: try service.staff(), [("amount", 400)])
            #expect(refund["status"] == "pending")
            #expect(try service.sums(of: order).refunded == 0)
            #expect(try service.sums(of: order).reserved == 400)
            try service.work(order, until: ["succeeded"])
            #expect(try service.sums(of: order).refunded == 400)
            let open = try service.query(
                "SELECT 1 FROM outbox WHERE topic = 'refund.advance' AND sent_at IS NULL"
            )
            #expect(open.isEmpty)
        }
    }

    @Test(
        "are told in any of Stripe's states",
        arguments: ["requires_action", "canceled", "failed"]
    )
    func states(status: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_pendingRefund")
            try service.settle()
            service.refund(order, token: try service.staff(), [("amount", 400)])
            let id = service.refundsAtStripe[0]["id"]?.string ?? ""
            service.standIn(.post, "/_refunds/\(id)", ["status": .string(status)])
            try service.settle()
            let word = status == "canceled" ? "cancelled" : status
            #expect(try service.refundStatuses(of: order) == [word])
            let isHeld = status == "requires_action"
            #expect(try service.sums(of: order).reserved == (isHeld ? 400 : 0))
        }
    }

    @Test("never go back: a late report of an earlier state is dropped")
    func late() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.refund(order, token: try service.staff(), [("amount", 400)])
            let told = service.refundsAtStripe[0]
            let settlement = RefundSettlement(
                ledger: service.services.ledger,
                payments: service.services.payments
            )
            for status in ["pending", "requires_action", "succeeded"] {
                let report = try #require(
                    StripeRefund(told.replacing("status", with: .string(status)))
                )
                try settlement.settle(report, by: "stripe", until: service.soon)
            }
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            #expect(try service.sums(of: order).flag == nil)
            // Two different ends cannot both be true.
            let canceled = try #require(StripeRefund(told.replacing("status", with: "canceled")))
            try settlement.settle(canceled, by: "stripe", until: service.soon)
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            #expect(try service.sums(of: order).flag == "refund_contradicts")
        }
    }

    @Test("that overtake the news of their payment wait for it")
    func overtakes() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let paid = try service.pay(order)
            let intent = paid["id"].string ?? ""
            service.stripe(.post, "refunds", "payment_intent=\(intent)&amount=400")
            service.deliverWebhooks()
            try service.execute("DELETE FROM webhook_inbox WHERE type <> 'refund.created'")
            try service.drain()
            let sums = try service.sums(of: order)
            #expect(sums.status == "partially_refunded" && sums.refunded == 400)
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "confirmed")
        }
    }

    @Test("may be taken from a signed event while Stripe cannot be read")
    func signed() async throws {
        let changes = ["STRIPE_READ_POLICY": "attempts=1 minimumCalls=1000"]
        try await ServiceUnderTest.run(changes) { service in
            let order = try service.paidOrder()
            let intent = try service.intentID(of: order)
            service.stripe(.post, "refunds", "payment_intent=\(intent)&amount=400")
            service.setFault("GET /stripe/v1/refunds/*", "status", status: 500)
            service.setFault("GET /stripe/v1/refunds", "status", status: 500)
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
        }
    }

    @Test("of payments that are not ours change nothing")
    func strangers() async throws {
        try await ServiceUnderTest.run { service in
            let intent = service.stripe(
                .post,
                "payment_intents",
                "amount=500&currency=ron&payment_method=pm_card_visa&confirm=true"
            )
            service.stripe(.post, "refunds", "payment_intent=\(intent["id"].string ?? "")")
            try service.settle()
            #expect(try service.rowCounts()["refunds"] == 0)
            let waiting = try service.query("SELECT 1 FROM webhook_inbox WHERE applied_at IS NULL")
            #expect(waiting.isEmpty)
        }
    }
}

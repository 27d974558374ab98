import OrderSimulation
import Signing
import Testing
import Web

@Suite("Webhooks and refunds")
struct WebhookTests {
    private let shop = SimulatedShop(hasWebhooks: true)
    private let paid = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]

    private func set(_ settings: String) throws {
        #expect(try shop.send(.post, "/_webhooks", settings).status == 200)
    }

    private func undelivered() throws -> Int? {
        try shop.stripe(.get, "events?delivery_success=false")["data"].array?.count
    }

    @Test("events are delivered in order, signed over time and body")
    func delivers() throws {
        _ = try shop.paid()
        #expect(try undelivered() == 3)
        shop.simulation.deliverDueWebhooks()
        #expect(shop.received.types == paid)
        #expect(try undelivered() == 0)
        let message = try #require(shop.received.messages.first)
        let signed = Array("1790000000.".utf8) + message.body
        let code = HMACSHA256.authenticationCode(for: signed, key: Array("whsec_sim".utf8))
        #expect(message.signature == "t=1790000000,v1=\(code.hex)")
    }

    @Test("a failed delivery comes again after growing waits, and is listed until then")
    func retries() throws {
        shop.received.fail()
        _ = try shop.intent()
        shop.simulation.deliverDueWebhooks()
        #expect(try undelivered() == 1)
        try shop.advance(seconds: 1)
        shop.simulation.deliverDueWebhooks()
        shop.received.recover()
        try shop.advance(seconds: 4)
        shop.simulation.deliverDueWebhooks()
        #expect(shop.received.messages.isEmpty)
        try shop.advance(seconds: 1)
        shop.simulation.deliverDueWebhooks()
        #expect(shop.received.types == ["payment_intent.created"])
        #expect(try undelivered() == 0)
    }

    @Test("duplicates, reordering, loss and pauses happen on demand")
    func disturbs() throws {
        try set("{\"paused\": true, \"reorder\": true}")
        _ = try shop.paid()
        shop.simulation.deliverDueWebhooks()
        #expect(shop.received.types.isEmpty)
        try set("{\"paused\": false}")
        shop.simulation.deliverDueWebhooks()
        #expect(shop.received.types == paid.reversed())
        try set("{\"duplicate\": 2}")
        _ = try shop.intent()
        shop.simulation.deliverDueWebhooks()
        #expect(shop.received.types.count == 6)
        try set("{\"duplicate\": 0, \"dropProbability\": 1}")
        _ = try shop.intent()
        shop.simulation.deliverDueWebhooks()
        #expect(shop.received.types.count == 6)
        #expect(try undelivered() == 1)
    }

    @Test("refunds never exceed what was captured")
    func limitsRefunds() throws {
        let id = try shop.paid(amount: 5_000)
        #expect(try shop.stripe(.post, "refunds", "payment_intent=\(id)&amount=5001").status == 400)
        #expect(try shop.stripe(.post, "refunds", "payment_intent=\(id)&amount=2000").status == 200)
        #expect(try shop.stripe(.post, "refunds", "payment_intent=\(id)&amount=3001").status == 400)
        #expect(try shop.stripe(.post, "refunds", "payment_intent=\(id)")["amount"] == 3_000)
        let over = try shop.stripe(.post, "refunds", "payment_intent=\(id)")
        #expect(over.error["code"] == "charge_already_refunded")
    }

    @Test(
        "refund test cards change their refund's state later",
        arguments: [
            ("pm_card_refundFail", "succeeded", "failed"),
            ("pm_card_pendingRefund", "pending", "succeeded"),
        ]
    )
    func settlesRefunds(method: String, first: String, later: String) throws {
        let id = try shop.paid(method)
        let refund = try shop.stripe(.post, "refunds", "payment_intent=\(id)")
        #expect(refund["status"] == .string(first))
        try shop.advance(seconds: 30)
        let path = try "refunds/" + #require(refund["id"].string)
        #expect(try shop.stripe(.get, path)["status"] == .string(later))
        #expect(try shop.eventTypes().contains("refund.failed") == (later == "failed"))
    }

    @Test("a failed refund gives the amount free again")
    func freesFailedRefunds() throws {
        let id = try shop.paid()
        let refund = try shop.stripe(.post, "refunds", "payment_intent=\(id)")
        let path = try "/_refunds/" + #require(refund["id"].string)
        let body = "{\"status\": \"failed\", \"failure_reason\": \"expired_or_canceled_card\"}"
        #expect(try shop.send(.post, path, body)["failure_reason"] == "expired_or_canceled_card")
        #expect(try shop.stripe(.post, "refunds", "payment_intent=\(id)").status == 200)
    }

    @Test("inquiries take no money, until they become disputes or close")
    func inquiries() throws {
        let id = try shop.paid()
        let body = "{\"payment_intent\": \"\(id)\", \"inquiry\": true}"
        let warned = try shop.send(
            .post,
            "/_early_fraud_warnings",
            "{\"payment_intent\": \"\(id)\"}"
        )
        let inquiry = try shop.send(.post, "/_disputes", body)
        #expect(inquiry["status"] == "warning_needs_response")
        #expect(inquiry["is_charge_refundable"] == true)
        let warning = try shop.stripe(
            .get,
            "radar/early_fraud_warnings/\(#require(warned["id"].string))"
        )
        #expect(warning["actionable"] == false)
        let path = try "/_disputes/" + #require(inquiry["id"].string)
        #expect(!(try shop.eventTypes()).contains("charge.dispute.funds_withdrawn"))
        _ = try shop.send(.post, path, "{\"status\": \"needs_response\"}")
        #expect(try shop.eventTypes().contains("charge.dispute.funds_withdrawn"))
        let refused = try shop.stripe(.post, "refunds", "payment_intent=\(id)")
        #expect(refused.error["code"] == "charge_disputed")
    }

    @Test("disputes and fraud warnings come as events")
    func disputes() throws {
        let id = try shop.paid()
        let body = "{\"payment_intent\": \"\(id)\"}"
        let dispute = try shop.send(.post, "/_disputes", body)
        #expect(dispute.status == 201)
        #expect(try shop.send(.post, "/_early_fraud_warnings", body).status == 201)
        let refused = try shop.stripe(.post, "refunds", "payment_intent=\(id)")
        #expect(refused.error["code"] == "charge_disputed")
        let path = try "/_disputes/" + #require(dispute["id"].string)
        #expect(try shop.send(.post, path, "{\"status\": \"won\"}")["status"] == "won")
        #expect(try shop.stripe(.post, "refunds", "payment_intent=\(id)").status == 200)
        #expect(
            Set(try shop.eventTypes()).isSuperset(of: [
                "charge.dispute.created", "charge.dispute.closed",
                "radar.early_fraud_warning.created",
            ])
        )
    }
}

import Testing
import Web

@testable import OrderSimulation

@Suite("Stripe's idempotency layer")
struct IdempotencyTests {
    private let shop = SimulatedShop()
    private let form = "amount=5000&currency=ron"

    @Test("a repeat gets the first answer byte for byte and does nothing")
    func replays() throws {
        let first = try shop.stripe(.post, "payment_intents", form, key: "k1")
        let second = try shop.stripe(
            .post,
            "payment_intents",
            "currency=ron&amount=5000",
            key: "k1"
        )
        #expect(!first.isReplay)
        #expect(second.isReplay)
        #expect(second.response.body == first.response.body)
        #expect(try shop.eventTypes() == ["payment_intent.created"])
    }

    @Test("other parameters and another endpoint are refused")
    func refusesOtherUse() throws {
        let id = try #require(
            try shop.stripe(.post, "payment_intents", form, key: "k1")["id"].string
        )
        let other = try shop.stripe(.post, "payment_intents", form + "&metadata[a]=1", key: "k1")
        #expect(other.status == 400)
        #expect(other.error["type"] == "idempotency_error")
        let cancel = try shop.stripe(.post, "payment_intents/\(id)/cancel", key: "k1")
        #expect(cancel.error["type"] == "idempotency_error")
        #expect(try shop.stripe(.get, "payment_intents/\(id)")["status"] != "canceled")
    }

    @Test(
        "what the endpoint answered is stored, what stood before it is not",
        arguments: [
            ("amount=5000&currency=ron&payment_method=pm_card_chargeDeclined&confirm=true", true),
            ("amount=5000&currency=ron&confirm=true", true),
            ("amount=5000", false),
            ("amount=1&currency=ron", false),
        ]
    )
    func stores(form: String, isStored: Bool) throws {
        let first = try shop.stripe(.post, "payment_intents", form, key: "k1")
        #expect(first.status >= 400)
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").isReplay == isStored)
    }

    @Test("a key is forgotten after 24 hours of the simulated clock")
    func forgets() throws {
        _ = try shop.stripe(.post, "payment_intents", form, key: "k1")
        try shop.advance(seconds: 24 * 3_600 - 1)
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").isReplay)
        try shop.advance(seconds: 1)
        #expect(try !shop.stripe(.post, "payment_intents", form, key: "k1").isReplay)
    }

    @Test("GET ignores keys")
    func ignoresReads() throws {
        _ = try shop.stripe(.get, "payment_intents", key: "k1")
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").status == 200)
    }

    @Test("a stored 500 is replayed for ever, one that is not stored leaves the key free")
    func storesFailures() throws {
        func fail(stored: Bool) throws {
            let fault = """
                {"match": "POST /stripe/v1/*", "kind": "status", "status": 500, "times": 1,
                 "stored": \(stored)}
                """
            _ = try shop.send(.post, "/_faults", fault)
        }
        try fail(stored: true)
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").status == 500)
        let replay = try shop.stripe(.post, "payment_intents", form, key: "k1")
        #expect(replay.status == 500)
        #expect(replay.response.field("Stripe-Should-Retry") == "false")
        try fail(stored: false)
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k2").status == 500)
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k2").status == 200)
    }

    @Test("the table decides by key, endpoint, parameters and age")
    func decides() {
        var table = IdempotencyTable()
        let start = Instant(milliseconds: 0)
        let binding = IdempotencyTable.Binding(endpoint: "/v1/refunds", parameters: "amount=1")
        func isExecuted(_ now: Instant) -> Bool {
            if case .execute = table.begin(key: "k", binding: binding, now: now) {
                true
            } else {
                false
            }
        }
        #expect(isExecuted(start))
        #expect(table.answer(key: "k", binding: binding, now: start)?.status == .conflict)
        table.finish(key: "k", storing: nil)
        #expect(isExecuted(start))
        table.finish(key: "k", storing: Response(.ok))
        #expect(!isExecuted(start.adding(seconds: 10)))
        #expect(isExecuted(start.adding(seconds: 86_400)))
    }
}

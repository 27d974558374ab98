import Testing
import Web

@testable import OrderSimulation

@Suite("Faults")
struct FaultTests {
    private let shop = SimulatedShop()
    private let form = "amount=5000&currency=ron"

    private func fault(_ match: String, _ kind: String, _ more: String = "") throws {
        let body = "{\"match\": \"\(match)\", \"kind\": \"\(kind)\"\(more)}"
        #expect(try shop.send(.post, "/_faults", body).status == 201)
    }

    private func intents() throws -> Int? {
        try shop.send(.get, "/_state")["paymentIntents"].array?.count
    }

    @Test(
        "patterns match methods, segments and the rest of a path",
        arguments: [
            ("GET /users/{id}", "/users/1", true),
            ("GET /users/{id}", "/users/1/cart", false),
            ("GET /users/*", "/users/1/cart", true),
            ("* /users/*/cart", "/users/1/cart", true),
            ("POST /users/*", "/users/1", false),
            ("GET /users", "/users/1", false),
        ]
    )
    func matches(pattern: String, path: String, isMatch: Bool) throws {
        let pattern = try #require(RoutePattern(pattern))
        #expect(pattern.matches(.get, path) == isMatch)
    }

    @Test("a status strikes as often as it was told, with its header fields")
    func strikes() throws {
        let more = ", \"status\": 429, \"times\": 2, \"headers\": {\"Retry-After\": \"3\"}"
        try fault("GET /users/{id}/cart", "status", more)
        for _ in 0..<2 {
            let limited = try shop.send(.get, "/users/1/cart")
            #expect(limited.status == 429)
            #expect(limited.response.field("Retry-After") == "3")
        }
        #expect(try shop.send(.get, "/users/1/cart").status == 200)
        #expect(try shop.send(.get, "/_faults")["faults"][0]?["hits"] == 2)
    }

    @Test("a dropped request is executed before the drop or not at all")
    func drops() throws {
        try fault("POST /stripe/v1/payment_intents", "drop_before", ", \"times\": 1")
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").response.isBroken)
        #expect(try intents() == 0)
        try fault("POST /stripe/v1/payment_intents", "drop_after", ", \"times\": 1")
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").response.isBroken)
        #expect(try intents() == 1)
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").isReplay)
    }

    @Test("garbage is a 200 that cannot be read")
    func garbles() throws {
        try fault("GET /products", "garbage")
        let answer = try shop.send(.get, "/products")
        #expect(answer.status == 200)
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: answer.response.body) }
    }

    @Test("a delayed request is answered in the end")
    func delays() async throws {
        try fault("GET /products", "delay", ", \"delayMs\": 1")
        #expect(await shop.sendAndWait(.get, "/products").status == 200)
    }

    @Test("a held request keeps its key in use until the faults end", arguments: [false, true])
    func holds(executed: Bool) async throws {
        try fault(
            "POST /stripe/v1/payment_intents",
            "hold",
            ", \"times\": 1, \"executed\": \(executed)"
        )
        async let held = shop.sendAndWait(
            .post,
            "/stripe/v1/payment_intents",
            headers: SimulatedShop.headers("k1"),
            form
        )
        while try shop.send(.get, "/_faults")["held"] == 0 { await Task.yield() }
        #expect(try intents() == (executed ? 1 : 0))
        let twin = try shop.stripe(.post, "payment_intents", form, key: "k1")
        #expect(twin.status == 409)
        #expect(twin.error["code"] == "idempotency_key_in_use")
        #expect(try shop.send(.delete, "/_faults").status == 204)
        let answer = await held
        #expect(answer.status == 200)
        #expect(try intents() == 1)
        #expect(try shop.stripe(.post, "payment_intents", form, key: "k1").isReplay)
    }

    @Test("faults never strike the routes that set them, and bad ones are refused")
    func refuses() throws {
        try fault("* /*", "status")
        #expect(try shop.send(.get, "/_state").status == 200)
        let bad = "{\"match\": \"GET /\", \"kind\": \"explode\", \"headers\": {\"X-No\": \"1\"}}"
        #expect(try shop.send(.post, "/_faults", bad).status == 422)
    }

    @Test("the state lists requests with their keys")
    func records() throws {
        _ = try shop.stripe(.post, "payment_intents", form, key: "k1")
        let requests = try shop.send(.get, "/_state")["requests"]
        #expect(requests.array?.count == 1)
        #expect(requests[0]?["method"] == "POST")
        #expect(requests[0]?["path"] == "/stripe/v1/payment_intents")
        #expect(requests[0]?["idempotencyKey"] == "k1")
    }
}

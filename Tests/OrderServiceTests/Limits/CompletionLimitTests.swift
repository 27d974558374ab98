import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("Limits of completions", .enabled(if: ServiceUnderTest.isAvailable))
struct CompletionLimitTests {
    private static let guest = "ana@example.ro"

    @Test("admit five of a customer an hour, refuse the sixth, and admit it an hour later")
    func sixth() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits()) { service in
            for number in 1...5 {
                let answer = service.complete(try service.readyCheckout())
                #expect(answer.status == 201)
                #expect(answer.field("RateLimit-Limit") == "5")
                #expect(answer.field("RateLimit-Remaining") == String(5 - number))
                #expect(answer.field("Retry-After") == nil)
            }
            let checkout = try service.readyCheckout()
            let before = try service.rowCounts()
            for key in ["key-1", "key-1", "key-2"] {
                let refused = service.complete(checkout, key: key)
                #expect(refused.status == 429 && refused.code == "rate_limited")
                #expect(refused.field("Content-Type") == "application/problem+json")
                #expect(refused.field("RateLimit-Limit") == "5")
                #expect(refused.field("RateLimit-Remaining") == "0")
                for name in ["RateLimit-Reset", "Retry-After"] {
                    let seconds = try #require(refused.field(name).flatMap { Int($0) })
                    #expect((3_000...3_600).contains(seconds))
                }
            }
            #expect(try service.rowCounts() == before)
            #expect(service.intents.count == 5)

            try service.ageByAnHour(Self.guest)
            let admitted = service.complete(checkout)
            #expect(admitted.status == 201)
            #expect(admitted.field("RateLimit-Remaining") == "4")
        }
    }

    @Test("know a guest by the e-mail address, however it is spelt, from anywhere")
    func spelling() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 3)) { service in
            let spellings = [
                "ion@example.ro", "Ion@Example.RO", "ION@EXAMPLE.ro", "iOn@example.ro",
            ]
            for (number, email) in spellings.enumerated() {
                let checkout = try service.readyCheckout(email: email)
                let answer = service.complete(checkout, from: "192.0.2.\(number)")
                #expect(answer.status == (number < 3 ? 201 : 429))
            }
            let other = try service.readyCheckout(email: "ion.b@example.ro")
            #expect(service.complete(other, from: "192.0.2.3").status == 201)
        }
    }

    @Test(
        "count an address over all customers, an IPv6 one by its /64, and believe no header",
        arguments: [
            (["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"], "2001:db8:1:2::/64", "2001:db8:1:3::1"),
            (["192.0.2.1", "::ffff:192.0.2.1"], "192.0.2.1", "192.0.2.2"),
        ]
    )
    func address(own: [String], network: String, other: String) async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(address: 3)) { service in
            func complete(_ number: Int, _ address: String) throws -> TestAnswer {
                let checkout = try service.readyCheckout(email: "guest\(number)@example.ro")
                return service.send(
                    .post,
                    "\(checkout.path)/complete",
                    token: checkout.token,
                    key: "key",
                    headers: [("X-Forwarded-For", "203.0.113.\(number)")],
                    from: address,
                    [:]
                )
            }
            for number in 0..<3 { #expect(try complete(number, own[number % 2]).status == 201) }
            for address in own {
                let refused = try complete(3, address)
                #expect(refused.status == 429 && refused.field("RateLimit-Limit") == "3")
            }
            #expect(try service.attempts(of: "guest3@example.ro").isEmpty)
            #expect(try complete(4, other).status == 201)
            let kept = try service.query("SELECT client_address FROM orders ORDER BY id LIMIT 3")
            #expect(try kept.allSatisfy { try $0.string("client_address") == network })
        }
    }

    @Test("cost nothing for what does not begin an order, and nothing to repeat or resume one")
    func free() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 2)) { service in
            let incomplete = try service.guestCheckout()
            let first = try service.readyCheckout()
            let second = try service.readyCheckout()
            for number in 0..<3 {
                #expect(service.complete(incomplete, key: "\(number)").status == 422)
                let unknown: JSON = ["tip": 1]
                #expect(service.complete(first, key: "\(number)", body: unknown).status == 422)
                let total: JSON = ["expectedTotal": ["amount": 1, "currency": "RON"]]
                #expect(service.complete(first, key: "\(number)", body: total).status == 409)
                #expect(
                    service.send(.post, "\(first.path)/complete", token: first.token).status == 400
                )
            }
            #expect(try service.attempts(of: Self.guest).isEmpty)

            let placed = service.complete(first, key: "a")
            #expect(placed.status == 201 && placed.field("RateLimit-Remaining") == "1")
            #expect(service.complete(second).status == 201)
            #expect(service.complete(try service.readyCheckout()).status == 429)
            for number in 0..<3 {
                let replay = service.complete(first, key: "a")
                #expect(replay.status == 201 && replay.response.body == placed.response.body)
                #expect(replay.field("RateLimit-Limit") == nil)
                let resumed = service.complete(first, key: "b\(number)")
                #expect(resumed.status == 201)
                #expect(resumed["order", "id"] == placed["order", "id"])
            }
            let expected = Set([first, second].map { "complete:\($0.id)" })
            #expect(try Set(service.attempts(of: Self.guest)) == expected)
            #expect(try Set(service.attempts(of: "ip:127.0.0.1")) == expected)
        }
    }

    @Test("keep what an attempt has cost that found no stock, and ask no more for its repeat")
    func outOfStock() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 1)) { service in
            try service.sell("RAR", price: 5_000, stock: 1)
            let checkout = try service.readyCheckout([ServiceUnderTest.item("RAR", 2)])
            #expect(service.complete(checkout).code == "out_of_stock")
            #expect(service.complete(try service.readyCheckout()).status == 429)
            let items: JSON = ["items": [ServiceUnderTest.item("RAR", 1)]]
            service.send(.patch, checkout.path, token: checkout.token, items)
            #expect(service.complete(checkout, key: "again").status == 201)
        }
    }

    @Test("admit exactly five of a hundred at once, over two processes")
    func concurrent() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits()) { service in
            let token = try service.session("4711", .customer)
            let checkouts = try (0..<100).map { _ in
                try service.readyCheckout(customer: "4711", token: token)
            }
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let (other, lanes) = sibling.makeApplication()
            let answers = try checkouts.enumerated().map { number, checkout in
                Companion {
                    // Ten addresses, so that the customer's limit decides.
                    service.complete(
                        checkout,
                        from: "192.0.2.\(number % 10)",
                        at: number % 2 == 0 ? other : nil
                    )
                }
            }.map { try $0.join() }
            for group in lanes.all { _ = group.waitUntilIdle(until: service.soon) }
            #expect(answers.count { $0.status == 201 } == 5)
            #expect(answers.count { $0.status == 429 && $0.code == "rate_limited" } == 95)
            #expect(try service.rowCounts()["orders"] == 5)
            #expect(service.intents.count == 5)
        }
    }

    @Test("hold strictly while Redis is away, and exactly when it is back")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis(ServiceUnderTest.limits()) {
            service,
            redis in
            redis.stop()
            // Half of five, rounded up: two processes share the limit.
            for _ in 1...3 {
                let answer = service.complete(try service.readyCheckout())
                #expect(answer.status == 201 && answer.field("RateLimit-Limit") == "3")
            }
            let checkout = try service.readyCheckout()
            let refused = service.complete(checkout)
            #expect(refused.status == 429 && refused.field("RateLimit-Limit") == "3")
            #expect(refused.field("Retry-After") != nil)

            try redis.start()
            var answer = refused
            for _ in 0..<1_000 where answer.status == 429 { answer = service.complete(checkout) }
            #expect(answer.status == 201 && answer.field("RateLimit-Limit") == "5")
        }
    }

    @Test("show in the metrics: what was decided, and which limit refused")
    func metrics() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.limits(hour: 1, address: 2)) { service in
            for email in ["a@example.ro", "a@example.ro", "b@example.ro", "c@example.ro"] {
                service.complete(try service.readyCheckout(email: email))
            }
            let lines = service.send(.get, "/metrics").text.split(separator: "\n")
            for line in [
                #"orderd_limit_decisions_total{decision="admitted"} 2"#,
                #"orderd_limit_decisions_total{decision="refused"} 2"#,
                #"orderd_limit_decisions_total{decision="repeated"} 0"#,
                #"orderd_limit_refusals_total{limit="customer_hour"} 1"#,
                #"orderd_limit_refusals_total{limit="customer_day"} 0"#,
                #"orderd_limit_refusals_total{limit="address_hour"} 1"#,
                "orderd_limit_local_total 0",
            ] { #expect(lines.contains { $0 == line }, "\(line)") }
        }
    }
}

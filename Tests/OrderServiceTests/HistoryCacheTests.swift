import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Signing
import Testing
import Web

@testable import OrderService

@Suite("Cached histories", .enabled(if: ServiceUnderTest.isAvailable))
struct HistoryCacheTests {
    private func reply(_ service: ServiceUnderTest, _ words: String...) throws -> Reply {
        try service.services.cacheRedis.send(
            Command(words[0], arguments: Array(words.dropFirst())),
            until: service.soon
        )
    }

    private func page(
        _ service: ServiceUnderTest,
        _ token: String,
        _ query: String = "",
        tag: String? = nil
    ) -> TestAnswer {
        let headers = tag.map { [(name: "If-None-Match", value: $0)] } ?? []
        return service.send(.get, "/v1/orders\(query)", token: token, headers: headers)
    }

    @Test("answer a hit and a miss byte for byte alike, and an unchanged page with 304")
    func hitsAndMisses() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            _ = try service.placedOrder(customer: "1", token: token)
            let miss = page(service, token)
            #expect(miss.status == 200 && miss["totalItems"] == 1)
            let life = try reply(service, "PTTL", "order-history::1").integer ?? 0
            #expect(0 < life && life <= 3_600_000)
            let fields = try reply(service, "HKEYS", "order-history::1").array
            #expect(fields?.map(\.string) == ["0:20"])
            #expect(try reply(service, "EXISTS", "lease:order-history::1").integer == 0)
            // Behind the cache's back: a hit does not see it.
            try service.execute("UPDATE orders SET item_count = item_count + 1")
            let hit = page(service, token)
            #expect(hit.response.body == miss.response.body)
            #expect(hit.field("ETag") == miss.field("ETag"))
            for answer in [miss, hit] {
                #expect(answer.field("Cache-Control") == "private, no-cache")
                #expect(answer.field("Vary") == "Authorization, Cookie")
            }
            let same = page(service, token, tag: hit.field("ETag"))
            #expect(same.status == 304 && same.response.body.isEmpty)
            // A page beyond the end is not kept.
            #expect(page(service, token, "?page=7").status == 200)
            #expect(try reply(service, "HLEN", "order-history::1").integer == 1)
            // Another size is another page, with the same life.
            #expect(page(service, token, "?size=1")["size"] == 1)
            #expect(try reply(service, "HLEN", "order-history::1").integer == 2)
        }
    }

    @Test("forget all pages of the customer with any change of an order, and nobody else's")
    func invalidation() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            let other = try service.session("2", .customer)
            _ = try service.placedOrder(customer: "2", token: other)
            try service.drain()
            for query in ["", "?size=1", "?size=2"] { _ = page(service, token, query) }
            _ = page(service, other)
            #expect(try reply(service, "HLEN", "order-history::1").integer == 3)
            try service.pay(order)
            try service.settle()
            #expect(try reply(service, "EXISTS", "order-history::1").integer == 0)
            #expect(try reply(service, "EXISTS", "order-history::2").integer == 1)
            #expect(page(service, token)["items", "0", "paymentStatus"] == "paid")
            _ = try service.placedOrder(customer: "1", token: token)
            #expect(page(service, token)["totalItems"] == 2)
        }
    }

    @Test("store no page that was read before a change")
    func readsUnderLease() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            let query = try PageRequest(Request(.get, "/v1/orders").query)
            _ = try service.services.cache.page(query, of: "1", until: service.soon) { _ in
                let before = CacheEntry(version: 1, owner: "1", body: Array("{}".utf8))
                try service.pay(order)
                try service.settle()
                return (before, false)
            }
            #expect(try reply(service, "EXISTS", "order-history::1").integer == 0)
            #expect(page(service, token)["items", "0", "paymentStatus"] == "paid")
        }
    }

    @Test("are dropped by the outbox where the process died before it could")
    func repeatedInvalidation() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            try service.drain()
            _ = page(service, token)
            try service.execute(
                """
                INSERT INTO outbox (order_id, channel, topic, payload, created_at, next_attempt_at)
                VALUES (\(order.id), 'cache', 'order.changed', '{}', \(service.now), \(service.now))
                """
            )
            try service.drain()
            #expect(try reply(service, "EXISTS", "order-history::1").integer == 0)
        }
    }

    @Test("are answered without Redis, and truly")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            let before = page(service, token)
            redis.stop()
            for _ in 0..<3 {
                let answer = page(service, token)
                #expect(answer.status == 200 && answer.response.body == before.response.body)
            }
            try service.pay(order)
            try service.settle()
            #expect(page(service, token)["items", "0", "paymentStatus"] == "paid")
        }
    }

    @Test("are counted, what was there and what was not")
    func counts() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            for _ in 0..<3 { #expect(page(service, token).status == 200) }
            let lines = service.send(.get, "/metrics").text.split(separator: "\n")
            func count(_ metric: String, _ outcome: String) -> String? {
                let labels = "cache=\"order-history\",outcome=\"\(outcome)\""
                return lines.first { $0.hasPrefix("orderd_cache_\(metric)_total{\(labels)}") }
                    .flatMap { $0.split(separator: " ").last.map(String.init) }
            }
            #expect(count("reads", "miss") == "1" && count("reads", "hit") == "2")
            #expect(count("fills", "stored") == "1" && count("fills", "refused") == "0")
        }
    }

    @Test("belong to the session's user alone, and end with the session")
    func ownership() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            _ = try service.placedOrder(customer: "1", token: token)
            let other = try service.session("2", .customer)
            let staff = try service.session("1", .support)
            for _ in 0..<2 {
                #expect(page(service, token)["totalItems"] == 1)
                #expect(page(service, other)["totalItems"] == 0)
                #expect(page(service, staff).status == 403)
                let seen = service.send(.get, "/v1/users/1/orders", token: staff)
                #expect(seen.response.body == page(service, token).response.body)
            }
            #expect(service.send(.delete, "/v1/sessions", token: token).status < 300)
            #expect(page(service, token).status == 401)
        }
    }

    @Test("are whose the session is, whoever it was thought to be of")
    func wrongGuess() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let other = try service.session("2", .customer)
            _ = try service.placedOrder(customer: "1", token: token)
            for token in [token, other] {
                for _ in 0..<2 { #expect(page(service, token).status == 200) }
            }
            let holders = service.services.cache.holders
            let tokenHash = SHA256.digest(token.utf8)
            #expect(holders.userID(of: tokenHash) == "1")
            holders.note(tokenHash, of: "2")
            for _ in 0..<2 { #expect(page(service, token)["totalItems"] == 1) }
            #expect(page(service, other)["totalItems"] == 0)
        }
    }

    @Test("know as many holders of sessions as there are places, and no holder of another's")
    func holders() {
        let holders = SessionHolders()
        let hashes = (0..<20_000).map { SHA256.digest("token \($0)".utf8) }
        for (number, hash) in hashes.enumerated() { holders.note(hash, of: "\(number)") }
        let known = hashes.enumerated().filter { holders.userID(of: $1) != nil }
        #expect(known.allSatisfy { holders.userID(of: $1) == "\($0)" })
        #expect((4_000...8_192).contains(known.count) && known.last?.offset == 19_999)
    }
}

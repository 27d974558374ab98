import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Caches as admins see them", .enabled(if: ServiceUnderTest.isAvailable))
struct CacheAdminTests {
    private static let path = "/v1/admin/caches"

    private func item(_ name: String, _ answer: TestAnswer) -> JSON? {
        answer["items"].array?.first { $0["name"]?.string == name }
    }

    @Test("tell what all processes have asked, and what Redis holds")
    func list() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("a", .admin)
            let order = try service.placedOrder()
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            for _ in 0..<4 {
                #expect(service.send(.get, order.path, token: order.token).status == 200)
            }
            _ = try sibling.cache.entry(
                .orderSummaries,
                key: CacheName.orderSummaries.key(order.id),
                until: service.soon
            ) { nil }
            let other = sibling.makeReporter(ProcessIdentity(.serve, number: 99))
            #expect(other.round())

            let answer = service.send(.get, Self.path, token: admin)
            #expect(answer.status == 200 && answer["complete"] == true && answer["processes"] == 2)
            let names = answer["items"].array?.compactMap { $0["name"]?.string }
            #expect(names?.contains("order-history") == true && names?.contains("session") == true)
            let summaries = try #require(item("order-summaries", answer))
            #expect(summaries["hits"] == 4 && summaries["misses"] == 1 && summaries["fills"] == 1)
            #expect(summaries["ratio"] == .number(0.8) && summaries["negativeHits"] == 0)
            #expect(summaries["entries"] == 1 && summaries["timeToLiveSeconds"] == 900)
            #expect((summaries["bytes"]?.integer ?? 0) > 100)
            #expect(item("order-tracking", answer)?["ratio"] == .null)
            #expect(
                answer["redis", "estimated"] == false && answer["redis", "keys"].integer ?? 0 > 0
            )
            #expect(answer["redis", "evictions"] == 0)
            for token in [try service.session("s", .support), order.token] {
                #expect([401, 403].contains(service.send(.get, Self.path, token: token).status))
            }
        }
    }

    @Test("show in the metrics what Redis holds, and what it has thrown out since")
    func metrics() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, _ in
            func set(_ keys: Range<Int>) throws {
                let value = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000)
                let commands = keys.map {
                    Command("SET", CacheName.paymentStatus.key(Int64($0)), value)
                }
                _ = try service.services.cacheRedis.pipeline(commands, until: service.soon)
            }
            func metric(_ name: String) throws -> Int {
                let line = service.send(.get, "/metrics").text.split(separator: "\n")
                    .first { $0.hasPrefix("\(name) ") }
                return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
            }
            let sampler = service.services.makeSampler()
            try set(0..<3)
            try sampler.drain()
            #expect(try metric("orderd_cache_entries{cache=\"payment-status\"}") == 3)
            #expect(try metric("orderd_cache_bytes{cache=\"payment-status\"}") > 30_000)
            #expect(try metric("orderd_cache_entries{cache=\"order-tracking\"}") == 0)
            #expect(try metric("orderd_cache_redis_evictions_total") == 0)

            let used = try metric("orderd_cache_redis_bytes")
            let limits = [
                Command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
                Command("CONFIG", "SET", "maxmemory", used + 500_000),
            ]
            _ = try service.services.cacheRedis.pipeline(limits, until: service.soon)
            try set(0..<200)
            // From here on nothing more goes, whatever the samples themselves take.
            let lifted = Command("CONFIG", "SET", "maxmemory", 0)
            _ = try service.services.cacheRedis.pipeline([lifted], until: service.soon)
            try sampler.drain()
            let evictions = try metric("orderd_cache_redis_evictions_total")
            #expect((1...200).contains(evictions))
            try sampler.drain()
            #expect(try metric("orderd_cache_redis_evictions_total") == evictions)
        }
    }

    @Test("estimate what there are many of")
    func estimate() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("a", .admin)
            let commands = (0..<6_000).map { number in
                let name = number.isMultiple(of: 3) ? CacheName.paymentStatus : .orderTracking
                return Command("SET", name.key(Int64(number)), "2|1||0|{}")
            }
            _ = try service.services.cacheRedis.pipeline(commands, until: service.soon)
            let answer = service.send(.get, Self.path, token: admin)
            #expect(answer["redis", "estimated"] == true)
            let entries = item("payment-status", answer)?["entries"]?.integer ?? 0
            // A third of them, of a sample of a third: more than ten standard deviations apart.
            #expect((1_500...2_500).contains(entries))
        }
    }

    @Test("go, one entry or all of a cache, and no other")
    func drop() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("a", .admin)
            let owner = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: owner)
            func fill() {
                for path in [order.path, order.path + "/payment", "/v1/orders"] {
                    #expect(service.send(.get, path, token: owner).status == 200)
                }
            }
            func has(_ name: CacheName, _ id: String) throws -> Bool {
                try service.services.cacheRedis.send(
                    Command("EXISTS", name.key(id)),
                    until: service.soon
                ).integer == 1
            }
            func drop(_ what: String) -> TestAnswer {
                service.send(.delete, "\(Self.path)/\(what)", token: admin)
            }
            let id = String(order.id)
            fill()
            #expect(drop("order-summaries/\(id)")["dropped"] == 1)
            #expect(drop("order-summaries/\(id)")["dropped"] == 0)
            #expect(try !has(.orderSummaries, id) && has(.paymentStatus, id))
            fill()
            let lease = LookUpCache.leaseKey(CacheName.orderSummaries.key("7"))
            _ = try service.services.cacheRedis.send(
                Command("SET", lease, "x"),
                until: service.soon
            )
            #expect(drop("order-summaries")["dropped"] == 1)
            let isLeased = try service.services.cacheRedis.send(
                Command("EXISTS", lease),
                until: service.soon
            )
            #expect(isLeased.integer == 0)
            #expect(try has(.paymentStatus, id) && has(.orderHistory, "1"))
            #expect(drop("order-history/1")["dropped"] == 1)
            #expect(drop("session")["dropped"].integer ?? 0 >= 1)
            #expect(service.send(.get, order.path, token: owner).status == 200)
            for what in ["nothing", "nothing/1", "lease"] {
                #expect(drop(what).status == 404)
            }
            let stranger = service.send(.delete, "\(Self.path)/session", token: owner)
            #expect(stranger.status == 403)
        }
    }

    @Test("are shown as far as they can be while Redis is away, and cannot go")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let admin = try service.session("a", .admin)
            redis.stop()
            let answer = service.send(.get, Self.path, token: admin)
            #expect(answer.status == 200 && answer["redis"] == .null)
            #expect(item("session", answer)?["entries"] == .null)
            for what in ["session", "session/x"] {
                let refused = service.send(.delete, "\(Self.path)/\(what)", token: admin)
                #expect(refused.status == 503 && refused.code == "dependency_unavailable")
            }
        }
    }
}

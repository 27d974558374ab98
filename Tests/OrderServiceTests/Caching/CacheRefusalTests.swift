import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Caches in a Redis that takes no writes", .enabled(if: ServiceUnderTest.isAvailable))
struct CacheRefusalTests {
    /// Calls that end soon, where all that change something wait for their end.
    private static let impatient = ["REDIS_TIMEOUT": "500ms"]

    private func configure(_ order: CachedOrder, _ name: String, _ value: Int) throws {
        let command = Command("CONFIG", "SET", name, value)
        _ = try order.client.send(command, until: order.service.soon)
    }

    @Test("are not believed: what cannot be dropped there would be shown for as long as it lives")
    func refused() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let order = try CachedOrder(service, redis)
            #expect(try order.states(2) == order.truth())
            let sibling = try service.makeSibling()
            #expect(sibling.cache.trust.isTrusted)
            // As after a disk that is full: whatever is there can still be read.
            try configure(order, "min-replicas-to-write", 1)
            let old = try order.stored()
            try order.change()
            #expect(try order.states(3) == order.truth())
            #expect(try order.stored() == old)
            #expect(service.send(.get, "/metrics").text.contains("orderd_cache_trusted 0\n"))
            let admin = try service.session("a", .admin)
            let drop = service.send(
                .delete,
                "/v1/admin/caches/order-summaries/\(order.order.id)",
                token: admin
            )
            #expect(drop.status == 503 && drop.code == "dependency_unavailable")
            let ready = service.send(.get, "/health/ready")
            #expect(ready.status == 200)
            #expect(ready["dependencies", "redisCache", "status"] == "down")
            // Who has changed nothing learns it as well.
            #expect(
                eventually(within: .seconds(30), every: .milliseconds(10)) {
                    !sibling.cacheRecovery.round(until: service.soon)
                }
            )
            try service.drain()
            #expect(try order.stored() == old && !service.services.cache.trust.isTrusted)

            try configure(order, "min-replicas-to-write", 0)
            #expect(order.recover())
            #expect(try order.stored().allSatisfy { $0 == nil })
            #expect(try order.states(2) == order.truth())
            #expect(try !order.stored().contains(nil))
        }
    }

    @Test("are read past while it is full, without waiting for whoever might fill them")
    func full() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let order = try CachedOrder(service, redis)
            func commands() throws -> Int {
                let info = try order.client.send(
                    Command("INFO", "commandstats"),
                    until: service.soon
                )
                let sets = info.string?.split(separator: "\r\n")
                    .first { $0.hasPrefix("cmdstat_set:") }
                return sets?.split(whereSeparator: { "=,".contains($0) }).dropFirst().first
                    .flatMap { Int($0) } ?? 0
            }
            try configure(order, "maxmemory", 1)
            let before = try commands()
            #expect(try order.states() == order.truth())
            // The guest's token and three parts, each of which would be asked for forty times.
            #expect(try commands() - before <= 8)
            #expect(service.services.cache.trust.isTrusted)
            // What was there before is dropped all the same.
            try configure(order, "maxmemory", 0)
            #expect(try order.states(2) == order.truth())
            try configure(order, "maxmemory", 1)
            try order.change()
            #expect(try order.states(2) == order.truth())
        }
    }

    /// Lets reads through and holds writes back, as Redis does while it hands over to a replica.
    @Test("are not believed while it answers and drops nothing")
    func held() async throws {
        try await ServiceUnderTest.runWithPrivateRedis(Self.impatient) { service, redis in
            let order = try CachedOrder(service, redis)
            #expect(try order.states(2) == order.truth())
            let sibling = try service.makeSibling()
            try order.holdWrites()
            let old = try order.stored()
            try order.change()
            // Also by who has changed nothing.
            for recovery in [service.services.cacheRecovery, sibling.cacheRecovery] {
                #expect(
                    eventually(within: .seconds(30), every: .milliseconds(10)) {
                        !recovery.round(until: service.soon)
                    }
                )
            }
            #expect(try order.stored() == old)
            #expect(try order.states(3) == order.truth())
            #expect(!service.services.cacheRecovery.round(until: service.soon))

            try order.letWrites()
            #expect(order.recover())
            #expect(try order.stored().allSatisfy { $0 == nil })
            #expect(try order.states(2) == order.truth())
            #expect(try !order.stored().contains(nil))
        }
    }

    @Test("lose what could not be dropped at once, though no worker repeats it")
    func repeated() async throws {
        try await ServiceUnderTest.runWithPrivateRedis(Self.impatient) { service, redis in
            let order = try CachedOrder(service, redis)
            #expect(try order.states(2) == order.truth())
            try order.holdWrites()
            try order.change()
            try order.forgetHeld()
            try order.letWrites()
            #expect(try !order.stored().contains(nil))
            #expect(order.recover())
            #expect(try order.stored().allSatisfy { $0 == nil })
            #expect(!service.services.cache.hasUnconfirmed)
            #expect(try order.states(2) == order.truth())
        }
    }

    @Test("lose it at the first chance, for the sake of who believes them still")
    func repeatedUnbelieved() async throws {
        try await ServiceUnderTest.runWithPrivateRedis(Self.impatient) { service, redis in
            let order = try CachedOrder(service, redis)
            #expect(try order.states(2) == order.truth())
            try order.holdWrites()
            try order.change()
            #expect(
                eventually(within: .seconds(30), every: .milliseconds(10)) {
                    !service.services.cacheRecovery.round(until: service.soon)
                }
            )
            try order.forgetHeld()
            try order.letWrites()
            #expect(try !order.stored().contains(nil))
            try service.services.cache.probe(until: service.soon)
            #expect(try order.stored().allSatisfy { $0 == nil })
            #expect(!service.services.cache.hasUnconfirmed)
        }
    }
}

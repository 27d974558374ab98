import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Leases that nobody holds any more", .enabled(if: ServiceUnderTest.isAvailable))
struct CacheLeaseTests {
    /// Calls that end soon, where all that change something wait for their end.
    private static let impatient = ["REDIS_TIMEOUT": "500ms"]
    private static let name = CacheName.orderSummaries

    private func areLeased(_ order: CachedOrder, _ keys: [[UInt8]]) throws -> Int64? {
        let exist = Command("EXISTS", keys: keys.map(LookUpCache.leaseKey))
        return try order.client.send(exist, until: order.service.soon).integer
    }

    /// Redis has carried out in the end what was not waited for.
    private func plantLeases(_ order: CachedOrder, _ keys: [[UInt8]]) throws {
        for key in keys {
            let take = Command("SET", LookUpCache.leaseKey(key), "gone", "PX", 600_000)
            _ = try order.client.send(take, until: order.service.soon)
        }
    }

    @Test("end at the first chance, though one could not be given back")
    func release() async throws {
        try await ServiceUnderTest.runWithPrivateRedis(Self.impatient) { service, redis in
            let order = try CachedOrder(service, redis)
            let key = order.keys[0]
            let entry = try service.services.cache.entry(Self.name, key: key, until: service.soon) {
                try order.holdWrites()
                return CacheEntry(version: 1, owner: nil, body: [1])
            }
            #expect(entry?.version == 1)
            try order.forgetHeld()
            try order.letWrites()
            #expect(try areLeased(order, [key]) == 1)
            try service.services.cache.probe(until: service.soon)
            #expect(try areLeased(order, [key]) == 0 && order.stored()[0] == nil)
        }
    }

    @Test("end at the first chance, though nobody was told that it was taken")
    func take() async throws {
        try await ServiceUnderTest.runWithPrivateRedis(Self.impatient) { service, redis in
            let order = try CachedOrder(service, redis)
            let (cache, key) = (service.services.cache, order.keys[0])
            try order.holdWrites()
            let entry = try cache.entry(Self.name, key: key, until: service.soon) {
                CacheEntry(version: 1, owner: nil, body: [1])
            }
            #expect(entry?.version == 1 && cache.trust.isTrusted)
            try order.forgetHeld()
            try order.letWrites()
            try plantLeases(order, [key])
            try cache.probe(until: service.soon)
            #expect(try areLeased(order, [key]) == 0 && !cache.hasUnconfirmed)
        }
    }

    @Test("end at the first chance, of many as well, and Redis is believed meanwhile")
    func many() async throws {
        try await ServiceUnderTest.runWithPrivateRedis(Self.impatient) { service, redis in
            let order = try CachedOrder(service, redis)
            let cache = service.services.cache
            let keys = (1...1_000).map { Self.name.key(Int64($0)) }
            // They are taken, and then nothing can be stored.
            let leases = try #require(cache.lease(keys, until: service.soon))
            try order.holdWrites()
            cache.store(
                keys.map { (key: $0, entry: .absent) },
                in: Self.name,
                under: leases,
                until: service.soon
            )
            try order.forgetHeld()
            try order.letWrites()
            #expect(try areLeased(order, keys) == 1_000)
            try cache.probe(until: service.soon)
            #expect(try areLeased(order, keys) == 0 && !cache.hasUnconfirmed)

            // Nobody is told that they are taken.
            try order.holdWrites()
            #expect(cache.lease(keys, until: service.soon) == nil)
            try order.forgetHeld()
            try order.letWrites()
            try plantLeases(order, keys)
            try cache.probe(until: service.soon)
            #expect(try areLeased(order, keys) == 0 && cache.trust.isTrusted)
        }
    }

    @Test("are waited for once, if whoever holds one was killed")
    func killed() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let order = try CachedOrder(service, redis)
            let key = order.keys[0]
            try plantLeases(order, [key])
            /// How often it was tried to take the lease.
            func tries() throws -> Int {
                let reset = Command("CONFIG", "RESETSTAT")
                _ = try order.client.send(reset, until: service.soon)
                let entry = try service.services.cache.entry(
                    Self.name,
                    key: key,
                    until: service.soon
                ) {
                    CacheEntry(version: 1, owner: nil, body: [1])
                }
                #expect(entry?.version == 1)
                let told = try order.client.send(
                    Command("INFO", "commandstats"),
                    until: service.soon
                )
                let line = try #require(told.string).split(separator: "\r\n")
                    .first { $0.hasPrefix("cmdstat_set:calls=") }
                return try #require(
                    line?.dropFirst(18).split(separator: ",").first.flatMap { Int($0) }
                )
            }
            #expect(try tries() > 1)
            #expect(try tries() == 1)
            #expect(try tries() == 1)
            // Once it has run out, all is as ever.
            _ = try order.client.send(
                Command("DEL", LookUpCache.leaseKey(key)),
                until: service.soon
            )
            _ = try tries()
            #expect(try order.stored()[0] != nil)
        }
    }
}

import Dispatch
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing

@testable import OrderService

@Suite("Entries that are missed together", .enabled(if: ServiceUnderTest.isAvailable))
struct CacheTogetherTests {
    private struct Failed: Error {}

    private static let name = CacheName.orderSummaries
    private static let keys = (1...4).map { name.key(Int64($0)) }

    private static func entry(_ place: Int, version: Int64 = 1) -> CacheEntry {
        CacheEntry(version: version, owner: nil, body: [UInt8(place)])
    }

    /// What is missed of `keys`, where the record has an entry for each place but the last.
    private func read(
        _ service: ServiceUnderTest,
        mayStore: (Int) -> Bool = { _ in true },
        meanwhile: ([Int]) throws -> Void = { _ in }
    ) throws -> [LookUpCache.Landing?] {
        try service.services.cache.entries(
            missing: Self.keys,
            in: Self.name,
            until: service.soon,
            mayStore: { place, _ in mayStore(place) },
            load: { places, _ in
                try meanwhile(places)
                return places.filter { $0 < 3 }.reduce(into: [:]) { $0[$1] = Self.entry($1) }
            }
        )
    }

    /// The bodies of those that Redis has; none of what it says that there is not.
    private func stored(_ service: ServiceUnderTest) throws -> [[UInt8]?] {
        try Self.keys.map { key in
            try service.services.cacheRedis.send(Command("GET", key), until: service.soon).bytes
                .flatMap { CacheEntry(stored: $0) }.map { Array($0.body) }
        }
    }

    private func leased(_ service: ServiceUnderTest) throws -> Int64? {
        let exist = Command("EXISTS", keys: Self.keys.map(LookUpCache.leaseKey))
        return try service.services.cacheRedis.send(exist, until: service.soon).integer
    }

    @Test("are read once and stored, and then taken from there")
    func once() async throws {
        try await ServiceUnderTest.run { service in
            var reads: [[Int]] = []
            let first = try read(service, meanwhile: { reads.append($0) })
            #expect(first.map { $0?.entry.body } == [[0], [1], [2], []])
            #expect(first[3]?.entry.isAbsent == true && first.allSatisfy { $0?.isOfRecord == true })
            #expect(try stored(service) == [[0], [1], [2], []] && leased(service) == 0)
            let second = try read(service, meanwhile: { reads.append($0) })
            #expect(reads == [[0, 1, 2, 3]])
            #expect(second.map { $0?.entry.body } == first.map { $0?.entry.body })
            #expect(second.allSatisfy { $0?.isOfRecord == false })
            #expect(try leased(service) == 0)
        }
    }

    @Test("are not stored for those who may not see them")
    func notShown() async throws {
        try await ServiceUnderTest.run { service in
            let landings = try read(service, mayStore: { $0 == 1 })
            #expect(landings.map { $0?.entry.body } == [[0], [1], [2], []])
            #expect(try stored(service) == [nil, [1], nil, nil] && leased(service) == 0)
        }
    }

    @Test("are left to those who are about to store them")
    func leftToOthers() async throws {
        try await ServiceUnderTest.run { service in
            let cache = service.services.cache
            let take = cache.takeLease(of: Self.keys[0], [1])
            _ = try service.services.cacheRedis.send(take, until: service.soon)
            let flight = try #require(cache.flights.begin(Self.keys[1]))
            var reads: [[Int]] = []
            let landings = try read(service, meanwhile: { reads.append($0) })
            #expect(landings.map { $0?.entry.body } == [nil, nil, [2], []] && reads == [[2, 3]])
            cache.flights.end(flight, nil)
            #expect(try stored(service) == [nil, nil, [2], []] && leased(service) == 1)
            // None of its flights is left behind.
            for key in Self.keys { #expect(cache.flights.begin(key) != nil) }
        }
    }

    @Test("are not stored where a change came between, and are true for nobody who came after it")
    func overtaken() async throws {
        try await ServiceUnderTest.run { service in
            let cache = service.services.cache
            var change = ContinuousClock.now
            let landings = try read(
                service,
                meanwhile: { _ in
                    #expect(cache.drop([Self.keys[1]], until: service.soon))
                    change = .now
                }
            )
            #expect(landings.map { $0?.entry.body } == [[0], [1], [2], []])
            #expect(landings.allSatisfy { $0?.isTrue(since: change) == false })
            #expect(try stored(service) == [[0], nil, [2], []] && leased(service) == 0)
        }
    }

    @Test("leave nothing behind where they cannot be read")
    func failed() async throws {
        try await ServiceUnderTest.run { service in
            #expect(throws: Failed.self) { try read(service, meanwhile: { _ in throw Failed() }) }
            #expect(try stored(service) == [nil, nil, nil, nil] && leased(service) == 0)
            for key in Self.keys {
                let flight = try #require(service.services.cache.flights.begin(key))
                service.services.cache.flights.end(flight, nil)
            }
            #expect(try read(service).map { $0?.entry.body } == [[0], [1], [2], []])
        }
    }

    @Test("are read all the same while Redis is away, or not believed any more")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let untrusted = try read(
                service,
                meanwhile: { _ in service.services.cache.trust.lose() }
            )
            #expect(untrusted.map { $0?.entry.body } == [[0], [1], [2], []])
            #expect(try stored(service) == [nil, nil, nil, nil] && leased(service) == 0)
            redis.stop()
            let away = try read(service)
            #expect(away.map { $0?.entry.body } == [[0], [1], [2], []])
            #expect(away.allSatisfy { $0?.isOfRecord == true })
        }
    }
}

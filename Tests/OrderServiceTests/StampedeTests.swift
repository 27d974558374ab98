import Dispatch
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Synchronization
import Testing
import Web

@testable import OrderService

@Suite("Many readers of one entry that is missing", .enabled(if: ServiceUnderTest.isAvailable))
struct StampedeTests {
    private static let key = CacheName.orderSummaries.key(7)

    /// Reads one key by many threads in each of some processes' caches at once.
    ///
    /// - Returns: what each saw, and how often the record was read.
    private func read(
        _ caches: [LookUpCache],
        readers: Int,
        until deadline: Deadline,
        load: @escaping @Sendable () throws -> CacheEntry?
    ) throws -> (bodies: Set<String>, loads: Int) {
        let loads = Atomic<Int>(0)
        let companions = caches.flatMap { cache in
            (0..<readers).map { _ in
                Companion {
                    try cache.entry(.orderSummaries, key: Self.key, until: deadline) {
                        loads.add(1, ordering: .relaxed)
                        return try load()
                    }.map { String(decoding: $0.body, as: UTF8.self) }
                }
            }
        }
        let bodies = try companions.map { try $0.join() ?? "nothing" }
        return (Set(bodies), loads.load(ordering: .relaxed))
    }

    @Test("cause one reading of the record in each process at most")
    func once() async throws {
        try await ServiceUnderTest.run { service in
            let siblings = try (0..<3).map { _ in try service.makeSibling() }
            defer { for sibling in siblings { sibling.close() } }
            let caches = [service.services.cache] + siblings.map(\.cache)
            let (bodies, loads) = try read(caches, readers: 40, until: service.soon) {
                CacheEntry(version: 1, owner: nil, body: Array("x".utf8))
            }
            #expect(bodies == ["x"] && (1...4).contains(loads))
        }
    }

    @Test("read the record one at a time, also while Redis is away")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            redis.stop()
            let atOnce = Atomic<Int>(0)
            let most = Atomic<Int>(0)
            let (bodies, loads) = try read(
                [service.services.cache],
                readers: 40,
                until: service.soon
            ) {
                let now = atOnce.add(1, ordering: .sequentiallyConsistent).newValue
                most.max(now, ordering: .sequentiallyConsistent)
                defer { atOnce.subtract(1, ordering: .sequentiallyConsistent) }
                return CacheEntry(version: 1, owner: nil, body: Array("x".utf8))
            }
            #expect(bodies == ["x"] && (1...40).contains(loads))
            #expect(most.load(ordering: .sequentiallyConsistent) == 1)
        }
    }

    @Test("read for themselves where a change came between")
    func overtaken() async throws {
        try await ServiceUnderTest.run { service in
            let cache = service.services.cache
            let version = Atomic<Int64>(1)
            let begun = DispatchSemaphore(value: 0)
            let changed = DispatchSemaphore(value: 0)
            @Sendable func entry() -> CacheEntry {
                let version = version.load(ordering: .sequentiallyConsistent)
                return CacheEntry(version: version, owner: nil, body: [])
            }
            let first = Companion {
                try cache.entry(.orderSummaries, key: Self.key, until: service.soon) {
                    let before = entry()
                    begun.signal()
                    changed.wait()
                    return before
                }?.version
            }
            begun.wait()
            // Who comes now waits for the first one; then the order changes, and says so.
            let others = (0..<20).map { _ in
                Companion {
                    try cache.entry(.orderSummaries, key: Self.key, until: service.soon) {
                        entry()
                    }?.version
                }
            }
            version.store(2, ordering: .sequentiallyConsistent)
            #expect(cache.drop([Self.key], until: service.soon))
            changed.signal()
            // The first may tell what it has read; whoever came later reads again.
            #expect(try first.join() == 1)
            for other in others { #expect(try other.join() == 2) }
            let stored = try cache.entry(.orderSummaries, key: Self.key, until: service.soon) {
                entry()
            }
            #expect(stored?.version == 2)
        }
    }

    @Test("share no failure: each tries for itself")
    func failures() async throws {
        struct Failed: Error {}
        try await ServiceUnderTest.run { service in
            let isFirst = Atomic<Bool>(true)
            let companions = (0..<10).map { _ in
                Companion {
                    try service.services.cache.entry(
                        .orderSummaries,
                        key: Self.key,
                        until: service.soon
                    ) {
                        if isFirst.exchange(false, ordering: .sequentiallyConsistent) {
                            throw Failed()
                        }
                        return CacheEntry(version: 1, owner: nil, body: Array("x".utf8))
                    }
                }
            }
            let results = companions.map { companion in Result { try companion.join() } }
            #expect(results.count { if case .failure = $0 { true } else { false } } == 1)
        }
    }
}

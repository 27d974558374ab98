import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Caches after a loss of Redis", .enabled(if: ServiceUnderTest.isAvailable))
struct CacheOutageTests {
    @Test("show nothing old of a server that comes back with what it had")
    func surviving() async throws {
        let disk = ["--appendonly", "yes", "--appendfsync", "always"]
        try await ServiceUnderTest.runWithPrivateRedis(arguments: disk) { service, redis in
            let scene = try CachedOrder(service, redis)
            let before = scene.states(2)
            #expect(try before == scene.truth())
            let old = try scene.stored()
            #expect(!old.contains(nil))
            redis.stop()
            try scene.change()
            #expect(try scene.states() == scene.truth())
            try redis.start()
            #expect(try scene.stored() == old)
            // It answers, but is not believed; and nobody stores anything.
            #expect(try scene.states(3) == scene.truth())
            #expect(try scene.stored() == old)
            #expect(scene.recover())
            #expect(try scene.stored().allSatisfy { $0 == nil })
            #expect(try scene.states(2) == scene.truth())
            #expect(try !scene.stored().contains(nil))
            #expect(service.send(.get, "/metrics").text.contains("orderd_cache_trusted 1\n"))
        }
    }

    @Test("show nothing old of a replica that took over without the last drops")
    func failedOver() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let scene = try CachedOrder(service, redis)
            _ = scene.states(2)
            let old = try scene.stored()
            try scene.change()
            try service.settle()
            #expect(try scene.stored().allSatisfy { $0 == nil })
            // Between two requests: nobody meets a closed door.
            redis.stop()
            try redis.start()
            try scene.put(old)
            #expect(try scene.states(3) == scene.truth())
            #expect(service.send(.get, "/metrics").text.contains("orderd_cache_trusted 0\n"))
            #expect(scene.recover())
            #expect(try scene.stored().allSatisfy { $0 == nil })
            #expect(try scene.states(2) == scene.truth())
            #expect(try !scene.stored().contains(nil))
        }
    }

    @Test("are not believed by a process that begins where all was lost at once, an hour ago")
    func restarted() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let scene = try CachedOrder(service, redis)
            _ = scene.states(2)
            let old = try scene.stored()
            try scene.change()
            try service.settle()
            service.advance(by: .seconds(3_600))
            // What a log on disk has that lacks the last second.
            try scene.put(old)
            _ = try service.makeSibling()
            #expect(try scene.stored().allSatisfy { $0 == nil })
        }
    }

    @Test("have what Redis forgot dropped before anything is marked as dropped")
    func restartedWorker() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let scene = try CachedOrder(service, redis)
            let other = try CachedOrder(service, redis)
            _ = scene.states(2)
            let old = try scene.stored()
            try scene.change()
            try service.settle()
            service.advance(by: .seconds(3_600))
            try scene.put(old)
            // Something of another order is left to be sent by a worker that begins.
            try other.change()
            service.services.cache.trust.lose()
            try service.drain()
            #expect(try scene.stored().allSatisfy { $0 == nil })
        }
    }

    @Test("fill again what a server has lost")
    func flushed() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let scene = try CachedOrder(service, redis)
            _ = scene.states(2)
            redis.stop()
            try scene.change()
            try redis.start()
            #expect(try scene.states(2) == scene.truth())
            #expect(scene.recover())
            #expect(try scene.states(2) == scene.truth())
            #expect(try !scene.stored().contains(nil))
        }
    }

    @Test("are not believed where Redis is lost again during the recovery")
    func lostAgain() {
        let trust = CacheTrust()
        #expect(!trust.isTrusted)
        #expect(trust.regain(after: trust.period) && trust.isTrusted)
        #expect(trust.regain(after: trust.period))
        trust.lose()
        let period = trust.period
        trust.lose()
        #expect(!trust.regain(after: period) && !trust.isTrusted)
        #expect(trust.regain(after: trust.period) && trust.isTrusted)
        #expect(trust.regain(after: trust.period))
    }
}

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
    /// A paid order's look-ups, and what Redis has of it, past the service.
    private struct Scene {
        let service: ServiceUnderTest
        let redis: PrivateRedis
        let order: ServiceUnderTest.Placed
        let client: RedisClient

        init(_ service: ServiceUnderTest, _ redis: PrivateRedis) throws {
            self.service = service
            self.redis = redis
            order = try service.paidOrder()
            client = RedisClient(
                RedisConfiguration(
                    address: .unix(redis.socketPath),
                    connectTimeout: .seconds(5),
                    operationTimeout: .seconds(10)
                )
            )
        }

        var keys: [[UInt8]] {
            [CacheName.orderSummaries, .paymentStatus, .orderTracking].map { $0.key(order.id) }
        }

        /// The order's parts, each asked for as often.
        func states(_ times: Int = 1) -> Set<[String?]> {
            var seen: Set<[String?]> = []
            for _ in 0..<times {
                let answers = ["", "/payment", "/tracking"].map {
                    service.send(.get, order.path + $0, token: order.token)
                }
                seen.insert(answers.map { $0.status == 200 ? $0.field("ETag") : nil })
            }
            return seen
        }

        func stored() throws -> [[UInt8]?] {
            try keys.map { try client.send(Command("GET", $0), until: service.soon).bytes }
        }

        func put(_ values: [[UInt8]?]) throws {
            for (key, value) in zip(keys, values) {
                if let value {
                    _ = try client.send(Command("SET", key, value), until: service.soon)
                }
            }
        }

        /// What the record says, as each part would be tagged.
        func truth() throws -> Set<[String?]> {
            let rows = try service.query("SELECT version FROM orders WHERE id = \(order.id)")
            let version = try #require(rows.first).int64("version")
            let tag = EntityTag.text(orderID: order.id, version: version)
            return [[tag, tag, tag]]
        }

        func change() throws {
            let staff = try service.session("w", .service)
            let path = "/v1/admin/orders/\(order.id)/fulfilment"
            let answer = service.send(.post, path, token: staff, ["event": "start"])
            try #require(answer.status == 200)
        }

        /// Rounds of the recovery until it has succeeded; a breaker may have to close first.
        func recover() -> Bool {
            eventually(within: .seconds(30), every: .milliseconds(10)) {
                service.services.cacheRecovery.round(until: service.soon)
            }
        }
    }

    @Test("show nothing old of a server that comes back with what it had")
    func surviving() async throws {
        let disk = ["--appendonly", "yes", "--appendfsync", "always"]
        try await ServiceUnderTest.runWithPrivateRedis(arguments: disk) { service, redis in
            let scene = try Scene(service, redis)
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
            let scene = try Scene(service, redis)
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

    @Test("fill again what a server has lost")
    func flushed() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let scene = try Scene(service, redis)
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
        #expect(trust.isTrusted && trust.regain(after: trust.period))
        trust.lose()
        let period = trust.period
        trust.lose()
        #expect(!trust.regain(after: period) && !trust.isTrusted)
        #expect(trust.regain(after: trust.period) && trust.isTrusted)
        #expect(trust.regain(after: trust.period))
    }
}

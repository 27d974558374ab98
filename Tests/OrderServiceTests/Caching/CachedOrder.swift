import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import OrderService

/// A paid order's look-ups, and what Redis has of it, past the service.
struct CachedOrder {
    let service: ServiceUnderTest
    let order: ServiceUnderTest.Placed
    let client: RedisClient

    init(_ service: ServiceUnderTest, _ redis: PrivateRedis) throws {
        self.service = service
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

    /// Has Redis hold writes back, as in a failover, and answer all else.
    func holdWrites() throws {
        let pause = Command("CLIENT", "PAUSE", 3_600_000, "WRITE")
        _ = try client.send(pause, until: service.soon)
    }

    func letWrites() throws {
        _ = try client.send(Command("CLIENT", "UNPAUSE"), until: service.soon)
    }

    /// Ends the connections of calls that nobody waits for any more, and which it would make up for.
    func forgetHeld() throws {
        let list = try client.send(Command("CLIENT", "LIST"), until: service.soon)
        for line in try #require(list.string).split(separator: "\n")
        where ["cmd=unlink", "cmd=eval", "cmd=set"].contains(where: line.contains) {
            let id = try #require(line.split(separator: " ").first { $0.hasPrefix("id=") })
            let kill = Command("CLIENT", "KILL", "ID", String(id.dropFirst(3)))
            _ = try client.send(kill, until: service.soon)
        }
    }
}

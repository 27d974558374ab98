import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Signing
import Testing
import Web

@testable import OrderService

/// A second process stands beside the first, on the same MariaDB and Redis.
@Suite("Revocations", .enabled(if: ServiceUnderTest.isAvailable))
struct RevocationTests {
    /// What Redis has of a credential, to be put back as it was.
    private struct Copy {
        let key: [UInt8]
        let value: [UInt8]
        let redis: RedisClient

        init(_ kind: CacheName, _ token: String, _ services: Services) throws {
            redis = services.cacheRedis
            key = kind.key(SHA256.digest(Array(token.utf8)))
            let reply = try redis.send(Command("GET", key), until: .after(.seconds(9)))
            value = try #require(reply.bytes)
        }

        func putBack() throws {
            _ = try redis.send(Command("SET", key, value), until: .after(.seconds(9)))
        }

        var isThere: Bool {
            get throws {
                try redis.send(Command("GET", key), until: .after(.seconds(9))).bytes == value
            }
        }
    }

    @Test("count in another process, whatever Redis still has of the session")
    func oldSession() async throws {
        try await ServiceUnderTest.run { service in
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let other = sibling.makeApplication().application
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            for path in [order.path, order.path, "/v1/orders"] {
                #expect(service.send(.get, path, token: token, to: other).status == 200)
            }
            let copy = try Copy(.session, token, sibling)
            #expect(service.send(.delete, "/v1/sessions/current", token: token).status == 204)
            try copy.putBack()
            // What it is for: without having asked, the other process believes its Redis.
            #expect(service.send(.get, order.path, token: token, to: other).status == 200)
            #expect(sibling.revocationWatch.round())
            for path in [order.path, "/v1/orders"] {
                let answer = service.send(.get, path, token: token, to: other)
                #expect(answer.status == 401 && answer.code == "unauthenticated")
            }
            #expect(try copy.isThere)
            // The process that did it knows at once.
            #expect(service.send(.get, order.path, token: token).status == 401)
        }
    }

    @Test("count for a guest's token just so, a rotated one within its overlap excepted")
    func oldGuest() async throws {
        try await ServiceUnderTest.run { service in
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let other = sibling.makeApplication().application
            let order = try service.placedOrder()
            func status(_ token: String) -> Int {
                service.send(.get, order.path, token: token, to: other).status
            }
            #expect(status(order.token) == 200 && status(order.token) == 200)
            let copy = try Copy(.guestToken, order.token, sibling)
            let rotated = service.send(.post, "/v1/guest/token/rotate", token: order.token)
            let fresh = rotated["token"].string ?? "?"
            try copy.putBack()
            sibling.revocationWatch.round()
            #expect(status(order.token) == 200)
            sibling.clock.advance(by: .seconds(61))
            #expect(status(order.token) == 401)

            #expect(status(fresh) == 200 && status(fresh) == 200)
            let freshCopy = try Copy(.guestToken, fresh, sibling)
            #expect(service.send(.delete, "/v1/guest/token", token: fresh).status == 204)
            try freshCopy.putBack()
            sibling.revocationWatch.round()
            #expect(status(fresh) == 401)
            #expect(try freshCopy.isThere)
        }
    }

    @Test("made while Redis was away count when it comes back with what it had")
    func redisComesBack() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let other = sibling.makeApplication().application
            let token = try service.session("1", .customer)
            #expect(service.send(.get, "/v1/orders", token: token, to: other).status == 200)
            let copy = try Copy(.session, token, sibling)
            redis.stop()
            #expect(service.send(.delete, "/v1/sessions", token: token).status == 204)
            try redis.start()
            try copy.putBack()
            sibling.revocationWatch.round()
            #expect(service.send(.get, "/v1/orders", token: token, to: other).status == 401)
            #expect(service.send(.get, "/v1/orders", token: token).status == 401)
            #expect(try copy.isThere)
            // The outbox drops it once a worker runs.
            try service.drain()
            #expect(try !copy.isThere)
        }
    }

    @Test("and look-ups of who is signed in go on while Redis is away")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            let hit = service.send(.get, order.path, token: token)
            redis.stop()
            for _ in 0..<20 {
                let answer = service.send(.get, order.path, token: token)
                #expect(answer.status == 200 && answer.response.body == hit.response.body)
            }
            let sessions = service.send(.get, "/v1/sessions", token: token)
            #expect(sessions["items"].array?.count == 1)
            #expect(service.send(.get, "/v1/orders", token: token).status == 200)
            #expect(service.send(.delete, "/v1/sessions", token: token).status == 204)
            #expect(service.send(.get, order.path, token: token).status == 401)
        }
    }

    @Test("go through the outbox in their transaction, for Redis")
    func outbox() async throws {
        try await ServiceUnderTest.run { service in
            let tokens = try (0..<3).map { _ in try service.session("1", .customer) }
            let path = "/v1/sessions"
            #expect(service.send(.delete, path, token: tokens[0]).status == 204)
            let rows = try service.query(
                "SELECT order_id, payload FROM outbox WHERE topic = 'credentials.revoked'"
            )
            #expect(rows.count == 1)
            let payload = try #require(try rows.first?.string("payload"))
            let drop = try #require(CredentialDrop(payload: payload))
            let hashes = tokens.map { SHA256.digest(Array($0.utf8)) }
            #expect(drop.kind == .session && Set(drop.tokenHashes) == Set(hashes))
            try service.drain()
            let unsent = try service.query(
                "SELECT id FROM outbox WHERE channel = 'cache' AND sent_at IS NULL"
            )
            #expect(unsent.isEmpty)
        }
    }

    @Test("cannot be asked for while MariaDB is away: hits are answered, and one line says so")
    func withoutMariaDB() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            #expect(service.send(.get, order.path, token: token).status == 200)
            let watch = service.services.revocationWatch
            try service.execute("RENAME TABLE sessions TO sessions_away")
            #expect(!watch.round() && !watch.round())
            #expect(service.send(.get, order.path, token: token).status == 200)
            try service.execute("RENAME TABLE sessions_away TO sessions")
            #expect(watch.round())
        }
    }
}

import OrderServiceHarness
import OrderServiceTesting
import Redis
import Testing
import Web

@testable import OrderService

@Suite("Copies of checkout sessions in Redis", .enabled(if: ServiceUnderTest.isAvailable))
struct CheckoutSessionCopyTests {
    private static let create = "/v1/checkout/sessions"

    @Test(
        "are dropped again from Redis where a change could not drop them",
        arguments: [true, false]
    )
    func repeatedDrop(isDeleted: Bool) async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let id = try #require(
                service.send(.post, Self.create, token: token, [:])["id"].string
            )
            let path = "\(Self.create)/\(id)"
            let key = CacheName.checkoutSession.key(id)
            func stored() throws -> Reply {
                try service.services.cacheRedis.send(Command("GET", key), until: service.soon)
            }
            #expect(service.send(.get, path, token: token).status == 200)
            let old = try #require(try stored().bytes)
            let items: JSON = ["items": [ServiceUnderTest.item("CAFEA-250", 5)]]
            let answer =
                isDeleted
                ? service.send(.delete, path, token: token)
                : service.send(.patch, path, token: token, items)
            #expect(answer.status == (isDeleted ? 204 : 200))
            #expect(try stored() == .null)
            // As though Redis had not heard of it.
            let put = Command("SET", key, old)
            _ = try service.services.cacheRedis.send(put, until: service.soon)
            try service.drain()
            #expect(try stored() == .null)
            let shown = service.send(.get, path, token: token)
            #expect(shown.status == (isDeleted ? 404 : 200))
            #expect(isDeleted || shown["lines", "0", "quantity"] == 5)
        }
    }

    @Test("end when the record says so, though a copy in Redis has not heard of a longer life")
    func repeatedEnd() async throws {
        try await ServiceUnderTest.run { service in
            let order: JSON = [
                "email": "ana@example.ro", "items": [ServiceUnderTest.item("CAFEA-250")],
            ]
            let answer = service.send(.post, Self.create, order)
            let id = try #require(answer["id"].string)
            let token = try #require(answer["token"].string)
            let path = "\(Self.create)/\(id)"
            let key = CacheName.checkoutSession.key(id)
            func redis(_ command: Command) throws -> Reply {
                try service.services.cacheRedis.send(command, until: service.soon)
            }
            #expect(service.send(.get, path, token: token).status == 200)
            let old = try #require(try redis(Command("GET", key)).bytes)
            let life = service.services.settings.checkout.slidingLife
            service.advance(by: life - .seconds(10))
            #expect(service.send(.get, path, token: token).status == 200)
            _ = try redis(Command("SET", key, old))
            service.advance(by: .seconds(20))
            #expect(service.send(.get, path, token: token).status == 200)
            service.advance(by: life + .seconds(20))
            #expect(service.send(.get, path, token: token).status == 410)
        }
    }

    @Test(
        "are read from the record where a copy in Redis cannot be read",
        arguments: ["2|1||0|{}", "2|9|1|0|", "3|1||0|{}", "nonsense"]
    )
    func unreadableCopy(copy: String) async throws {
        try await ServiceUnderTest.run { service in
            let session = try service.readyCheckout()
            let path = "/v1/checkout/sessions/\(session.id)"
            let before = service.send(.get, path, token: session.token)
            #expect(before.status == 200)
            let key = CacheName.checkoutSession.key(session.id)
            let redis = service.services.cacheRedis
            _ = try redis.send(Command("SET", key, copy), until: service.soon)
            let after = service.send(.get, path, token: session.token)
            #expect(after.status == 200 && after.response.body == before.response.body)
            // It is mended, so that the next one need not.
            let stored = try redis.send(Command("GET", key), until: service.soon).string
            #expect(stored != nil && (stored != copy || copy.hasPrefix("2|9")))
        }
    }
}

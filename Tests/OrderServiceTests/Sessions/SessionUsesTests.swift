import MariaDB
import OrderServiceHarness
import Resilience
import Signing
import Testing
import Web

@testable import OrderService

@Suite("Uses of sessions") struct SessionUsesTests {
    private static func hash(_ number: Int) -> Digest { SHA256.digest(Array("\(number)".utf8)) }

    @Test("are taken once a period, each session once")
    func periods() {
        let uses = SessionUses()
        for _ in 0..<3 { for number in 0..<100 { uses.note(Self.hash(number)) } }
        #expect(Set(uses.take()) == Set((0..<100).map(Self.hash)))
        #expect(uses.take().isEmpty)
        uses.note(Self.hash(7))
        uses.giveBack([Self.hash(8)])
        #expect(Set(uses.take()) == [Self.hash(7), Self.hash(8)])
    }

    @Test("are not lost where two sessions share a slot")
    func collisions() {
        let uses = SessionUses()
        let all = (0..<40_000).map(Self.hash)
        for hash in all { uses.note(hash) }
        #expect(Set(uses.take()) == Set(all))
    }

    @Test(
        "are written at most once a minute, those that Redis answered among them",
        .enabled(if: ServiceUnderTest.isAvailable)
    )
    func writing() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            func lastUse() throws -> Timestamp? {
                service.services.writeSessionUses(until: service.soon)
                return try service.query("SELECT last_used_at FROM sessions WHERE user_id = '1'")
                    .first?.optionalTimestamp("last_used_at")
            }
            let first = try #require(try lastUse())
            #expect(first <= service.now)

            // Whatever MariaDB may say now, hits are what is counted.
            #expect(service.send(.get, order.path, token: token).status == 200)
            service.services.writeSessionUses(until: service.soon)
            service.advance(by: .seconds(59))
            #expect(service.send(.get, order.path, token: token).status == 200)
            #expect(try lastUse() == first)
            try service.execute("RENAME TABLE orders TO orders_away")
            defer { try? service.execute("RENAME TABLE orders_away TO orders") }
            service.advance(by: .seconds(30))
            #expect(service.send(.get, order.path, token: token).status == 200)
            let second = try #require(try lastUse())
            #expect(second > first)
            service.advance(by: .seconds(120))
            #expect(try lastUse() == second)
        }
    }

    @Test(
        "of a session that has ended, or of none, are not written",
        .enabled(if: ServiceUnderTest.isAvailable)
    )
    func refused() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            try service.execute(
                "UPDATE sessions SET created_at = '2020-01-01', expires_at = '2020-01-02'"
            )
            #expect(service.send(.get, "/v1/orders", token: token).code == "token_expired")
            service.services.writeSessionUses(until: service.soon)
            let row = try service.query("SELECT last_used_at FROM sessions").first
            #expect(try row?.optionalTimestamp("last_used_at") == nil)
        }
    }
}

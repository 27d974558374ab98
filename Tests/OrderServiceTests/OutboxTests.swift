import Dispatch
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Signing
import Synchronization
import Testing
import Web

@testable import OrderService

@Suite("Outbox, idempotency and caches", .enabled(if: ServiceUnderTest.isAvailable))
struct OutboxTests {
    private func relay(_ services: Services) -> OutboxRelay {
        OutboxRelay(
            database: services.database,
            clock: services.clock,
            channel: .event,
            process: services.process
        )
    }

    @Test("leases the oldest unsent event of each order, and only that")
    func oldestOfEach() async throws {
        try await ServiceUnderTest.run { service in
            try service.addEvents(orders: 3, each: 4)
            let relay = relay(service.services)
            let first = try relay.lease(limit: 100, until: service.soon)
            #expect(first.map(\.orderID).sorted() == [1, 2, 3])
            let second = try relay.lease(limit: 100, until: service.soon)
            #expect(second.isEmpty)
            try relay.markSent([first[0].id], until: service.soon)
            let third = try relay.lease(limit: 100, until: service.soon)
            #expect(third.map(\.orderID) == [first[0].orderID])
            #expect(third.first.map { $0.id > first[0].id } == true)
            // A lease that its holder let run out is taken over.
            service.advance(by: .seconds(31))
            let again = try relay.lease(limit: 100, until: service.soon)
            #expect(Set(again.map(\.id)) == Set(first.dropFirst().map(\.id) + third.map(\.id)))
            // Its mark comes too late then.
            try service.execute("UPDATE outbox SET leased_by = 'worker@other:1'")
            try relay.markSent(again.map(\.id), until: service.soon)
            let rows = try service.query("SELECT COUNT(*) FROM outbox WHERE sent_at IS NOT NULL")
            #expect(try rows[0].int(0) == 1)
        }
    }

    @Test("tells each event once and in order with two relays at work")
    func twoRelays() async throws {
        try await ServiceUnderTest.run { service in
            try service.addEvents(orders: 5, each: 12)
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let workers = [service.services.makeWorker(), sibling.makeWorker()]
            for companion in workers.map({ worker in Companion { try worker.drain() } }) {
                _ = try companion.join()
            }
            try service.drain()
            let ids = try service.streamedIDs()
            #expect(ids.count == 60 && Set(ids).count == 60)
            for order in 1...5 {
                let own = try service.query(
                    """
                    SELECT JSON_VALUE(payload, '$.id') AS id FROM outbox
                    WHERE order_id = \(order) ORDER BY outbox.id
                    """
                ).map { try $0.string("id") }
                #expect(own.count == 12 && ids.filter(own.contains) == own)
            }
        }
    }

    @Test("leaves what it could not claim to the next round")
    func failedClaim() async throws {
        try await ServiceUnderTest.run { service in
            try service.addEvents(orders: 2, each: 1)
            let relay = relay(service.services)
            let locked = DispatchSemaphore(value: 0)
            let tried = DispatchSemaphore(value: 0)
            let holder = Companion {
                try service.services.database.transaction(class: .job, until: service.soon) {
                    _ = try $0.query("SELECT id FROM outbox FOR UPDATE")
                    locked.signal()
                    tried.wait()
                }
            }
            locked.wait()
            // The rows are read, and cannot be written.
            #expect(throws: MariaDBError.self) {
                try relay.lease(limit: 10, until: .after(.seconds(4)))
            }
            tried.signal()
            try holder.join()
            #expect(try relay.lease(limit: 10, until: service.soon).count == 2)
        }
    }

    @Test("keeps an order's later events behind a failing one, until it is dead, then replays it")
    func deadLetters() async throws {
        try await ServiceUnderTest.run { service in
            try service.addEvents(orders: 1, each: 2)
            let relay = relay(service.services)
            var firstID: Int64?
            let tries = 5
            for attempt in 1...tries {
                // The last try comes when the message is too old to be tried again.
                if attempt == tries { service.advance(by: OutboxRelay.maximumAge) }
                let messages = try relay.lease(limit: 10, until: service.soon)
                #expect(messages.count == 1)
                let message = try #require(messages.first)
                #expect(message.id == firstID ?? message.id)
                firstID = message.id
                #expect(message.attempts == attempt - 1)
                try relay.postpone(message, because: "no", until: service.soon)
                let early = try relay.lease(limit: 10, until: service.soon)
                #expect(early.isEmpty || attempt == tries)
                service.advance(by: .seconds(301))
            }
            let dead = try service.query(
                "SELECT id, last_error FROM outbox WHERE dead_at IS NOT NULL"
            )
            #expect(try dead.map { try $0.int64("id") } == [firstID])
            try service.drain()
            #expect(try service.streamedIDs() == ["evt_1"])

            let archive = service.services.eventArchive
            let listed = try archive.replay(.dead, isDryRun: true, until: service.soon)
            #expect(listed.map(\.rowID) == [firstID] && listed.map(\.eventID) == ["evt_0"])
            try service.drain()
            #expect(try service.streamedIDs() == ["evt_1"])
            _ = try archive.replay(.dead, isDryRun: false, until: service.soon)
            try service.drain()
            #expect(try service.streamedIDs() == ["evt_1", "evt_0"])
            _ = try archive.replay(.order(1), isDryRun: false, until: service.soon)
            try service.drain()
            #expect(try service.streamedIDs() == ["evt_1", "evt_0", "evt_0", "evt_1"])
        }
    }

    @Test("ends an order that was placed and never shown, with its stock")
    func discardsUnseen() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute("DELETE FROM reservations")
            try service.execute("DELETE FROM guest_tokens")
            try service.execute("DELETE FROM order_events")
            try service.execute("UPDATE orders SET visible_at = NULL")
            service.advance(by: .seconds(60))
            try service.drain()
            #expect(try service.rowCounts()["orders"] == 1)
            service.advance(by: .seconds(61))
            try service.drain()
            #expect(try service.rowCounts()["orders"] == 0)
            let stock = service.standIn(.get, "/products?skus=CANA-ALBA")
            #expect(stock["products", "0", "stock"] == 1_000)
            _ = order
        }
    }

    // MARK: Idempotency

    @Test("lets one of two claims have a key, and fences the slower one out")
    func claims() async throws {
        try await ServiceUnderTest.run { service in
            let store = service.services.idempotency.store
            let scope = IdempotencyScope(
                principal: "user:1",
                route: "/r",
                key: "k",
                fingerprint: SHA256.digest([1])
            )
            @Sendable func claim() throws -> IdempotencyDecision {
                try store.claim(
                    scope,
                    lease: .seconds(30),
                    retention: .seconds(3_600),
                    until: service.soon
                )
            }
            let decisions = try (0..<8).map { _ in Companion { try claim() } }
                .map { try $0.join() }
            let claimed = decisions.compactMap { decision -> IdempotencyClaim? in
                if case .claimed(let claim) = decision { claim } else { nil }
            }
            #expect(claimed.count == 1)
            let slow = try #require(claimed.first)
            service.advance(by: .seconds(31))
            guard case .claimed(let fast) = try claim() else {
                Issue.record("the lease is not taken over")
                return
            }
            #expect(fast.fence == slow.fence + 1)
            func finish(_ claim: IdempotencyClaim, _ text: String) throws -> Bool {
                try service.services.database.transaction(class: .write, until: service.soon) {
                    try store.finish(
                        claim,
                        StoredAnswer(status: 201, body: Array(text.utf8)),
                        orderID: nil,
                        retention: .seconds(3_600),
                        in: &$0
                    )
                }
            }
            let slowWon = try finish(slow, "slow")
            let fastWon = try finish(fast, "fast")
            #expect(!slowWon && fastWon)
            // What comes too late changes nothing any more.
            try store.release(slow, until: service.soon)
            guard case .replay(let answer) = try claim() else {
                Issue.record("the answer is not repeated")
                return
            }
            #expect(answer.status == 201 && answer.body == Array("fast".utf8))
            service.advance(by: .seconds(3_601))
            try service.drain()
            #expect(try service.rowCounts()["idempotency_keys"] == 0)
        }
    }

    @Test("goes on after a crash between the effect and the answer, with the same order")
    func crash() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let first = service.complete(checkout)
            let orderID = first["order", "id"].integer
            // As a process leaves it that dies before it stores the answer.
            try service.execute("DELETE FROM guest_tokens")
            try service.execute(
                """
                UPDATE idempotency_keys SET response = NULL, response_status = NULL,
                    recovery_point = 'started', leased_until = \(service.now + .seconds(30))
                """
            )
            let early = service.complete(checkout)
            #expect(early.status == 409 && early.code == "idempotency_in_progress")
            #expect(early.field("Retry-After") != nil)
            service.advance(by: .seconds(31))
            let repeated = service.complete(checkout)
            #expect(repeated.status == 201)
            #expect(repeated["order", "id"].integer == orderID)
            #expect(repeated["guestToken"].string != nil)
            #expect(repeated["payment", "clientSecret"] == first["payment", "clientSecret"])
            #expect(try service.rowCounts()["orders"] == 1)
            #expect(service.intents.count == 1)
        }
    }

    @Test(
        "goes on from each point where a completion may have stopped",
        arguments: ["rows", "reserved", "shown"]
    )
    func crashPoints(point: String) async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            if point == "shown" {
                // The intent is made, and the answer is lost on the way.
                service.setFault("POST /stripe/v1/payment_intents", "drop_after", times: 1)
            }
            let first = service.complete(checkout)
            #expect(first.status == 201)
            try service.execute("DELETE FROM guest_tokens")
            try service.execute("DELETE FROM idempotency_keys")
            if point != "shown" {
                try service.execute("DELETE FROM reservations")
                try service.execute("DELETE FROM order_events")
                try service.execute("UPDATE orders SET visible_at = NULL")
            }
            if point == "rows" {
                service.standIn(.post, "/_reset")
                try service.execute(
                    """
                    UPDATE payments SET provider_intent_id = NULL, status = 'requires_retry'
                    """
                )
                try service.execute("UPDATE orders SET payment_status = 'requires_retry'")
            }
            let repeated = service.complete(checkout, key: "again")
            #expect(repeated.status == 201)
            #expect(repeated["order", "id"] == first["order", "id"])
            #expect(repeated["payment", "clientSecret"].string != nil)
            #expect(service.intents.count == 1)
            let counts = try service.rowCounts()
            #expect(counts["orders"] == 1 && counts["reservations"] == 1)
            let stock = service.standIn(.get, "/products?skus=CANA-ALBA")
            #expect(stock["products", "0", "stock"] == 999)
        }
    }

    // MARK: Caches

    @Test("refuses a fill that an invalidation has overtaken")
    func refusesFill() async throws {
        try await ServiceUnderTest.run { service in
            let cache = service.services.cache
            let key = CacheName.orderSummaries.key(1)
            func read(_ load: () -> CacheEntry?) throws -> CacheEntry? {
                try cache.entry(.orderSummaries, key: key, until: service.soon, load: load)
            }
            func entry(_ version: Int64) -> CacheEntry {
                CacheEntry(version: version, owner: "1", body: Array("v\(version)".utf8))
            }
            let overtaken = try read {
                // The change commits and drops while this reader holds the old state.
                cache.drop([key], until: service.soon)
                return entry(1)
            }
            #expect(overtaken?.version == 1)
            let fresh = try read { entry(2) }
            #expect(fresh?.version == 2)
            let hit = try read {
                Issue.record("the fill is not there")
                return nil
            }
            #expect(hit?.version == 2)
            #expect(hit.map { Array($0.body) } == Array("v2".utf8))
            #expect(hit.map { Array($0.owner) } == Array("1".utf8))
            // Who has seen a newer version is not shown this one.
            let newer = try cache.entry(
                .orderSummaries,
                key: key,
                if: { $0.version >= 3 },
                until: service.soon
            ) { entry(3) }
            #expect(newer?.version == 3)
        }
    }

    @Test("lets one process fill while others read for themselves")
    func oneFills() async throws {
        try await ServiceUnderTest.run { service in
            let cache = service.services.cache
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let key = CacheName.paymentStatus.key(1)
            let entry = CacheEntry(version: 5, owner: nil, body: [1])
            let outer = try cache.entry(.paymentStatus, key: key, until: service.soon) {
                let inner = try sibling.cache.entry(.paymentStatus, key: key, until: service.soon) {
                    CacheEntry(version: 4, owner: nil, body: [2])
                }
                #expect(inner?.version == 4)
                return entry
            }
            #expect(outer?.version == 5)
            let stored = try cache.entry(.paymentStatus, key: key, until: service.soon) { nil }
            #expect(stored?.version == 5)
        }
    }

    @Test("heals by the outbox where the process died before it could drop")
    func healsByOutbox() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.drain()
            let before = service.send(.get, order.path, token: order.token)
            try service.execute("UPDATE orders SET status = 'cancelled', version = version + 1")
            try service.execute(
                """
                INSERT INTO outbox (order_id, channel, topic, payload, created_at, next_attempt_at)
                VALUES (\(order.id), 'cache', 'order.changed', '{}', \(service.now), \(service.now))
                """
            )
            let stale = service.send(.get, order.path, token: order.token)
            #expect(stale.response.body == before.response.body || stale["status"] == "cancelled")
            try service.drain()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "cancelled")
        }
    }

    @Test(
        "reads back its envelope, and no other text",
        arguments: [
            "", "2", "2|2", "1|1|owner|0|x", "2|x|owner|0|x", "2|-1|o|0|x", "|1|o|0|x",
            "2|9999999999999999999|o|0|x", "2|1|o|x", "2|1|o|2|x",
        ]
    )
    func envelopes(text: String) {
        #expect(CacheEntry(stored: Array(text.utf8)) == nil)
        for fragment in ["", "|1|"] {
            let entry = CacheEntry(
                version: 7,
                owner: "u",
                fragment: Array(fragment.utf8),
                body: Array("{\"a\":\"|\"}".utf8)
            )
            let read = CacheEntry(stored: entry.stored)
            #expect(read?.version == 7 && read.map { Array($0.body) } == Array(entry.body))
            #expect(read.map { Array($0.fragment) } == Array(fragment.utf8))
        }
    }
}

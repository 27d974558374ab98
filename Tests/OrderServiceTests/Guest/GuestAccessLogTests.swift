import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("The record of guests' access", .enabled(if: ServiceUnderTest.isAvailable))
struct GuestAccessLogTests {
    private func words(_ accesses: [JSON]) -> [String] {
        accesses.map { "\($0["event"]?.string ?? "") \($0["route"]?.string ?? "")" }
    }

    @Test("has each route once a minute, whether MariaDB or a cache has answered")
    func oncePerMinute() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            for minute in 0..<2 {
                // The first is read from MariaDB, the others are hits.
                for _ in 0..<5 {
                    let answer = service.send(
                        .get,
                        order.path,
                        token: order.token,
                        from: "2001:db8:1:2:3::\(minute)"
                    )
                    #expect(answer.status == 200)
                }
                service.send(.get, "/v1/guest/order/items", token: order.token)
                service.advance(by: .seconds(60))
            }
            let accesses = try service.guestAccesses(of: order.id)
            let both = [
                "token_used GET /v1/guest/order/items", "token_used GET /v1/orders/{id}",
            ]
            #expect(words(accesses) == both + both)
            let id = GuestTokenID(ofHash: .of(order.token)).description
            #expect(accesses.allSatisfy { $0["tokenId"]?.string == id })
            #expect(accesses.last?["network"] == "2001:db8:1:2::/64")
            #expect(accesses.first?["network"] == "127.0.0.1")
        }
    }

    @Test("has hits alone, too, when the process that counts them has read nothing else")
    func hits() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            // A process that begins drops what has changed just now.
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            let (application, _) = sibling.makeApplication()
            let request = Request(
                .get,
                order.path,
                headers: [("Authorization", "Bearer \(order.token)")],
                remoteAddress: "192.0.2.9"
            )
            // Answered at once, on the worker: nothing but Redis was asked.
            guard case .answer(let hit) = application.start(request) else {
                Issue.record("a hit was handed over")
                return
            }
            #expect(hit.status == .ok)
            #expect(try service.rowCounts()["guest_accesses"] == 0)
            #expect(try sibling.guestAccesses.flush(until: service.soon) == 1)
            let row = try service.query("SELECT network FROM guest_accesses").first
            #expect(try row?.string("network") == "192.0.2.9")
            // The same minute in the other process is the same entry.
            #expect(try service.services.guestAccesses.flush(until: service.soon) == 1)
            #expect(try service.rowCounts()["guest_accesses"] == 1)
        }
    }

    @Test("has what was refused to a token that holds, and nothing of one that does not")
    func refusals() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            #expect(service.send(.get, other.path, token: order.token).status == 404)
            #expect(service.send(.get, "/v1/orders", token: order.token).status == 401)
            for token in ["gt_" + String(repeating: "A", count: 43), order.token + "x"] {
                #expect(service.send(.get, order.path, token: token).status == 401)
            }
            service.advance(by: .seconds(31 * 86_400))
            #expect(service.send(.get, order.path, token: order.token).code == "token_expired")
            let accesses = try service.guestAccesses(of: order.id)
            #expect(
                words(accesses) == ["token_used GET /v1/orders", "token_used GET /v1/orders/{id}"]
            )
            #expect(try service.guestAccesses(of: other.id).isEmpty)
        }
    }

    @Test("has look-ups, links, rotations and what the new tokens are used for")
    func otherEvents() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let mailer = try service.session("mailer", .service)
            let number = service.number(of: order)
            service.lookUp(number, "eva@example.ro", from: "192.0.2.1")
            service.lookUp(number, from: "192.0.2.2")
            service.lookUp("RO-0000-0000-0")
            try service.drain()
            let lookUp = try service.requestedLinks().last?["data"]?["lookup"]?["id"]?.string
            let link = service.issueLink(lookUp ?? "", mailer)["token"].string ?? ""
            let fresh = service.send(.post, "/v1/guest/token/rotate", token: link)["token"].string
            service.send(.get, "/v1/guest/order", token: fresh)
            service.send(.delete, "/v1/guest/token", token: fresh)

            let accesses = try service.guestAccesses(of: order.id)
            #expect(
                words(accesses) == [
                    "token_used DELETE /v1/guest/token", "token_used GET /v1/guest/order",
                    "token_used POST /v1/guest/token/rotate", "link_issued POST /v1/guest/links",
                    "looked_up POST /v1/guest/lookup", "lookup_mismatched POST /v1/guest/lookup",
                ]
            )
            let ids = [fresh ?? "", fresh ?? "", link, link].map {
                GuestTokenID(ofHash: .of($0)).description
            }
            #expect(accesses.map { $0["tokenId"]?.string } == ids + [nil, nil])
            let networks = accesses.suffix(2).map { $0["network"]?.string }
            #expect(networks == ["192.0.2.2", "192.0.2.1"])
        }
    }

    @Test("waits while MariaDB cannot take it, and is written after, in batches")
    func outage() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let log = service.services.guestAccesses
            let access = GuestAccess(
                tokenHash: .of(order.token),
                orderID: order.id,
                scopes: .all,
                expiresAt: service.now
            )
            for number in 0..<700 {
                log.note(access, route: "GET /\(number)", Request(.get, "/"))
            }
            try service.execute("RENAME TABLE guest_accesses TO guest_accesses_away")
            #expect(throws: MariaDBError.self) { try log.flush(until: service.soon) }
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            try service.execute("RENAME TABLE guest_accesses_away TO guest_accesses")
            #expect(try log.flush(until: service.soon) == 701)
            #expect(try log.flush(until: service.soon) == 0)
            #expect(try service.rowCounts()["guest_accesses"] == 701)
        }
    }

    @Test("goes on while Redis is away")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let order = try service.placedOrder()
            redis.stop()
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            #expect(try service.services.guestAccesses.flush(until: service.soon) == 1)
            try redis.start()
        }
    }

    @Test("is kept for as long as the setting says, and removed by the worker")
    func retention() async throws {
        try await ServiceUnderTest.run(["GUEST_ACCESS_RETENTION": "2d"]) { service in
            let order = try service.placedOrder()
            service.send(.get, order.path, token: order.token)
            _ = try service.guestAccesses(of: order.id)
            service.advance(by: .seconds(86_400))
            service.send(.get, order.path, token: order.token)
            #expect(try service.guestAccesses(of: order.id).count == 2)
            service.advance(by: .seconds(86_401))
            try service.drain()
            #expect(try service.guestAccesses(of: order.id).count == 1)
        }
    }
}

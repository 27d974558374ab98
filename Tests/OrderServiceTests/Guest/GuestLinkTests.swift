import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Links of look-ups", .enabled(if: ServiceUnderTest.isAvailable))
struct GuestLinkTests {
    @Test("see and pay the order, thirty days, and do not call it off")
    func scopes() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            let mailer = try service.session("mailer", .service)
            let answer = service.issueLink(try service.requestedLookUp(of: order), mailer)
            #expect(answer.status == 201 && answer.field("Cache-Control") == "no-store")
            let token = answer["token"].string ?? ""
            #expect(token.hasPrefix("gt_") && token.count == 46)
            #expect(
                (answer["expiresAt"].string ?? "") > (service.now + .seconds(29 * 86_400)).rfc3339
            )
            for part in ["", "/items", "/payment", "/tracking"] {
                #expect(service.send(.get, order.path + part, token: token).status == 200)
                #expect(service.send(.get, "/v1/guest/order" + part, token: token).status == 200)
                #expect(service.send(.get, other.path + part, token: token).status == 404)
            }
            #expect(
                service.send(.post, "\(order.path)/payments", token: token, key: "k").status == 200
            )
            let cancel = service.send(.post, "\(order.path)/cancel", token: token, key: "c")
            #expect(cancel.status == 404 && cancel.code == "order_not_found")
            let rotated = service.send(.post, "/v1/guest/token/rotate", token: token)
            let fresh = rotated["token"].string ?? ""
            let again = service.send(.post, "\(order.path)/cancel", token: fresh, key: "c")
            #expect(again.status == 404)
            // The token of the completion goes on.
            #expect(service.send(.get, order.path, token: order.token).status == 200)
        }
    }

    @Test("are made once, though many ask at once")
    func once() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let mailer = try service.session("mailer", .service)
            let lookUp = try service.requestedLookUp(of: order)
            let before = try service.rowCounts()["guest_tokens"] ?? 0
            let answers = try (0..<10).map { _ in
                Companion { service.issueLink(lookUp, mailer) }
            }.map { try $0.join() }
            #expect(answers.count { $0.status == 201 } == 1)
            let late = answers.filter { $0.status == 410 }
            #expect(late.count == 9 && late.allSatisfy { $0.code == "link_expired" })
            #expect(try service.rowCounts()["guest_tokens"] == before + 1)
            // A second look-up has a link of its own, and the first one goes on.
            let first = answers.first { $0.status == 201 }?["token"].string ?? ""
            let next = service.issueLink(try service.requestedLookUp(of: order), mailer)
            #expect(next.status == 201)
            #expect(service.send(.get, order.path, token: first).status == 200)
        }
    }

    @Test("are not made when the look-up is over, unknown, or of nothing")
    func refused() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let mailer = try service.session("mailer", .service)
            let lookUp = try service.requestedLookUp(of: order)
            service.lookUp(service.number(of: order), "eva@example.ro")
            service.lookUp("RO-0000-0000-0")
            try service.drain()
            service.lookUp(service.number(of: order))
            // Two that are no order's, and one that no worker has looked at.
            let others = try service.query(
                "SELECT public_id FROM guest_lookups WHERE order_id IS NULL"
            )
            #expect(others.count == 3)
            let unknown = [
                "glk_" + String(repeating: "A", count: 43), lookUp.lowercased(), "x", "Ð", "glk_Ð",
            ]
            for id in try others.map({ try $0.string("public_id") }) + unknown {
                let answer = service.issueLink(id, mailer)
                #expect(answer.status == 404 && answer.code == "not_found")
            }
            service.advance(by: .seconds(3_601))
            let late = service.issueLink(lookUp, try service.session("mailer", .service))
            #expect(late.status == 410 && late.code == "link_expired")
            #expect(try service.rowCounts()["guest_tokens"] == 1)
        }
    }

    @Test("are made for services alone")
    func roles() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let lookUp = try service.requestedLookUp(of: order)
            for roles in [Roles.customer, .support, .finance, .admin] {
                let answer = service.issueLink(lookUp, try service.session("x", roles))
                #expect(answer.status == 403 && answer.code == "forbidden_role")
            }
            for token in [order.token, "x"] {
                #expect(service.issueLink(lookUp, token).status == 401)
            }
            let mailer = try service.session("mailer", .service)
            for body: JSON in [[:], ["lookupId": 1], ["lookupId": "x", "more": 1]] {
                #expect(service.send(.post, "/v1/guest/links", token: mailer, body).status == 422)
            }
            #expect(service.issueLink(lookUp, mailer).status == 201)
        }
    }

    @Test("do not take the place of the completion's token")
    func completionStands() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let mailer = try service.session("mailer", .service)
            // As if the process had died before it issued the token.
            try service.execute("DELETE FROM guest_tokens")
            try service.execute("DELETE FROM idempotency_keys")
            #expect(
                service.issueLink(try service.requestedLookUp(of: order), mailer).status == 201
            )
            let again = service.complete(order.checkout)
            #expect(again.status == 201 && again["guestToken"].string?.hasPrefix("gt_") == true)
        }
    }

    @Test("leave no token in any row, nor in the stream")
    func nowhere() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let mailer = try service.session("mailer", .service)
            let token =
                service.issueLink(try service.requestedLookUp(of: order), mailer)["token"]
                .string ?? "?"
            try service.drain()
            let events = try service.streamedEvents().map {
                String(decoding: $0.serialized(), as: UTF8.self)
            }.joined()
            #expect(!events.contains(token) && !events.contains(token.dropFirst(3)))
            for table in [
                "guest_lookups", "guest_tokens", "guest_accesses", "audit_records", "outbox",
            ] {
                let rows = try service.query(SQL(stringLiteral: "SELECT * FROM \(table)"))
                #expect(!rows.isEmpty)
                for row in rows {
                    for value in row.values {
                        #expect(!"\(value)".contains(token.dropFirst(3)))
                    }
                }
            }
        }
    }
}

import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Sessions and guests", .enabled(if: ServiceUnderTest.isAvailable))
struct AccessTests {
    @Test("issues customers' sessions to services only, and only those")
    func issuing() async throws {
        try await ServiceUnderTest.run { service in
            let issuer = try service.session("auth", .service)
            let wanted: JSON = ["userId": "7", "roles": ["customer"], "ttlSeconds": 60]
            let issued = service.send(.post, "/v1/sessions", token: issuer, wanted)
            #expect(issued.status == 201 && issued.field("Cache-Control") == "no-store")
            let token = issued["token"].string ?? ""
            #expect(token.hasPrefix("st_") && token.count == 46)
            #expect(service.send(.get, "/v1/orders", token: token).status == 200)
            let before = try service.rowCounts()
            for role in ["admin", "support", "finance", "service"] {
                for roles: JSON in [[.string(role)], ["customer", .string(role)]] {
                    let body: JSON = ["userId": "7", "roles": roles, "ttlSeconds": 60]
                    let answer = service.send(.post, "/v1/sessions", token: issuer, body)
                    #expect(answer.status == 403 && answer.code == "forbidden_role")
                }
            }
            for (body, fault) in [
                (["userId": "7 7", "roles": ["customer"], "ttlSeconds": 60], "/userId format"),
                (["userId": "7", "roles": ["root"], "ttlSeconds": 60], "/roles/0 value"),
                (["userId": "7", "roles": [], "ttlSeconds": 60], "/roles length"),
                (["userId": "7", "roles": ["customer"], "ttlSeconds": 59], "/ttlSeconds range"),
                (["userId": "7", "roles": ["customer"]], "/ttlSeconds required"),
            ] as [(JSON, String)] {
                let answer = service.send(.post, "/v1/sessions", token: issuer, body)
                #expect(answer.status == 422 && answer.faults == [fault])
            }
            for roles in [Roles.customer, .admin, .support, .finance] {
                let other = try service.session("x", roles)
                let answer = service.send(.post, "/v1/sessions", token: other, wanted)
                #expect(answer.status == 403 && answer.code == "forbidden_role")
            }
            #expect(service.send(.post, "/v1/sessions", wanted).status == 401)
            #expect(try service.rowCounts()["sessions"] == (before["sessions"] ?? 0) + 4)
        }
    }

    @Test("tells an expired session from an unknown one, in the cache and without")
    func expiry() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer, seconds: 60)
            #expect(service.send(.get, "/v1/orders", token: token).status == 200)
            service.advance(by: .seconds(61))
            let expired = service.send(.get, "/v1/orders", token: token)
            #expect(expired.status == 401 && expired.code == "token_expired")
            let sibling = try service.session("2", .customer, seconds: 60)
            service.advance(by: .seconds(61))
            #expect(service.send(.get, "/v1/orders", token: sibling).code == "token_expired")
            let unknown = "st_" + String(repeating: "A", count: 43)
            #expect(service.send(.get, "/v1/orders", token: unknown).code == "unauthenticated")
        }
    }

    @Test(
        "refuses malformed credentials",
        arguments: [
            "Bearer", "Bearer ", "bearer st_x", "Basic YTpi", "Bearer st_x", "Bearer  st_x",
            "Bearer xx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ]
    )
    func malformed(header: String) async throws {
        try await ServiceUnderTest.run { service in
            let answer = service.send(.get, "/v1/orders", headers: [("Authorization", header)])
            #expect(answer.status == 401 && answer.code == "unauthenticated")
            #expect(answer.field("WWW-Authenticate") == "Bearer")
        }
    }

    @Test("signs out everywhere at once, also out of the cache")
    func signOut() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            #expect(service.send(.get, "/v1/orders", token: token).status == 200)
            #expect(service.send(.delete, "/v1/sessions/current", token: token).status == 204)
            let after = service.send(.get, "/v1/orders", token: token)
            #expect(after.status == 401 && after.code == "unauthenticated")
        }
    }

    @Test("lets a browser's cookie read, and write with its CSRF token only")
    func cookies() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let made = service.send(.post, "/v1/sessions/cookie", token: token)
            #expect(made.status == 200)
            let setCookie = made.field("Set-Cookie") ?? ""
            #expect(setCookie.hasPrefix("session=\(token); Path=/; Max-Age=3"))
            #expect(setCookie.contains("; HttpOnly; SameSite=Strict"))
            let csrf = made["csrfToken"].string ?? ""
            #expect(csrf.count == 43 && made.field("X-CSRF-Token") == csrf)
            let cookie = (name: "Cookie", value: "a=b; session=\(token)")
            #expect(service.send(.get, "/v1/orders", headers: [cookie]).status == 200)

            let other = try service.session("1", .customer)
            let others = service.send(.post, "/v1/sessions/cookie", token: other)["csrfToken"]
                .string
            for shown in [nil, "", "x", others, csrf + "x", String(csrf.dropLast())] {
                var headers = [cookie]
                if let shown { headers.append(("X-CSRF-Token", shown)) }
                let answer = service.send(.delete, "/v1/sessions/current", headers: headers)
                #expect(answer.status == 403 && answer.code == "csrf_failed")
            }
            let both = service.send(.get, "/v1/orders", token: token, headers: [cookie])
            #expect(both.status == 401)
            let out = service.send(
                .delete,
                "/v1/sessions/current",
                headers: [cookie, ("X-CSRF-Token", csrf)]
            )
            #expect(out.status == 204)
            #expect(out.field("Set-Cookie")?.contains("Max-Age=0") == true)
            #expect(service.send(.get, "/v1/orders", headers: [cookie]).status == 401)
        }
    }

    @Test("does not take a guest's or a checkout's token from a cookie")
    func foreignCookies() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            for token in [order.token, order.checkout.token] {
                let cookie = (name: "Cookie", value: "session=\(token)")
                #expect(service.send(.get, order.path, headers: [cookie]).status == 401)
            }
        }
    }

    @Test("answers from MariaDB while Redis is gone, and after it was emptied")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let order = try service.placedOrder()
            let staff = try service.session("s", .support)
            let hit = service.send(.get, order.path, token: order.token)
            redis.stop()
            let answer = service.send(.get, order.path, token: order.token)
            #expect(answer.status == 200 && answer.response.body == hit.response.body)
            #expect(service.send(.get, order.path, token: staff).status == 200)
            let checkout = try service.readyCheckout()
            #expect(service.complete(checkout).status == 201)
            #expect(service.send(.delete, "/v1/sessions/current", token: staff).status == 204)
            try redis.start()
            #expect(service.send(.get, order.path, token: staff).status == 401)
            let again = service.send(.get, order.path, token: order.token)
            #expect(again.response.body == hit.response.body)
            try service.drain()
            #expect(try service.streamedTopics(of: order.id) == ["order.placed"])
        }
    }

    // MARK: Guests

    @Test("lets a guest see that guest's order only")
    func guests() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            for part in ["", "/items", "/payment", "/tracking", "/events"] {
                #expect(service.send(.get, order.path + part, token: order.token).status == 200)
                let foreign = service.send(.get, other.path + part, token: order.token)
                #expect(foreign.status == 404 && foreign.code == "order_not_found")
                #expect(service.send(.get, order.path + part).status == 401)
            }
            for part in ["", "/items", "/payment", "/tracking"] {
                let short = service.send(.get, "/v1/guest/order" + part, token: order.token)
                let long = service.send(.get, order.path + part, token: order.token)
                #expect(short.status == 200 && short.response.body == long.response.body)
            }
            for (method, path) in [
                (Method.get, "/v1/orders"), (.delete, "/v1/sessions/current"),
                (.post, "/v1/sessions/cookie"),
            ] {
                #expect(service.send(method, path, token: order.token).status == 401)
            }
            let customer = try service.session("1", .customer)
            #expect(service.send(.get, "/v1/guest/order", token: customer).status == 401)
        }
    }

    @Test("holds a guest's token to its scopes")
    func scopes() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute("UPDATE guest_tokens SET scopes = 'view'")
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            let pay = service.send(.post, "\(order.path)/payments", token: order.token, key: "k")
            #expect(pay.status == 404)
            let refresh = service.send(.post, "\(order.path)/payments/refresh", token: order.token)
            #expect(refresh.status == 404)
        }
    }

    @Test("replaces a token, the old one working a minute more")
    func rotation() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            let rotated = service.send(.post, "/v1/guest/token/rotate", token: order.token)
            #expect(rotated.status == 200 && rotated.field("Cache-Control") == "no-store")
            let fresh = rotated["token"].string ?? ""
            #expect(fresh.hasPrefix("gt_") && fresh != order.token)
            service.advance(by: .seconds(30))
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            service.advance(by: .seconds(31))
            let dead = service.send(.get, order.path, token: order.token)
            #expect(dead.status == 401 && dead.code == "token_expired")
            #expect(service.send(.get, order.path, token: fresh).status == 200)
            #expect(
                service.send(.post, "\(order.path)/payments", token: fresh, key: "k").status == 200
            )

            #expect(service.send(.delete, "/v1/guest/token", token: fresh).status == 204)
            #expect(service.send(.get, order.path, token: fresh).status == 401)
        }
    }

    @Test("ends a guest's token after thirty days")
    func guestExpiry() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.advance(by: .seconds(30 * 86_400 - 60))
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            service.advance(by: .seconds(61))
            #expect(service.send(.get, order.path, token: order.token).code == "token_expired")
        }
    }

    @Test("keeps tokens as hashes only")
    func hashes() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let session = try service.session("1", .customer)
            for table in ["sessions", "guest_tokens", "checkout_sessions"] {
                let rows = try service.query(
                    SQL(stringLiteral: "SELECT token_hash FROM \(table)")
                )
                #expect(!rows.isEmpty)
                for row in rows {
                    let hash = try row.optionalBytes("token_hash")
                    #expect(hash == nil || hash?.count == 32)
                }
            }
            let stored = try service.query("SELECT response FROM idempotency_keys").first
            let sealed = try stored?.bytes("response") ?? []
            for secret in [order.token, session, order.clientSecret ?? "?"] {
                #expect(!String(decoding: sealed, as: UTF8.self).contains(secret))
            }
        }
    }
}

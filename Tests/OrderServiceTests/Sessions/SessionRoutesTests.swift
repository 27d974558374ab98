import MariaDB
import OrderService
import OrderServiceHarness
import Testing
import Web

@Suite("A user's sessions", .enabled(if: ServiceUnderTest.isAvailable))
struct SessionRoutesTests {
    private static let list = "/v1/sessions"

    @Test("are listed newest first, live ones alone, without anything to sign in by")
    func listing() async throws {
        try await ServiceUnderTest.run { service in
            let first = try service.session("1", .customer)
            service.advance(by: .seconds(1))
            let second = try service.session("1", .customer)
            _ = try service.session("1", .customer, seconds: 60)
            _ = try service.session("2", .customer)
            service.advance(by: .seconds(61))
            let answer = service.send(.get, Self.list, token: first)
            #expect(answer.status == 200 && answer.field("Cache-Control") == "no-store")
            let items = answer["items"].array ?? []
            #expect(items.map { $0["current"]?.bool } == [false, true])
            #expect(items.allSatisfy { $0["id"]?.string?.hasPrefix("ses_") == true })
            #expect(Set(items.map { $0["id"]?.string }).count == 2)
            #expect(items.allSatisfy { $0["roles"] == ["customer"] && $0["createdAt"] != nil })
            for secret in [first, second] { #expect(!answer.text.contains(secret)) }
            let current = service.send(.get, "/v1/sessions/current", token: first)
            #expect(current["id"] == items[1]["id"] && current["userId"] == "1")
            #expect(current["csrfToken"] == .null)
        }
    }

    @Test("end one by one by their ids, of oneself alone")
    func revokingOne() async throws {
        try await ServiceUnderTest.run { service in
            let (own, other) = (
                try service.session("1", .customer), try service.session("1", .customer)
            )
            let foreign = try service.session("2", .customer)
            func id(_ token: String) -> String {
                service.send(.get, "/v1/sessions/current", token: token)["id"].string ?? "?"
            }
            let (otherID, foreignID) = (id(other), id(foreign))
            for missing in [
                foreignID, "4711", "ses_", "ses_AAAAAAAAAAAAAAAAAAAAAA", otherID + "A",
                otherID.uppercased(), other,
            ] {
                let answer = service.send(.delete, "\(Self.list)/\(missing)", token: own)
                #expect(answer.status == 404 && answer.code == "not_found")
            }
            #expect(service.send(.get, "/v1/orders", token: foreign).status == 200)
            #expect(service.send(.delete, "\(Self.list)/\(otherID)", token: own).status == 204)
            #expect(service.send(.get, "/v1/orders", token: other).status == 401)
            #expect(service.send(.get, "/v1/orders", token: own).status == 200)
            #expect(service.send(.delete, "\(Self.list)/\(otherID)", token: own).status == 404)
            #expect(service.send(.delete, "\(Self.list)/\(id(own))", token: own).status == 204)
            #expect(service.send(.get, "/v1/orders", token: own).status == 401)
        }
    }

    @Test("all end at once, nobody else's among them")
    func everywhere() async throws {
        try await ServiceUnderTest.run { service in
            let tokens = try (0..<3).map { _ in try service.session("1", .customer) }
            let foreign = try service.session("2", .customer)
            for token in tokens + [foreign] {
                #expect(service.send(.get, "/v1/orders", token: token).status == 200)
            }
            #expect(service.send(.delete, Self.list, token: tokens[0]).status == 204)
            for token in tokens {
                let answer = service.send(.get, "/v1/orders", token: token)
                #expect(answer.status == 401 && answer.code == "unauthenticated")
            }
            #expect(service.send(.get, "/v1/orders", token: foreign).status == 200)
        }
    }

    @Test("of a customer have no say over those of staff, whoever issued them")
    func beneathStaff() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("admin-2", .admin)
            let issued = service.send(
                .post,
                Self.list,
                token: try service.session("shop", .service),
                ["userId": "admin-2", "roles": ["customer"], "ttlSeconds": 600]
            )
            let customer = try #require(issued["token"].string)
            let items = service.send(.get, Self.list, token: customer)["items"].array ?? []
            #expect(items.map { $0["roles"] } == [["customer"]])
            let all = service.send(.get, Self.list, token: admin)["items"].array ?? []
            #expect(all.count == 2)
            for item in all where item["roles"] == ["admin"] {
                let path = "\(Self.list)/\(item["id"]?.string ?? "")"
                #expect(service.send(.delete, path, token: customer).status == 404)
            }
            #expect(service.send(.delete, Self.list, token: customer).status == 204)
            #expect(service.send(.get, Self.list, token: admin).status == 200)
            #expect(service.send(.get, Self.list, token: customer).status == 401)
        }
    }

    @Test("by cookie need the token of writes, which the cookie's own session tells")
    func byCookie() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let cookie = (name: "Cookie", value: "session=\(token)")
            let current = service.send(.get, "/v1/sessions/current", headers: [cookie])
            let csrf = current["csrfToken"].string ?? "?"
            let refused = service.send(.delete, Self.list, headers: [cookie])
            #expect(refused.status == 403 && refused.code == "csrf_failed")
            let headers = [cookie, (name: "X-CSRF-Token", value: csrf)]
            let gone = service.send(.delete, Self.list, headers: headers)
            #expect(gone.status == 204)
            #expect(gone.field("Set-Cookie")?.contains("session=; Path=/; Max-Age=0") == true)
        }
    }

    @Test("are ended by support with a reason, on record; staff's by admins alone")
    func byStaff() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("helper", .support)
            let admin = try service.session("boss", .admin)
            let customer = try service.session("1", .customer)
            let staff = try service.session("1", [.customer, .finance])
            let path = "/v1/admin/users/1/sessions"
            let revoke = path + "/revoke"
            func count(_ token: String) -> Int? {
                service.send(.get, path, token: token)["items"].array?.count
            }
            #expect(count(support) == 1 && count(admin) == 2)
            for (body, fault) in [
                ([:], "/reason required"), (["reason": "x"], "/reason length"),
                (["reason": "lost", "userId": "2"], "/userId unknown"),
            ] as [(JSON, String)] {
                let answer = service.send(.post, revoke, token: support, body)
                #expect(answer.status == 422 && answer.faults == [fault])
            }
            for token in [customer, staff] {
                let refused = service.send(.post, revoke, token: token, ["reason": "curious"])
                #expect(refused.status == 403 && refused.code == "forbidden_role")
                #expect(service.send(.get, path, token: token).status == 403)
            }
            let reason: JSON = ["reason": "lost a phone"]
            #expect(service.send(.post, revoke, token: support, reason)["revoked"] == 1)
            #expect(service.send(.get, "/v1/orders", token: customer).status == 401)
            #expect(service.send(.get, "/v1/orders", token: staff).status == 200)
            #expect(service.send(.post, revoke, token: support, reason)["revoked"] == 0)
            #expect(service.send(.post, revoke, token: admin, reason)["revoked"] == 1)
            #expect(service.send(.get, "/v1/orders", token: staff).status == 401)
            for wrong in ["/v1/admin/users/a~b/sessions", "/v1/admin/users/a~b/sessions/revoke"] {
                let method: Method = wrong.hasSuffix("revoke") ? .post : .get
                let body: JSON? = method == .post ? reason : nil
                #expect(service.send(method, wrong, token: admin, body).status == 404)
            }
            let records = try service.query(
                """
                SELECT reason FROM audit_records
                WHERE actor = 'helper' AND user_id = '1'
                    AND route = 'POST /v1/admin/users/{userId}/sessions/revoke'
                    AND reason = 'lost a phone'
                """
            )
            #expect(records.count == 2)
        }
    }

    @Test("are removed by the worker a while after they have ended, live ones never")
    func cleaning() async throws {
        try await ServiceUnderTest.run(["ACCESS_RETENTION": "1d"]) { service in
            func users() throws -> [String] {
                try service.drain()
                return try service.query("SELECT user_id FROM sessions ORDER BY user_id")
                    .map { try $0.string("user_id") }
            }
            _ = try service.session("expired", .customer, seconds: 60)
            let revoked = try service.session("revoked", .customer, seconds: 120)
            _ = try service.session("live", .customer, seconds: 2 * 86_400)
            let path = "/v1/sessions/current"
            #expect(service.send(.delete, path, token: revoked).status == 204)
            service.advance(by: .seconds(86_400))
            #expect(try users() == ["expired", "live", "revoked"])
            service.advance(by: .seconds(90))
            #expect(try users() == ["live", "revoked"])
            service.advance(by: .seconds(60))
            #expect(try users() == ["live"])
        }
    }
}

import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Guests' tokens at support's desk", .enabled(if: ServiceUnderTest.isAvailable))
struct GuestDeskTests {
    private static let reason: JSON = ["reason": "the guest forwarded the mail"]

    private func path(_ order: ServiceUnderTest.Placed) -> String {
        "/v1/admin/orders/\(order.id)/guest-tokens"
    }

    private func id(_ token: String) -> String {
        GuestTokenID(ofHash: .of(token)).description
    }

    @Test("are listed by ids, with where they come from and who ended them")
    func list() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let support = try service.session("support-1", .support)
            service.send(.get, order.path, token: order.token)
            service.advance(by: .seconds(1))
            let rotated = service.send(.post, "/v1/guest/token/rotate", token: order.token)
            let fresh = rotated["token"].string ?? ""
            service.advance(by: .seconds(1))
            let mailer = try service.session("mailer", .service)
            let link =
                service.issueLink(try service.requestedLookUp(of: order), mailer)["token"]
                .string ?? ""
            try service.services.guestAccesses.flush(until: service.soon)
            let answer = service.send(.get, path(order), token: support)
            #expect(answer.status == 200 && answer.field("Cache-Control") == "no-store")
            let items = answer["items"].array ?? []
            #expect(items.map { $0["id"]?.string } == [link, fresh, order.token].map(id))
            let origins = items.map { $0["origin"]?.string }
            #expect(origins == ["link", "rotation", "completion"])
            #expect(items.allSatisfy { $0["live"] == true })
            #expect(items.map { $0["revokedBy"]?.string } == [nil, nil, "rotation"])
            #expect(items[0]["scopes"] == ["view", "pay", "invoice"])
            #expect(items[2]["scopes"] == ["view", "pay", "invoice", "manage"])
            #expect(items[0]["lastUsedAt"] == .null && items[2]["lastUsedAt"]?.string != nil)
            for token in [order.token, fresh, link] {
                #expect(!answer.text.contains(token.dropFirst(3)))
            }
            service.advance(by: .seconds(60))
            let later = service.send(.get, path(order), token: support)
            #expect(later["items", "2", "live"] == false)
            // As SQL makes the ids.
            let ids = try service.query(
                "SELECT CONCAT('gtk_', LEFT(SHA2(token_hash, 256), 32)) AS id FROM guest_tokens"
            ).map { try $0.string("id") }
            #expect(Set(ids) == Set([link, fresh, order.token].map(id)))
        }
    }

    @Test("end one by one at once, out of caches as well, with a reason on record")
    func revokeOne() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let support = try service.session("support-1", .support)
            let rotated = service.send(.post, "/v1/guest/token/rotate", token: order.token)
            let fresh = rotated["token"].string ?? ""
            #expect(service.send(.get, order.path, token: fresh).status == 200)
            let target = "\(path(order))/\(id(fresh))/revoke"
            let ended = service.send(.post, target, token: support, Self.reason)
            #expect(ended.status == 200 && ended["id"].string == id(fresh))
            #expect(ended["live"] == false && ended["revokedBy"] == "support-1")
            let dead = service.send(.get, order.path, token: fresh)
            #expect(dead.status == 401 && dead.code == "token_expired")
            #expect(service.send(.post, "/v1/guest/token/rotate", token: fresh).status == 401)
            // The other one goes on, and what has ended stays as it was.
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            service.advance(by: .seconds(1))
            let again = service.send(.post, target, token: try service.admin(), Self.reason)
            #expect(again.status == 200 && again["endsAt"] == ended["endsAt"])
            #expect(again["revokedBy"] == "support-1")
            let record = try service.query(
                "SELECT actor, order_id, subject, reason FROM audit_records ORDER BY id LIMIT 1"
            )
            let row = try #require(record.first)
            #expect(try row.string("actor") == "support-1" && row.int64("order_id") == order.id)
            #expect(try row.string("subject") == id(fresh))
            #expect(try row.string("reason") == "the guest forwarded the mail")
        }
    }

    @Test("end all together, of one order alone, those in their overlap too")
    func revokeAll() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            let rotated = service.send(.post, "/v1/guest/token/rotate", token: order.token)
            let tokens = [order.token, rotated["token"].string ?? ""]
            for token in tokens {
                #expect(service.send(.get, order.path, token: token).status == 200)
            }
            let admin = try service.admin()
            let all = service.send(.post, "\(path(order))/revoke", token: admin, Self.reason)
            #expect(all.status == 200 && all.json == ["revoked": 2])
            for token in tokens {
                #expect(service.send(.get, order.path, token: token).code == "token_expired")
            }
            #expect(service.send(.get, other.path, token: other.token).status == 200)
            let again = service.send(.post, "\(path(order))/revoke", token: admin, Self.reason)
            #expect(again.json == ["revoked": 0])
            // A guest whose tokens were ended gets a link again.
            let mailer = try service.session("mailer", .service)
            #expect(
                service.issueLink(try service.requestedLookUp(of: order), mailer).status == 201
            )
        }
    }

    @Test("leave nothing alive when all end, also what is being issued at that moment")
    func atOnce() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let mailer = try service.session("mailer", .service)
            for _ in 0..<12 {
                let order = try service.placedOrder()
                let lookUp = try service.requestedLookUp(of: order)
                let rotating = Companion {
                    service.send(.post, "/v1/guest/token/rotate", token: order.token)
                }
                let linking = Companion { service.issueLink(lookUp, mailer) }
                let ended = service.send(
                    .post,
                    "\(path(order))/revoke",
                    token: support,
                    Self.reason
                )
                #expect(ended.status == 200)
                let rotated = try rotating.join()
                let link = try linking.join()
                // What came after the end of all was refused, unless it was asked for after it.
                let tokens = [order.token, rotated["token"].string].compactMap { $0 }
                for token in tokens {
                    #expect(service.send(.get, order.path, token: token).status == 401)
                }
                if let token = link["token"].string {
                    #expect(service.send(.get, order.path, token: token).status == 401)
                } else {
                    #expect(link.status == 404)
                }
            }
        }
    }

    @Test("are for support and admins, with a reason, and of orders that there are")
    func refusals() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            let support = try service.session("support-1", .support)
            let one = "\(path(order))/\(id(order.token))/revoke"
            for roles in [Roles.customer, .finance, .service] {
                let token = try service.session("x", roles)
                #expect(service.send(.get, path(order), token: token).status == 403)
                #expect(service.send(.post, one, token: token, Self.reason).status == 403)
            }
            for token in [order.token, nil] {
                #expect(service.send(.get, path(order), token: token).status == 401)
                #expect(service.send(.post, one, token: token, Self.reason).status == 401)
            }
            for body: JSON in [[:], ["reason": "no"], ["reason": "because", "more": 1]] {
                for target in [one, "\(path(order))/revoke"] {
                    #expect(service.send(.post, target, token: support, body).status == 422)
                }
            }
            // Another order's token is none of this order's.
            let foreign = "\(path(other))/\(id(order.token))/revoke"
            let answer = service.send(.post, foreign, token: support, Self.reason)
            #expect(answer.status == 404 && answer.code == "not_found")
            for (method, target) in [
                (Method.get, "/v1/admin/orders/999999999999/guest-tokens"),
                (.get, "/v1/admin/orders/999999999999/guest-accesses"),
                (.post, "/v1/admin/orders/999999999999/guest-tokens/revoke"),
                (.post, "/v1/admin/orders/x/guest-tokens/gtk_1/revoke"),
            ] {
                let body: JSON? = method == .post ? Self.reason : nil
                let missing = service.send(method, target, token: support, body)
                #expect(missing.status == 404 && missing.code == "order_not_found")
            }
            #expect(service.send(.get, order.path, token: order.token).status == 200)
        }
    }

    @Test("end from the command line as well, on record before it is done")
    func commandLine() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.send(.post, "/v1/guest/token/rotate", token: order.token)
            let control = service.services.guestControl
            func revoke(_ token: String?) throws -> Int {
                try control.revoke(
                    token,
                    of: order.id,
                    by: "ion",
                    reason: "asked by phone",
                    until: service.soon
                )
            }
            #expect(try control.tokens(of: order.id, until: service.soon).count == 2)
            #expect(try revoke("gtk_nothing") == 0)
            #expect(try revoke(id(order.token)) == 1)
            #expect(service.send(.get, order.path, token: order.token).code == "token_expired")
            #expect(try revoke(nil) == 1)
            let tokens = try control.tokens(of: order.id, until: service.soon)
            #expect(tokens.allSatisfy { $0["revokedBy"] == "cli:ion" })
            let records = try service.query("SELECT actor, subject, reason FROM audit_records")
            #expect(records.count == 3)
            #expect(try records.allSatisfy { try $0.string("actor") == "cli:ion" })
            try service.execute("RENAME TABLE audit_records TO audit_away")
            defer { try? service.execute("RENAME TABLE audit_away TO audit_records") }
            #expect(throws: MariaDBError.self) { try revoke(nil) }
        }
    }
}

import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

extension ServiceUnderTest {
    /// The first hundred records of staff, oldest first.
    func auditRecords() throws -> [AuditStore.Record] {
        try services.audit.store.records(
            ofOrder: nil,
            by: nil,
            before: 0,
            limit: 100,
            until: soon
        ).reversed()
    }
}

@Suite("The record of what staff ask for", .enabled(if: ServiceUnderTest.isAvailable))
struct AuditTests {
    @Test("has who looked at whose order, from where and when, each time, out of caches as well")
    func looks() async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("1001", .customer)
            let order = try service.placedOrder(customer: "1001", token: customer)
            let support = try service.session("support-1", .support)
            let target = "/v1/orders/\(order.id)"
            for _ in 0..<3 {
                let answer = service.send(
                    .get,
                    target,
                    token: support,
                    headers: [("X-Request-Id", "look-0815")],
                    from: "2001:db8:1:2:3::4"
                )
                #expect(answer.status == 200)
            }
            let all = try service.auditRecords()
            #expect(all.count == 3)
            for record in all {
                #expect(record.entry.actor == "support-1" && record.entry.roles == .support)
                #expect(record.entry.route == "GET /v1/orders/{id}")
                #expect(record.entry.orderID == order.id && record.entry.userID == "1001")
                #expect(record.entry.requestID == "look-0815")
                #expect(record.entry.network?.text == "2001:db8:1:2::/64")
                #expect(record.entry.reason == nil && record.entry.subject == nil)
                #expect(
                    (0...60).contains(
                        service.now.distance(from: record.recordedAt).components.seconds
                    )
                )
            }
        }
    }

    @Test("has records that were committed together as if each had been alone") func together()
        async throws
    {
        try await ServiceUnderTest.run { service in
            let full = AuditEntry(
                actor: "finance-1",
                roles: [.finance, .admin],
                route: "POST /v1/admin/invoices/{id}/issue",
                orderID: 9_007_199_254_740_993,
                userID: "1001",
                subject: "țuică \u{1F377} \"\\",
                reason: String(repeating: "\u{1F377}", count: 1_000),
                requestID: "r-1",
                network: ClientNetwork(address: "2001:db8:1:2:3::4")
            )
            let bare = AuditEntry(
                actor: "s",
                roles: .service,
                route: "GET /v1/orders",
                requestID: "r-2"
            )
            let store = service.services.audit.store
            try store.record([full, bare, full], until: service.soon)
            try store.record([full], until: service.soon)
            let all = try service.auditRecords().map(\.entry)
            #expect(all.map(\.requestID) == ["r-1", "r-2", "r-1", "r-1"])
            for entry in [all[0], all[2], all[3]] {
                #expect(entry.actor == full.actor && entry.roles == full.roles)
                #expect(entry.route == full.route && entry.orderID == full.orderID)
                #expect(entry.userID == full.userID && entry.subject == full.subject)
                #expect(entry.reason == full.reason && entry.network == full.network)
            }
            #expect(all[1].actor == "s" && all[1].roles == .service)
            #expect(all[1].orderID == nil && all[1].userID == nil && all[1].subject == nil)
            #expect(all[1].reason == nil && all[1].network == nil)
            // One that does not fit takes nothing with it that does.
            var long = bare
            long.subject = String(repeating: "x", count: 97)
            #expect(throws: MariaDBError.self) {
                try store.record([full, long], until: service.soon)
            }
            #expect(try service.auditRecords().count == 4)
        }
    }

    @Test("has under an order who looked at its invoices and corrected them, out of caches as well")
    func invoices() async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("1001", .customer)
            let order = try service.placedOrder(customer: "1001", token: customer)
            try service.pay(order)
            try service.settle()
            let id = try #require(try service.invoices(of: order).first).publicID
            let finance = try service.session("finance-1", .finance)
            let path = "/v1/admin/invoices/\(id)"
            for part in ["", "", "/ubl", "/print"] {
                #expect(service.send(.get, path + part, token: finance).status == 200)
            }
            let issue = service.send(.post, "\(path)/issue", token: finance, ["reason": "x"])
            #expect(issue.status == 409)
            // Nobody says that it was another's.
            for part in ["", "/ubl", "/print"] {
                service.services.cache.drop([CacheName.invoiceData.key(id)], until: service.soon)
                let answer = service.send(.get, "\(path)\(part)?orderId=7", token: finance)
                #expect(answer.status == 200)
            }
            let other = service.send(
                .post,
                "\(path)/issue?orderId=7",
                token: finance,
                ["reason": "x", "userId": "1002"]
            )
            #expect(other.status == 422)
            #expect(service.send(.get, "/v1/admin/invoices/inv_x", token: finance).status == 404)
            let admin = try service.session("admin-1", .admin)
            let told = service.send(.get, "/v1/admin/audit?orderId=\(order.id)", token: admin)
            // The first is this look.
            let items = (told["items"].array ?? []).dropFirst()
            #expect(items.count == 9)
            #expect(items.allSatisfy { $0["subject"] == .string(id) && $0["userId"] == "1001" })
            #expect(items.first?["route"] == "POST /v1/admin/invoices/{id}/issue")
            let unknown = try service.auditRecords().filter { $0.entry.subject == "inv_x" }
            #expect(unknown.count == 1 && unknown[0].entry.orderID == nil)
        }
    }

    @Test(
        "has every part of an order that staff and services see",
        arguments: ["", "/items", "/payment", "/tracking", "/events"]
    )
    func parts(part: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let target = "/v1/orders/\(order.id)\(part)"
            #expect(service.send(.get, target, token: order.token).status == 200)
            for roles in [Roles.support, .finance, .admin, .service] {
                let token = try service.session("s", roles)
                #expect(service.send(.get, target, token: token).status == 200)
                #expect(service.send(.head, target, token: token).status == 200)
            }
            let all = try service.auditRecords()
            #expect(all.count == 8)
            #expect(all.allSatisfy { $0.entry.route == "GET /v1/orders/{id}\(part)" })
            #expect(all.allSatisfy { $0.entry.orderID == order.id && $0.entry.userID == nil })
        }
    }

    @Test("has nothing of customers and guests, nor of what was refused")
    func ownLooks() async throws {
        try await ServiceUnderTest.run { service in
            // Who works for the shop buys there, too.
            let own = try service.session("7", [.customer, .support])
            let order = try service.placedOrder(customer: "7", token: own)
            let guest = try service.placedOrder()
            let other = try service.session("8", .customer)
            for _ in 0..<2 {
                #expect(service.send(.get, "/v1/orders/\(order.id)", token: own).status == 200)
                let shown = service.send(.get, "/v1/orders/\(guest.id)", token: guest.token)
                #expect(shown.status == 200)
                #expect(service.send(.get, "/v1/orders/\(order.id)", token: other).status == 404)
                #expect(service.send(.get, "/v1/admin/audit", token: other).status == 403)
                #expect(service.send(.get, "/v1/admin/audit").status == 401)
            }
            #expect(service.send(.get, "/v1/orders", token: own).status == 200)
            #expect(try service.auditRecords().isEmpty)
        }
    }

    @Test("has what was asked for with its reason, before anything is done")
    func actions() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let unpaid = try service.placedOrder()
            let admin = try service.session("admin-1", .admin)
            let refund = service.send(
                .post,
                "/v1/admin/orders/\(order.id)/refunds",
                token: admin,
                key: "k1",
                ["reason": "broken cup"]
            )
            #expect(refund.status == 201)
            // Asked for, though it comes to nothing.
            let refused = service.send(
                .post,
                "/v1/admin/refunds/rf_nothing/resolve",
                token: admin,
                ["outcome": "failed", "evidence": "Stripe says so"]
            )
            #expect(refused.status == 404)
            #expect(
                service.order("stripe-read", "auto", reason: "drill", token: admin).status == 200
            )
            let cancel = service.send(
                .post,
                "/v1/orders/\(unpaid.id)/cancel",
                token: admin,
                key: "k2",
                ["reason": "asked by phone"]
            )
            #expect([200, 202].contains(cancel.status))
            let history = service.send(.get, "/v1/users/1001/orders", token: admin)
            #expect(history.status == 200)
            let entries = try service.auditRecords().map(\.entry)
            #expect(
                entries.map(\.route) == [
                    "POST /v1/admin/orders/{id}/refunds", "POST /v1/admin/refunds/{id}/resolve",
                    "POST /v1/admin/breakers/{name}", "POST /v1/orders/{id}/cancel",
                    "GET /v1/users/{userId}/orders",
                ]
            )
            #expect(
                entries.map(\.reason) == [
                    "broken cup", "Stripe says so", "drill", "asked by phone", nil,
                ]
            )
            #expect(entries.map(\.orderID) == [order.id, nil, nil, unpaid.id, nil])
            #expect(entries.map(\.subject) == [nil, "rf_nothing", "stripe-read", nil, nil])
            #expect(entries.map(\.userID) == [nil, nil, nil, nil, "1001"])
        }
    }

    @Test("refuses what it cannot have: nothing is shown, nothing is done")
    func unwritable() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let admin = try service.admin()
            let target = "/v1/orders/\(order.id)"
            #expect(service.send(.get, target, token: admin).status == 200)
            try service.execute("RENAME TABLE audit_records TO audit_away")
            defer { try? service.execute("RENAME TABLE audit_away TO audit_records") }
            let look = service.send(.get, target, token: admin)
            #expect(look.status == 503 && look.code == "dependency_unavailable")
            #expect(look.field("Retry-After") == "1")
            let refund = service.send(
                .post,
                "/v1/admin/orders/\(order.id)/refunds",
                token: admin,
                key: "k1",
                ["reason": "broken cup"]
            )
            #expect(refund.status == 503)
            #expect(try service.rowCounts()["refunds"] == 0)
            #expect(service.order("mariadb", "disabled", token: admin).status == 503)
            #expect(try service.countOrders() == 0)
            #expect(service.send(.get, target, token: order.token).status == 200)
            // How the breakers stand is nobody's data, and needed just then.
            #expect(service.send(.get, ServiceUnderTest.breakers, token: admin).status == 200)
            let metrics = service.send(.get, "/metrics").text
            #expect(metrics.contains("orderd_audit_failures_total 4\n"))
        }
    }

    @Test("is shown to admins, newest first, by order and by actor, page by page")
    func list() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            let support = try service.session("support-1", .support)
            let finance = try service.session("finance-1", .finance)
            for (id, token) in [(order.id, support), (other.id, support), (order.id, finance)] {
                #expect(service.send(.get, "/v1/orders/\(id)", token: token).status == 200)
            }
            let admin = try service.admin()
            func actors(_ query: String) -> [String] {
                let answer = service.send(.get, "/v1/admin/audit?\(query)", token: admin)
                #expect(answer.status == 200 && answer.field("Cache-Control") == "no-store")
                return (answer["items"].array ?? []).compactMap { $0["actor"]?.string }
            }
            #expect(actors("orderId=\(order.id)&size=2") == ["7", "finance-1"])
            #expect(actors("actor=support-1") == ["support-1", "support-1"])
            #expect(actors("actor=support-1&orderId=\(other.id)") == ["support-1"])
            #expect(actors("actor=nobody") == [])
            let first = service.send(.get, "/v1/admin/audit?size=3", token: admin)
            let cursor = try #require(first["nextCursor"].string)
            #expect(first["items", "0", "route"] == "GET /v1/admin/audit")
            #expect(first["items", "0", "roles"] == ["admin"])
            #expect(first["items", "0", "network"] == "127.0.0.1")
            let second = service.send(
                .get,
                "/v1/admin/audit?size=100&cursor=\(cursor)",
                token: admin
            )
            // Everything once, though looking has added to it meanwhile.
            #expect(second["items"].array?.count == 5 && second["nextCursor"] == .null)
            for query in ["orderId=x", "orderId=0", "actor=", "actor=%C8%98", "cursor=x", "size=0"]
            {
                let answer = service.send(.get, "/v1/admin/audit?\(query)", token: admin)
                #expect(answer.status == 400 && answer.code == "invalid_request")
            }
        }
    }
}

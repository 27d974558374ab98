import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Routes of bulk cancels", .enabled(if: ServiceUnderTest.isAvailable))
struct BulkCancelRoutesTests {
    @Test("answer a repeat byte for byte, and another body under the key not at all")
    func repeats() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let order = try service.placedOrder()
            let asked = service.cancelAll([order.id], token: support)
            #expect(asked.status == 202 && asked.field("Idempotent-Replayed") == nil)
            try service.drain()
            let again = service.cancelAll([order.id], token: support)
            #expect(again.status == 202 && again.response.body == asked.response.body)
            #expect(again.field("Idempotent-Replayed") == "true")
            #expect(again.field("Location") == asked.field("Location"))
            let other = service.cancelAll([order.id + 1], token: support)
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
            let why = service.cancelAll([order.id], token: support, reason: "another")
            #expect(why.code == "idempotency_key_reused")
            #expect(try service.rowCounts()["bulk_cancels"] == 1)
            // Somebody else's key is another one.
            let admin = try service.session("admin-1", .admin)
            #expect(service.cancelAll([order.id], token: admin).status == 202)
            try service.drain()
            #expect(try service.rowCounts()["bulk_cancels"] == 2)
            #expect(service.intentCancels == [1])
        }
    }

    @Test("take 1,000 orders and not one more")
    func most() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let ids = Array(Int64(1)...1_001)
            let refused = service.cancelAll(ids, token: support, key: "more")
            #expect(refused.status == 422 && refused.faults == ["/ids length"])
            let asked = service.cancelAll(ids.dropLast().reversed(), token: support)
            #expect(asked.status == 202 && asked["counts", "total"] == 1_000)
            let look = service.lookAgain(at: asked, token: support)
            #expect(look.response.body == asked.response.body)
            let told = look["items"].array?.compactMap { $0["orderId"]?.integer }
            #expect(told == ids.dropLast().reversed())
        }
    }

    @Test(
        "want orders and a reason",
        arguments: [
            (["reason": "r"], ["/ids required"]),
            (["ids": [], "reason": "r"], ["/ids length"]),
            (["ids": [0], "reason": "r"], ["/ids/0 type"]),
            (["ids": ["1"], "reason": "r"], ["/ids/0 type"]),
            (["ids": [1]], ["/reason required"]),
            (["ids": [1], "reason": "  "], ["/reason length"]),
            (
                ["ids": [1], "reason": .string(String(repeating: "x", count: 256))],
                ["/reason length"]
            ),
            (["ids": [1], "reason": "r", "force": true], ["/force unknown"]),
            ([:], ["/ids required", "/reason required"]),
        ] as [(JSON, [String])]
    )
    func faults(body: JSON, faults: [String]) async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let answer = service.send(
                .post,
                ServiceUnderTest.bulkCancels,
                token: support,
                key: "k",
                body
            )
            #expect(answer.status == 422 && answer.faults == faults)
            #expect(try service.rowCounts()["bulk_cancels"] == 0)
        }
    }

    @Test("want a key")
    func keyless() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let body: JSON = ["ids": [1], "reason": "r"]
            let answer = service.send(.post, ServiceUnderTest.bulkCancels, token: support, body)
            #expect(answer.status == 400 && answer.code == "idempotency_key_missing")
        }
    }

    @Test("are for support and admin")
    func roles() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let path = ServiceUnderTest.bulkCancels
            var made: TestAnswer?
            for role in [Roles.support, .admin] {
                let token = try service.session("s-1", role)
                let asked = service.cancelAll([order.id], token: token)
                #expect(asked.status == 202)
                #expect(service.lookAgain(at: asked, token: token).status == 200)
                #expect(service.send(.get, path, token: token).status == 200)
                made = asked
            }
            let job = made?.field("Location") ?? "?"
            for role in [Roles.customer, .finance, .service] {
                let token = try service.session("s-2", role)
                #expect(service.cancelAll([order.id], token: token).code == "forbidden_role")
                #expect(service.send(.get, job, token: token).code == "forbidden_role")
                #expect(service.send(.get, path, token: token).code == "forbidden_role")
            }
            for token in [order.token, nil] {
                #expect(service.send(.get, job, token: token).status == 401)
                #expect(service.send(.get, path, token: token).status == 401)
                let body: JSON = ["ids": [1], "reason": "r"]
                #expect(service.send(.post, path, token: token, key: "k", body).status == 401)
            }
        }
    }

    @Test("know no other bulk cancel")
    func unknown() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("admin-1", .admin)
            for id in ["bulk_AAAAAAAAAAAAAAAAAAAAAA", "1", "%00", "ț"] {
                let target = "\(ServiceUnderTest.bulkCancels)/\(id)"
                let answer = service.send(.get, target, token: admin)
                #expect(answer.status == 404 && answer.code == "not_found", "\(id): \(answer.text)")
            }
        }
    }

    @Test("list what was asked for, the newest first, a page after the other")
    func list() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let order = try service.placedOrder()
            let asked = [[order.id, 999_999], [999_998], [999_997]].enumerated().map {
                service.cancelAll($0.element, token: support, key: "k\($0.offset)")
            }
            try service.drain()
            let path = ServiceUnderTest.bulkCancels
            let first = service.send(.get, "\(path)?size=2", token: support)
            #expect(first["items"].array?.map { $0["id"] } == [asked[2]["id"], asked[1]["id"]])
            let cursor = first["nextCursor"].string ?? ""
            let rest = service.send(.get, "\(path)?size=2&cursor=\(cursor)", token: support)
            #expect(rest["items"].array?.count == 1 && rest["nextCursor"] == .null)
            let look = service.lookAgain(at: asked[0], token: support)
            for name in ["id", "state", "reason", "createdBy", "createdAt", "finishedAt", "counts"]
            {
                #expect(rest["items", "0", name] == look[name], "\(name)")
            }
            #expect(rest["items", "0", "items"] == .null)
            #expect(rest["items", "0", "counts", "cancelled"] == 1)
            #expect(service.send(.get, "\(path)?cursor=x", token: support).status == 400)
        }
    }

    @Test("are on record as a whole, and order by order before anything is done")
    func recorded() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let customer = try service.session("1001", .customer)
            let order = try service.placedOrder(customer: "1001", token: customer)
            let guests = try service.placedOrder()
            let asked = service.cancelAll([guests.id, 999_999, order.id], token: support)
            _ = service.cancelAll([guests.id, 999_999, order.id], token: support)
            _ = service.lookAgain(at: asked, token: support)
            let records = try service.services.audit.store.records(
                ofOrder: nil,
                by: "support-1",
                before: 0,
                limit: 100,
                until: service.soon
            ).reversed().map(\.entry)
            let route = "POST \(ServiceUnderTest.bulkCancels)"
            #expect(
                records.map(\.route)
                    == Array(repeating: route, count: 4)
                    + ["GET \(ServiceUnderTest.bulkCancels)/{jobId}"]
            )
            #expect(records.map(\.orderID) == [nil, guests.id, order.id, nil, nil])
            #expect(records.map(\.userID) == [nil, nil, "1001", nil, nil])
            let id = asked["id"].string
            #expect(records.map(\.subject) == [nil, id, id, nil, id])
            #expect(records.prefix(4).allSatisfy { $0.reason == "the batch is recalled" })
            #expect(records.allSatisfy { $0.roles == .support && $0.network != nil })
        }
    }
}

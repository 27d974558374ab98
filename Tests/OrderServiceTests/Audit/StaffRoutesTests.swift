import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Routes of staff", .enabled(if: ServiceUnderTest.isAvailable))
struct StaffRoutesTests {
    private static let staff: Set<String> = ["support", "finance", "admin", "service"]

    /// What acts on nothing and tells of nobody.
    private static let unrecorded = ["POST /v1/orders/bulk/status"]

    private static func lastRecord(_ service: ServiceUnderTest) throws -> AuditStore.Record? {
        try service.services.audit.store.records(
            ofOrder: nil,
            by: "boss-1",
            before: 0,
            limit: 1,
            until: service.soon
        ).first
    }

    @Test("leave a record each, whatever comes of the request; a new one cannot be forgotten")
    func recorded() async throws {
        try await ServiceUnderTest.run { service in
            let everybody = try service.session("boss-1", [.support, .finance, .admin, .service])
            let routes = service.services.routes.filter {
                Self.staff.isSuperset(of: $0.access)
                    && !Self.unrecorded.contains("\($0.method) \($0.pattern)")
            }
            #expect(routes.count >= 9)
            for route in routes {
                let path = route.pattern.replacing(/\{[a-zA-Z]+\}/, with: "4711")
                let method = try #require(Method(rawValue: route.method))
                _ = service.send(method, path, token: everybody, key: "k", [:])
                let record = try Self.lastRecord(service)
                #expect(record?.entry.route == "\(route.method) \(route.pattern)")
            }
        }
    }

    @Test("put on record no id of an invoice that cannot be one")
    func typed() async throws {
        try await ServiceUnderTest.run { service in
            let staff = try service.session("boss-1", [.support])
            for (id, subject) in [("PopescuIon-1800101221144", nil), ("inv_none", "inv_none")] {
                let answer = service.send(.get, "/v1/admin/invoices/\(id)", token: staff)
                #expect(answer.status == 404)
                let record = try Self.lastRecord(service)
                #expect(record?.entry.route == "GET /v1/admin/invoices/{id}")
                #expect(record?.entry.subject == subject)
            }
        }
    }

    @Test(
        "that act want a reason, and do nothing without one",
        arguments: [
            ("/v1/admin/breakers/stripe-read", ["mode": "forcedOpen"], "/reason"),
            ("/v1/admin/breakers/stripe-read", ["mode": "forcedOpen", "reason": "  "], "/reason"),
            ("/v1/admin/orders/{order}/refunds", ["amount": 100], "/reason"),
            ("/v1/admin/orders/{order}/refunds", ["amount": 100, "reason": ""], "/reason"),
            ("/v1/admin/refunds/{refund}/resolve", ["outcome": "failed"], "/evidence"),
            (
                "/v1/admin/refunds/{refund}/resolve", ["outcome": "failed", "evidence": ""],
                "/evidence"
            ),
        ] as [(String, JSON, String)]
    )
    func reasons(path: String, body: JSON, pointer: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let admin = try service.session("admin-1", [.admin, .finance])
            try service.services.refundControl.pause(
                reason: "test",
                by: "cli:ana",
                until: service.soon
            )
            let refund = service.send(
                .post,
                "/v1/admin/orders/\(order.id)/refunds",
                token: admin,
                key: "first",
                ["amount": 50, "reason": "late"]
            )
            try service.execute("UPDATE refunds SET status = 'manual', next_attempt_at = NULL")
            let target = path.replacing("{order}", with: "\(order.id)")
                .replacing("{refund}", with: refund["id"].string ?? "")
            let answer = service.send(.post, target, token: admin, key: "k", body)
            #expect(answer.status == 422)
            #expect(answer["errors", "0", "pointer"].string == pointer)
            #expect(try service.countOrders() == 0)
            let refunds = try service.query("SELECT status FROM refunds")
            #expect(try refunds.map { try $0.string("status") } == ["manual"])
        }
    }
}

import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Fulfilment", .enabled(if: ServiceUnderTest.isAvailable))
struct FulfilmentTests {
    @Test("move an order along its way, and refuse every other move with what is allowed")
    func fulfilment() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let warehouse = try service.session("w", .service)
            let path = "/v1/admin/orders/\(order.id)/fulfilment"
            func report(_ event: String, _ more: [(name: String, value: JSON)] = []) -> TestAnswer {
                service.send(
                    .post,
                    path,
                    token: warehouse,
                    .object([("event", .string(event))] + more)
                )
            }
            func refuses(_ events: [String], allowing allowed: [JSON]) {
                for event in events {
                    let answer = report(event)
                    #expect(answer.status == 409 && answer.code == "illegal_transition")
                    #expect(answer["allowed"].array == allowed)
                }
            }
            refuses(
                ["ship", "deliver", "return"],
                allowing: ["review_payment", "review_stock", "start", "cancel"]
            )
            #expect(report("start")["status"] == "in_fulfilment")
            refuses(["start", "deliver", "return"], allowing: ["ship", "cancel"])
            let shipped = report("ship", [("carrier", "Sameday"), ("trackingNumber", "RO123")])
            #expect(shipped["status"] == "shipped")
            refuses(["start", "ship"], allowing: ["deliver", "return"])
            #expect(report("deliver")["status"] == "delivered")
            #expect(report("return")["status"] == "returned")
            refuses(["start", "ship", "deliver", "return"], allowing: [])
            let tracking = service.send(.get, order.path + "/tracking", token: order.token)
            #expect(tracking["carrier"] == "Sameday" && tracking["trackingNumber"] == "RO123")
            #expect(
                tracking["events"].array?.map { $0["event"] } == [
                    "start", "ship", "deliver", "return",
                ]
            )
        }
    }

    @Test("hold fulfilment to role, version and form")
    func fulfilmentRules() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let path = "/v1/admin/orders/\(order.id)/fulfilment"
            let warehouse = try service.session("w", .service)
            let before = try service.rowCounts()
            for roles in [Roles.customer, .support, .finance] {
                let token = try service.session("x", roles)
                let answer = service.send(.post, path, token: token, ["event": "start"])
                #expect(answer.status == 403 && answer.code == "forbidden_role")
            }
            let none = service.send(
                .post,
                "/v1/admin/orders/999999/fulfilment",
                token: warehouse,
                ["event": "start"]
            )
            #expect(none.status == 404)
            let wrong = service.send(.post, path, token: warehouse, ["event": "burn"])
            #expect(wrong.status == 422 && wrong.faults == ["/event value"])
            let version = service.send(.get, order.path, token: order.token)["version"].integer ?? 0
            func report(_ event: String, _ tag: String) -> TestAnswer {
                service.send(
                    .post,
                    path,
                    token: warehouse,
                    headers: [("If-Match", tag)],
                    ["event": .string(event)]
                )
            }
            let stale = report("start", "\"\(order.id)-\(version - 1)\"")
            #expect(stale.status == 412 && stale.code == "version_conflict")
            #expect(try service.rowCounts()["shipment_events"] == before["shipment_events"])
            let admin = try service.session("a", .admin)
            let seen = try #require(service.send(.get, order.path, token: admin).field("ETag"))
            #expect(report("start", "W/\(seen)").status == 412)
            let right = report("start", "\"x\", \(seen)")
            #expect(right.status == 200)
            let tag = try #require(right.field("ETag"))
            #expect(tag == "\"\(order.id)-\(version + 1)\"")
            #expect(report("ship", tag).status == 200)
        }
    }
}

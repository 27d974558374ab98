import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Pages of found orders", .enabled(if: ServiceUnderTest.isAvailable))
struct AdminOrderWalkTests {
    @Test(
        "show each order once and leave none out, while new ones come",
        arguments: [
            "", "status=awaiting_payment", "email=ana%40example.ro", "name=ana", "from=2020-01-01",
        ]
    )
    func walk(query: String) async throws {
        try await ServiceUnderTest.run { service in
            var placed: [Int64] = []
            for number in 0..<7 {
                placed.append(try service.placedOrder(name: "Ana Pop").id)
                // Some are of the same instant.
                if number.isMultiple(of: 3) { service.advance(by: .seconds(1)) }
            }
            let support = try service.support()
            var seen: [Int64] = []
            var cursor: String?
            var later: [Int64] = []
            repeat {
                let rest = cursor.map { "&cursor=\($0)" } ?? ""
                let page = service.send(
                    .get,
                    "/v1/admin/orders?size=2&\(query)\(rest)",
                    token: support
                )
                #expect(page.status == 200)
                let ids = (page["items"].array ?? []).compactMap { $0["id"]?.integer }
                #expect(ids.count == 2 || page["nextCursor"] == .null)
                seen += ids
                cursor = page["nextCursor"].string
                service.advance(by: .seconds(1))
                later.append(try service.placedOrder(name: "Ana Pop").id)
            } while cursor != nil
            #expect(seen == placed.reversed())
            #expect(later.count == 4)
            let first = service.send(.get, "/v1/admin/orders?size=4&\(query)", token: support)
            let newest = (first["items"].array ?? []).compactMap { $0["id"]?.integer }
            #expect(newest == later.reversed())
        }
    }

    @Test("end with the last order, also where it fills its page")
    func end() async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<4).map { _ in try service.placedOrder().id }
            let support = try service.support()
            let first = service.send(.get, "/v1/admin/orders?size=2", token: support)
            #expect(first["nextCursor"].string == "\(orders[2])")
            let second = service.send(
                .get,
                "/v1/admin/orders?size=2&cursor=\(orders[2])",
                token: support
            )
            #expect(second["items"].array?.count == 2 && second["nextCursor"] == .null)
            let beyond = service.send(
                .get,
                "/v1/admin/orders?cursor=\(orders[0])",
                token: support
            )
            #expect(beyond.json == ["items": [], "nextCursor": nil])
        }
    }
}

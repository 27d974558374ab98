import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("States of many orders", .enabled(if: ServiceUnderTest.isAvailable))
struct BulkStatusTests {
    private static let path = "/v1/orders/bulk/status"

    private func states(
        _ service: ServiceUnderTest,
        _ ids: [Int64],
        _ token: String
    ) -> TestAnswer {
        service.send(.post, Self.path, token: token, ["ids": .array(ids.map(JSON.integer))])
    }

    private func stored(_ service: ServiceUnderTest) throws -> [String] {
        let keys = try service.services.cacheRedis.send(Command("KEYS", "*"), until: service.soon)
        return (keys.array ?? []).compactMap(\.string)
            .filter { $0.hasPrefix("order-summaries") || $0.hasPrefix("lease:") }.sorted()
    }

    @Test("come in the order asked, once each, cached or not")
    func order() async throws {
        try await ServiceUnderTest.run { service in
            let staff = try service.session("s", .support)
            let orders = try (0..<3).map { _ in try service.placedOrder() }
            let ids = orders.map(\.id)
            let asked = [ids[2], 999_999, ids[0], ids[2], ids[1], 999_998, 999_999]
            let miss = states(service, asked, staff)
            #expect(miss.status == 200)
            let told = miss["items"].array?.compactMap { $0["orderId"]?.integer }
            #expect(told == [ids[2], ids[0], ids[1]] && miss["missing"] == [999_999, 999_998])
            #expect(miss["items", "0", "status"] == "awaiting_payment")
            // That there is none is kept as well.
            let all = ids + [999_998, 999_999]
            #expect(try stored(service) == all.map { "order-summaries::\($0)" }.sorted())
            // Behind the cache's back: a hit does not see it.
            try service.execute("UPDATE orders SET status = 'confirmed'")
            #expect(states(service, asked, staff).response.body == miss.response.body)
            // Half of them cached.
            let key = CacheName.orderSummaries.key(ids[0])
            _ = service.services.cache.drop([key], until: service.soon)
            let half = states(service, asked, staff)
            #expect(half["items", "1", "status"] == "confirmed")
            #expect(half["items", "0", "status"] == "awaiting_payment")
            #expect(states(service, [999_999], staff)["items"] == [])
        }
    }

    @Test("are told out of the cache to those alone whom the record would tell them")
    func access() async throws {
        try await ServiceUnderTest.run { service in
            let staff = try service.session("s", .support)
            let other = try service.session("c", [.customer, .finance])
            let order = try service.placedOrder()
            let whole = states(service, [order.id], staff)
            #expect(whole.status == 200 && whole["items", "0", "orderId"] == .integer(order.id))
            func send(_ token: String? = nil, _ headers: [(String, String)] = []) -> TestAnswer {
                service.send(
                    .post,
                    Self.path,
                    token: token,
                    headers: headers,
                    ["ids": [.integer(order.id)]]
                )
            }
            // Both when all is cached and when the order has to be read.
            for isCached in [true, false] {
                func forget() {
                    let key = CacheName.orderSummaries.key(order.id)
                    if !isCached { service.services.cache.drop([key], until: service.soon) }
                }
                let type = ("Content-Type", "text/plain")
                for (answer, status) in [
                    (send(other), 403), (send(order.token), 401), (send(), 401),
                    // Without the CSRF token that goes with a cookie.
                    (send(nil, [("Cookie", "session=\(staff)")]), 403),
                    (send(staff, [type]), 415),
                ] {
                    #expect(answer.status == status)
                    #expect(answer["items"].isNull)
                    forget()
                }
                #expect(send(staff).response.body == whole.response.body)
                forget()
                let leaver = try service.session("leaver", .support)
                #expect(send(leaver).response.body == whole.response.body)
                #expect(service.send(.delete, "/v1/sessions/current", token: leaver).status == 204)
                forget()
                #expect(send(leaver).status == 401)
            }
            let most = (0..<1_001).map { Int64($0 + 1) }
            #expect(states(service, most, staff).status == 422)
            let many = Array(most.dropLast())
            let first = states(service, many, staff)
            #expect(first.status == 200 && first["missing"].array?.count == 999)
            #expect(states(service, many, staff).response.body == first.response.body)
        }
    }

    @Test("fill the cache that summaries are answered from")
    func shared() async throws {
        try await ServiceUnderTest.run { service in
            let staff = try service.session("s", .service)
            let order = try service.placedOrder()
            #expect(states(service, [order.id], staff).status == 200)
            try service.execute("UPDATE orders SET email = 'x@y.ro'")
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["customerIdentifier"] == "ana@example.ro")
            try service.pay(order)
            try service.settle()
            let item = states(service, [order.id], staff)["items", "0"]
            #expect(item["paymentStatus"] == "paid" && item["status"] == "confirmed")
        }
    }

    @Test("are stored by nobody whose reading a change has overtaken")
    func leases() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let cache = service.services.cache
            let key = CacheName.orderSummaries.key(order.id)
            let leases = try #require(cache.lease([key], until: service.soon))
            let before = try #require(
                try service.services.orders.find(order.id, until: service.soon)
            )
            try service.pay(order)
            try service.settle()
            let entry = OrderRepresentation.summaryEntry(before.summary)
            cache.store([(key, entry)], in: .orderSummaries, under: leases, until: service.soon)
            #expect(try stored(service).isEmpty)
        }
    }

    @Test("are answered without Redis")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let staff = try service.session("s", .admin)
            let order = try service.placedOrder()
            redis.stop()
            let answer = states(service, [order.id, 999_999], staff)
            #expect(answer.status == 200 && answer["missing"] == [999_999])
            #expect(answer["items", "0", "orderId"] == .integer(order.id))
        }
    }
}

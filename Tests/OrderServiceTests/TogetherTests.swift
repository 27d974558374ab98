import OrderServiceHarness
import OrderServiceTesting
import Redis
import Testing
import Web

@testable import OrderService

@Suite("Requests that come together", .enabled(if: ServiceUnderTest.isAvailable))
struct TogetherTests {
    /// What a client is told, but for the request's id.
    private struct Told: Equatable {
        let status: Int
        let tag: String?
        let body: [UInt8]

        init(_ response: Response) {
            let answer = TestAnswer(response: response)
            status = answer.status
            tag = answer.field("ETag")
            // Problems have the request's id.
            body = status < 400 ? response.body : Array((answer.code ?? "").utf8)
        }
    }

    private static func request(
        _ method: Method = .get,
        _ target: String,
        _ token: String? = nil,
        _ body: JSON? = nil
    ) -> Request {
        var headers: [(name: String, value: String)] = []
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return Request(method, target, headers: headers, body: body?.serialized() ?? [])
    }

    /// Compares what each is told alone with what it is told together with the others: when all is cached,
    /// when nothing is and no script is known, when the credentials alone are, and again when all is.
    private func compare(_ service: ServiceUnderTest, _ requests: [Request]) throws {
        let alone = requests.map { Told(service.application.respond(to: $0)) }
        func expectSame(_ state: Comment) {
            let together = service.application.respond(to: requests).map(Told.init)
            #expect(together.count == alone.count)
            for (place, (told, expected)) in zip(together, alone).enumerated() {
                #expect(told == expected, "\(place) \(state)")
            }
        }
        expectSame("cached")
        let redis = service.services.cacheRedis
        for command in [Command("FLUSHDB"), Command("SCRIPT", "FLUSH")] {
            _ = try redis.send(command, until: service.soon)
        }
        expectSame("from nothing")
        for name in [CacheName.orderSummaries, .paymentStatus, .orderTracking, .orderHistory] {
            _ = try service.services.cache.dropAll(of: name, until: service.soon)
        }
        expectSame("with credentials")
        expectSame("cached again")
    }

    @Test("are each answered as alone: hits, misses, and what is refused")
    func asAlone() async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("1", .customer)
            let other = try service.session("2", .customer)
            let staff = try service.session("s", .support)
            let finance = try service.session("f", .finance)
            let orders = try (0..<2).map { _ in
                try service.placedOrder(customer: "1", token: customer)
            }
            let guest = try service.placedOrder()
            let invoice = try service.addInvoice(of: orders[0].id).path
            let ids = JSON.array((orders + [guest]).map { .integer($0.id) })
            let bulk: JSON = ["ids": ids]
            var requests: [Request] = []
            for order in orders {
                for part in ["", "/payment", "/tracking", "/items", "/events"] {
                    for token in [customer, other, staff, guest.token, nil] {
                        requests.append(Self.request(.get, order.path + part, token))
                    }
                }
            }
            requests += [
                Self.request(.get, guest.path, guest.token), Self.request(.get, guest.path, other),
                Self.request(.get, "/v1/orders", customer),
                Self.request(.get, "/v1/orders?size=2&page=1", customer),
                Self.request(.get, "/v1/orders", other), Self.request(.get, "/v1/orders", staff),
                Self.request(.post, "/v1/orders/bulk/status", staff, bulk),
                Self.request(.post, "/v1/orders/bulk/status", customer, bulk),
                Self.request(.get, invoice, finance), Self.request(.get, invoice, customer),
                Self.request(.get, "/v1/none"), Self.request(.delete, "/v1/orders"),
                Self.request(.options, "/v1/orders"), Self.request(.get, "/health/live"),
                Self.request(.get, "/v1/orders/999999", customer),
            ]
            try compare(service, requests)
            try compare(service, requests.reversed())
            try compare(service, [requests[0]])
            func records() throws -> Int { try service.rowCounts()["audit_records"] ?? 0 }
            let before = try records()
            _ = service.application.respond(to: requests)
            let ofOne = try records() - before
            for request in requests { _ = service.application.respond(to: request) }
            #expect(ofOne > 0)
            #expect(try records() - before == 2 * ofOne)
        }
    }

    @Test("are told the same where they ask for much, in several trips")
    func heavy() async throws {
        try await ServiceUnderTest.run { service in
            let staff = try service.session("s", .support)
            let customer = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: customer)
            let ids = JSON.array([.integer(order.id)] + (0..<249).map { .integer(900_000 + $0) })
            let requests = (0..<8).flatMap { _ in
                [
                    Self.request(.post, "/v1/orders/bulk/status", staff, ["ids": ids]),
                    Self.request(.get, order.path, customer),
                ]
            }
            try compare(service, requests)
        }
    }

    @Test("share a trip as long as it is not too much for one")
    func trips() {
        #expect(QuickQuestion.firstTrip(of: []) == 0)
        #expect(QuickQuestion.firstTrip(of: [2, 0, 2]) == 3)
        #expect(QuickQuestion.firstTrip(of: [251, 2, 251, 2, 251, 2]) == 4)
        #expect(QuickQuestion.firstTrip(of: [512, 0, 1]) == 2)
        // One that is too much by itself has to be asked all the same.
        #expect(QuickQuestion.firstTrip(of: [513, 1]) == 1)
        #expect(QuickQuestion.firstTrip(of: [0, 513, 1]) == 2)
    }
}

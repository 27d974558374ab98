import Dispatch
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
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

    /// Answers look-ups of which the cache lacks what they ask for, and which wait for a lane together.
    ///
    /// - Parameters:
    ///   - service: has all sessions cached.
    ///   - requests: all of one route.
    ///   - meanwhile: is done before a lane is free.
    /// - Returns: what each is told.
    /// - Throws: what `meanwhile` throws.
    private func missTogether(
        _ service: ServiceUnderTest,
        _ requests: [Request],
        meanwhile: () throws -> Void = {}
    ) throws -> [Told] {
        let lanes = service.application.lanes.read
        let gate = DispatchSemaphore(value: 0)
        // One that has just answered is not free at once.
        #expect(lanes.waitUntilIdle(until: service.soon))
        for _ in 0..<lanes.usage.lanes { #expect(lanes.submit { gate.wait() }) }
        var failure: (any Error)?
        let answers = service.application.respond(to: requests) {
            #expect(lanes.usage.queued == 1)
            do { try meanwhile() } catch { failure = error }
            for _ in 0..<lanes.usage.lanes { gate.signal() }
        }
        if let failure { throw failure }
        return answers.map(Told.init)
    }

    @Test("are read together where the cache lacks them, and stored where somebody may see them")
    func missing() async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("1", .customer)
            let other = try service.session("2", .customer)
            let own = try service.placedOrder(customer: "1", token: customer)
            let others = try service.placedOrder(customer: "2", token: other)
            let guest = try service.placedOrder()
            for token in [customer, other, guest.token] {
                _ = service.send(.get, "/v1/orders/999", token: token)
            }
            for part in ["", "/payment", "/tracking"] {
                let asked = [
                    (own.path, customer), (own.path, customer), (own.path, other),
                    (others.path, customer), (guest.path, guest.token), (guest.path, customer),
                    ("/v1/orders/999999", customer),
                ]
                let told = try missTogether(
                    service,
                    asked.map { Self.request(.get, $0.0 + part, $0.1) }
                )
                #expect(told.map(\.status) == [200, 200, 404, 404, 200, 404, 404])
                let name: CacheName =
                    switch part {
                    case "": .orderSummaries
                    case "/payment": .paymentStatus
                    default: .orderTracking
                    }
                let keys = [own.id, others.id, guest.id, 999_999].map { name.key($0) }
                let redis = service.services.cacheRedis
                func exist(_ keys: [[UInt8]]) throws -> [Bool] {
                    try keys.map { key in
                        try redis.send(Command("EXISTS", key), until: service.soon).integer == 1
                    }
                }
                #expect(try exist(keys) == [true, false, true, false])
                #expect(
                    try exist(keys.map(LookUpCache.leaseKey)) == Array(repeating: false, count: 4)
                )
                let alone = asked.map {
                    Told(service.application.respond(to: Self.request(.get, $0.0 + part, $0.1)))
                }
                #expect(told == alone)
            }
        }
    }

    @Test(
        "go on alone where another is about to store what they lack, or has stored what is too old"
    )
    func leftOver() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let orders = try (0..<3).map { _ in
                try service.placedOrder(customer: "1", token: token)
            }
            let requests = orders.map { Self.request(.get, $0.path, token) }
            let cache = service.services.cache
            let key = CacheName.orderSummaries.key(orders[0].id)
            // Another process is about to fill the first; of the second somebody stores an old version.
            let take = cache.takeLease(of: key, [1])
            let tag = try #require(service.send(.get, orders[1].path, token: token).field("ETag"))
            _ = try cache.dropAll(of: .orderSummaries, until: service.soon)
            _ = try cache.redis.send(take, until: service.soon)
            let told = try missTogether(
                service,
                [
                    requests[0],
                    Request(
                        .get,
                        orders[1].path,
                        headers: [
                            ("Authorization", "Bearer \(token)"), ("If-None-Match", tag),
                        ]
                    ),
                    requests[2],
                ]
            ) {
                let old = CacheEntry(version: 0, owner: "1", body: [1])
                let put = Command("SET", CacheName.orderSummaries.key(orders[1].id), old.stored)
                _ = try cache.redis.send(put, until: service.soon)
            }
            #expect(told.map(\.status) == [200, 304, 200])
            #expect(told[0] == Told(service.application.respond(to: requests[0])))
        }
    }

    @Test("are refused alone, where one's session has ended or one's order cannot be read")
    func oneOfThem() async throws {
        try await ServiceUnderTest.run { service in
            let (first, second) = (
                try service.session("1", .customer), try service.session("2", .customer)
            )
            let orders = [
                try service.placedOrder(customer: "1", token: first),
                try service.placedOrder(customer: "2", token: second),
            ]
            let tokens = [first, second]
            let requests = zip(orders, tokens).map { Self.request(.get, $0.path, $1) }
            for token in tokens { _ = service.send(.get, "/v1/orders/999", token: token) }
            let read = try missTogether(service, requests)
            #expect(read.map(\.status) == [200, 200])
            func drop() throws {
                _ = try service.services.cache.dropAll(of: .orderSummaries, until: service.soon)
            }
            try drop()
            try service.execute("UPDATE orders SET currency = '?' WHERE id = \(orders[0].id)")
            let unread = try missTogether(service, requests)
            #expect(unread.map(\.status) == [500, 200])
            #expect(unread[1] == read[1])
            try service.execute("UPDATE orders SET currency = 'RON'")
            try drop()
            let revoked = try missTogether(service, requests) {
                let answer = service.send(.delete, "/v1/sessions/current", token: second)
                #expect(answer.status == 204)
            }
            #expect(revoked.map(\.status) == [200, 401] && revoked[0] == read[0])
            try drop()
            try service.execute("RENAME TABLE orders TO orders_away")
            let away = try missTogether(service, [requests[0], requests[0]])
            try service.execute("RENAME TABLE orders_away TO orders")
            #expect(away.map(\.status) == [500, 500])
            #expect(try missTogether(service, [requests[0], requests[0]]) == [read[0], read[0]])
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

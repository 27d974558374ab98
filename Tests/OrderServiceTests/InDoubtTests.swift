import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Lists for finance", .enabled(if: ServiceUnderTest.isAvailable))
struct InDoubtTests {
    private static let payments = "/v1/admin/payments/in-doubt"
    private static let reservations = "/v1/admin/reservations"

    private func list(
        _ service: ServiceUnderTest,
        _ target: String = payments
    ) throws -> TestAnswer {
        service.send(.get, target, token: try service.session("7", .finance))
    }

    private func doubts(_ service: ServiceUnderTest) throws -> [String] {
        let items = try list(service)["items"].array ?? []
        return items.compactMap { $0["doubt"]?.string }
    }

    private func metric(_ service: ServiceUnderTest, _ series: String) throws -> String? {
        _ = try service.services.makeSampler().drain()
        let lines = service.send(.get, "/metrics").text.split(separator: "\n")
        return lines.first { $0.hasPrefix(series + " ") }
            .map { String($0.dropFirst(series.count + 1)) }
    }

    @Test("are for finance and admins alone", arguments: [payments, reservations])
    func roles(target: String) async throws {
        try await ServiceUnderTest.run { service in
            #expect(service.send(.get, target).code == "unauthenticated")
            for role in [Roles.customer, .support, .service] {
                let answer = service.send(.get, target, token: try service.session("7", role))
                #expect(answer.status == 403 && answer.code == "forbidden_role")
            }
            for role in [Roles.finance, .admin] {
                let answer = service.send(.get, target, token: try service.session("7", role))
                #expect(answer.status == 200)
                #expect(answer.json == ["items": [], "nextCursor": nil])
                #expect(answer.field("Cache-Control") == "no-store")
            }
        }
    }

    @Test("show a payment that Stripe did not answer, with age and amount, until it does")
    func degraded() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /stripe/v1/payment_intents", "status", status: 503)
            let order = try service.placedOrder()
            service.advance(by: .seconds(90))
            let item = try #require(try list(service)["items"].array?.first)
            #expect(item["kind"] == "payment" && item["orderId"]?.integer == order.id)
            #expect(item["doubt"] == "requires_retry" && item["status"] == "requires_retry")
            #expect(item["attempts"] == 1 && item["captured"] == ["amount": 0, "currency": "RON"])
            #expect(item["amount"] == order.answer["order", "total"])
            #expect((90...100).contains(item["ageSeconds"]?.integer ?? 0))
            let total = order.answer["order", "total", "amount"].integer ?? 0
            let count = "orderd_payments_in_doubt{doubt=\"requires_retry\"}"
            let sum = "orderd_payments_in_doubt_minor{currency=\"RON\"}"
            let oldest = "orderd_payments_in_doubt_oldest_seconds{doubt=\"requires_retry\"}"
            #expect(try metric(service, count) == "1")
            #expect(try metric(service, sum) == "\(total)")
            #expect(try metric(service, oldest).flatMap { Int($0) } ?? 0 >= 90)
            service.removeFaults()
            let started = service.send(
                .post,
                "\(order.path)/payments",
                token: order.token,
                key: "again",
                [:]
            )
            #expect(started["degraded"] == false)
            #expect(try doubts(service) == [])
            #expect(try metric(service, count) == "0" && metric(service, sum) == "0")
        }
    }

    @Test("show payments that were given up, and those to be looked at")
    func voidAndReview() async throws {
        try await ServiceUnderTest.run { service in
            service.standIn(
                .post,
                "/_faults",
                [
                    "match": "POST /stripe/v1/payment_intents", "kind": "status", "status": 500,
                    "times": 1, "stored": true,
                ]
            )
            let order = try service.placedOrder()
            let started = service.send(
                .post,
                "\(order.path)/payments",
                token: order.token,
                key: "again",
                [:]
            )
            try service.pay(secret: started["clientSecret"].string)
            try service.settle()
            #expect(try doubts(service) == ["void"])
            try service.execute("UPDATE payments SET status = 'cancelled' WHERE is_void")
            #expect(try doubts(service) == [])
            try service.execute(
                "UPDATE payments SET review_reason = 'amount_exceeds' WHERE NOT is_void"
            )
            let item = try #require(try list(service)["items"].array?.first)
            #expect(item["doubt"] == "review" && item["reviewReason"] == "amount_exceeds")
            #expect(item["captured"] == item["amount"] && item["status"] == "paid")
            try service.execute("UPDATE payments SET status = 'refunded' WHERE NOT is_void")
            #expect(try doubts(service) == [])
            try service.execute("UPDATE payments SET status = 'unknown' WHERE NOT is_void")
            #expect(try doubts(service) == ["unknown"])
        }
    }

    @Test("show no payment that is as it should be")
    func sound() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.placedOrder()
            _ = try service.paidOrder()
            _ = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            #expect(try doubts(service) == [])
        }
    }

    @Test("show a refund whose answer was lost, after the payments, until it is found out")
    func refunds() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let doubtful = try service.placedOrder()
            try service.execute(
                "UPDATE payments SET status = 'unknown' WHERE order_id = \(doubtful.id)"
            )
            service.setFault("POST /stripe/v1/refunds", "drop_after")
            let token = try service.staff()
            let refund = service.refund(order, token: token, key: "1", [("amount", 250)])
            #expect(refund["status"] == "unknown")
            service.advance(by: .seconds(90))

            let first = try list(service, "\(Self.payments)?size=1")
            #expect(first["items", "0", "orderId"].integer == doubtful.id)
            let cursor = try #require(first["nextCursor"].string)
            let second = try list(service, "\(Self.payments)?size=1&cursor=\(cursor)")
            #expect(second["nextCursor"] == nil && second["items"].array?.count == 1)
            #expect(second["items", "0", "kind"] == "refund")
            #expect(second["items", "0", "orderId"].integer == order.id)
            #expect(second["items", "0", "refundId"] == refund["id"])
            #expect(second["items", "0", "amount", "amount"] == 250)
            let end = try list(service, "\(Self.payments)?cursor=r\(Int64.max)")
            #expect(end["items"] == [] && end["nextCursor"] == nil)
            let sum = "orderd_refunds_in_doubt_minor{currency=\"RON\"}"
            #expect(try metric(service, sum) == "250")
            let age = try metric(service, "orderd_refunds_in_doubt_oldest_seconds")
            #expect(age.flatMap { Int($0) } ?? 0 >= 90)

            service.removeFaults()
            try service.settle()
            #expect(try list(service)["items"].array?.count == 1)
            #expect(try metric(service, sum) == "0")
        }
    }

    @Test("show the money of a cancelled order that did not go back")
    func failedRefund() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_refundFail")
            try service.settle()
            let cancelled = service.send(
                .post,
                "\(order.path)/cancel",
                token: order.token,
                key: "cancel"
            )
            #expect(cancelled.status == 200 || cancelled.status == 202)
            try service.settle()
            #expect(try doubts(service) == [])
            service.advance(by: .seconds(60))
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["failed"])
            #expect(try doubts(service) == ["review"])
            #expect(try list(service)["items", "0", "reviewReason"] == "refund_failed")
        }
    }

    @Test("are walked page by page") func pages() async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<5).map { _ in try service.placedOrder() }
            try service.execute("UPDATE payments SET status = 'unknown'")
            for target in [Self.payments, "\(Self.reservations)?state=held", Self.reservations] {
                var seen: [Int64] = []
                var cursor = ""
                var pages = 0
                repeat {
                    let separator = target.contains("?") ? "&" : "?"
                    let page = try list(service, "\(target)\(separator)size=2\(cursor)")
                    seen += (page["items"].array ?? []).compactMap { $0["orderId"]?.integer }
                    cursor = page["nextCursor"].string.map { "&cursor=\($0)" } ?? ""
                    pages += 1
                } while !cursor.isEmpty && pages < 9
                #expect(seen == orders.map(\.id) && pages == 3)
            }
        }
    }

    @Test("show reservations by their state") func states() async throws {
        try await ServiceUnderTest.run { service in
            let held = try service.placedOrder()
            let sold = try service.paidOrder()
            let item = try #require(
                try list(service, "\(Self.reservations)?state=held")["items"].array?.first
            )
            #expect(item["orderId"]?.integer == held.id && item["state"] == "held")
            #expect(item["key"] == .string("order-\(held.id)"))
            #expect(item["orderTotal"] == held.answer["order", "total"])
            #expect(item["expiresAt"]?.string != nil && item["requiresVerification"] == false)
            let committed = try list(service, "\(Self.reservations)?state=committed")
            #expect(committed["items"].array?.compactMap { $0["orderId"]?.integer } == [sold.id])
            #expect(try list(service, Self.reservations)["items"].array?.count == 2)
            #expect(try list(service, "\(Self.reservations)?state=lost")["items"] == [])
        }
    }

    @Test(
        "refuse what makes no sense",
        arguments: [
            "cursor=x", "cursor=0", "cursor=-1", "size=0", "size=101", "state=gone", "state=",
        ]
    )
    func senseless(query: String) async throws {
        try await ServiceUnderTest.run { service in
            let answer = try list(service, "\(Self.reservations)?\(query)")
            #expect(answer.status == 400 && answer.code == "invalid_request")
            #expect(answer.faults.first?.hasPrefix("?") == true)
        }
    }

    @Test("refuse cursors that are none", arguments: ["r", "r0", "rr1", "r-1", "x", "0", ""])
    func senselessCursors(cursor: String) async throws {
        try await ServiceUnderTest.run { service in
            let answer = try list(service, "\(Self.payments)?cursor=\(cursor)")
            #expect(answer.status == 400 && answer.faults == ["?cursor format"])
        }
    }
}

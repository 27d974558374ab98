import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Refunds", .enabled(if: ServiceUnderTest.isAvailable))
struct RefundTests {
    @Test("without amount and items give back all that is left, once")
    func whole() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let total = try service.sums(of: order).captured
            let part = service.refund(order, token: token, key: "part", [("amount", 500)])
            #expect(part.status == 201 && part["status"] == "succeeded")
            #expect(part["amount"] == ["amount": 500, "currency": "RON"])
            #expect(part["requestedBy"] == "staff:staff-4" && part["reason"] == "damaged")
            #expect(
                try service.sums(of: order)
                    == .init(
                        status: "partially_refunded",
                        orderStatus: "partially_refunded",
                        captured: total,
                        reserved: 500,
                        refunded: 500,
                        flag: nil
                    )
            )
            let rest = service.refund(order, token: token, key: "rest")
            #expect(rest["amount", "amount"].integer == total - 500)
            let sums = try service.sums(of: order)
            #expect(sums.status == "refunded" && sums.orderStatus == "refunded")
            #expect(sums.refunded == total && sums.reserved == total)
            let more = service.refund(order, token: token, key: "more")
            #expect(more.status == 409 && more.code == "refund_exceeds_captured")
            #expect(more["refundable"] == ["amount": 0, "currency": "RON"])

            let told = service.refundsAtStripe
            #expect(told.map { $0["amount"]?.integer } == [500, total - 500])
            #expect(told.map { $0["metadata"]?["refund_id"] } == [part["id"], rest["id"]])
            #expect(told[0]["metadata"]?["order_id"]?.string == String(order.id))
        }
    }

    @Test("show in look-ups, history and events, and a webhook after that brings nothing new")
    func effects() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            // Cached before the refund.
            _ = service.send(.get, order.path, token: order.token)
            _ = service.send(.get, "\(order.path)/payment", token: order.token)
            let refund = service.refund(order, token: try service.staff())
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["paymentStatus"] == "refunded" && summary["status"] == "confirmed")
            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(payment["status"] == "refunded")
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            let topics = try service.streamedTopics(of: order.id)
            #expect(topics.filter { $0.hasPrefix("refund.") } == ["refund.succeeded"])
            let event = try service.streamedEvents().last { event in
                event["type"] == "refund.succeeded"
            }
            #expect(event?["data"]?["refund"]?["id"] == refund["id"])
            #expect(event?["data"]?["refund"]?["amount"] == refund["amount"])
            let events = service.send(.get, "\(order.path)/events", token: order.token)
            let names = (events["items"].array ?? []).compactMap { $0["event"]?.string }
            #expect(names.contains("refund.succeeded") && names.contains("payment.refunded"))
            #expect(!names.contains("refund.requested"))
        }
    }

    @Test("are repeated byte for byte under their key, and made once")
    func replay() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let first = service.refund(order, token: token, [("amount", 300)])
            let again = service.refund(order, token: token, [("amount", 300)])
            #expect(again.status == 201 && again.text == first.text)
            #expect(again.field("Idempotent-Replayed") == "true")
            #expect(again.field("Location") == nil && first.field("Location") == nil)
            let other = service.refund(order, token: token, [("amount", 301)])
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
            let path = "/v1/admin/orders/\(order.id)/refunds"
            let keyless = service.send(.post, path, token: token, ["reason": "x"])
            #expect(keyless.status == 400 && keyless.code == "idempotency_key_missing")
            #expect(service.refundsAtStripe.count == 1)
        }
    }

    @Test("that a crash has left without an answer are found by their key, not made again")
    func crashedAnswer() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let first = service.refund(order, token: token, [("amount", 300)])
            // As if the process had died before it could store the answer.
            try service.execute(
                """
                UPDATE idempotency_keys SET response = NULL, response_status = NULL,
                    recovery_point = 'started'
                WHERE route LIKE '%refunds#%'
                """
            )
            let again = service.refund(order, token: token, [("amount", 300)])
            #expect(again.status == 201 && again["id"] == first["id"])
            #expect(service.refundsAtStripe.count == 1)
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
        }
    }

    @Test("never exceed what was captured, whoever asks at the same time")
    func concurrency() async throws {
        // Two processes, twenty requests, room for seven of them.
        try await ServiceUnderTest.run(["REQUEST_LANES": "20"]) { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let total = try service.sums(of: order).captured
            let part = total / 7
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let (other, _) = sibling.makeApplication()
            let body = JSON.object([("reason", "rush"), ("amount", .integer(part))]).serialized()
            let companions = (0..<20).map { number in
                Companion { () -> Int in
                    let request = Request(
                        .post,
                        "/v1/admin/orders/\(order.id)/refunds",
                        headers: [
                            ("Authorization", "Bearer \(token)"),
                            ("Content-Type", "application/json"),
                            ("Idempotency-Key", "rush-\(number)"),
                        ],
                        body: body
                    )
                    let application = number.isMultiple(of: 2) ? service.application : other
                    // Who is told to come again, as all wait for one order's lock, does so.
                    for _ in 0..<20 {
                        let status = application.respond(to: request).status.rawValue
                        if status != 503 { return status }
                    }
                    return 503
                }
            }
            let statuses = try companions.map { try $0.join(within: 120) }
            #expect(statuses.count { $0 == 201 } == 7)
            #expect(statuses.count { $0 == 409 } == 13)
            let open = (try service.refundStatuses(of: order)).count
            #expect(open == 7)
            try service.work(order, until: Array(repeating: "succeeded", count: 7))
            let sums = try service.sums(of: order)
            #expect(sums.refunded == 7 * part && sums.reserved == 7 * part)
            let sent = service.refundsAtStripe.reduce(0) { $0 + ($1["amount"]?.integer ?? 0) }
            #expect(sent == 7 * part)
        }
    }

    @Test("the schema itself refuses more than was captured")
    func check() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            #expect(throws: MariaDBError.self) {
                try service.execute(
                    """
                    UPDATE payments SET refund_reserved_minor = captured_minor + 1
                    WHERE order_id = \(order.id)
                    """
                )
            }
        }
    }

    @Test("are refused with every fault of the body")
    func faults() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let path = "/v1/admin/orders/\(order.id)/refunds"
            let cases: [(JSON, [String])] = [
                ([:], ["/reason required"]),
                (["reason": "x", "amount": 0], ["/amount range"]),
                (
                    ["reason": "x", "amount": 1, "items": []],
                    ["/items length", "/items duplicate"]
                ),
                (["reason": "x", "items": [["quantity": 1]]], ["/items/0/sku required"]),
                (
                    ["reason": "x", "items": [["sku": "A", "position": 1, "quantity": 1]]],
                    ["/items/0/position duplicate"]
                ),
                (
                    ["reason": "x", "items": [["sku": "NONE", "quantity": 1]]],
                    ["/items/0/sku unknown_sku"]
                ),
                (
                    ["reason": "x", "items": [["position": 9, "quantity": 1]]],
                    ["/items/0/position unknown_sku"]
                ),
                (["reason": "x", "currency": "EUR"], ["/currency unknown"]),
                // What somebody failed to fill in is not all that is left.
                (["reason": "x", "amount": .null], ["/amount type"]),
                (["reason": "x", "items": .null], ["/items type"]),
                (
                    ["reason": "x", "items": [["sku": .null, "quantity": 1]]],
                    ["/items/0/sku type"]
                ),
                (
                    ["reason": "x", "items": [["sku": "A", "position": .null, "quantity": 1]]],
                    ["/items/0/position type"]
                ),
            ]
            for (index, (body, faults)) in cases.enumerated() {
                let answer = service.send(.post, path, token: token, key: "bad-\(index)", body)
                #expect(answer.status == 422 && answer.faults == faults)
            }
            #expect(try service.rowCounts()["refunds"] == 0)
        }
    }

    @Test("are for finance and admin, and for support up to a sum of the order")
    func roles() async throws {
        try await ServiceUnderTest.run(["REFUND_SUPPORT_LIMIT": "1000"]) { service in
            let order = try service.paidOrder()
            let support = try service.staff(.support)
            #expect(
                service.refund(order, token: support, key: "1", [("amount", 600)]).status == 201
            )
            let over = service.refund(order, token: support, key: "2", [("amount", 401)])
            #expect(over.status == 403 && over.code == "forbidden_role")
            #expect(
                service.refund(order, token: support, key: "3", [("amount", 400)]).status == 201
            )
            for (index, roles) in [Roles.finance, .admin].enumerated() {
                let answer = service.refund(
                    order,
                    token: try service.staff(roles),
                    key: "staff-\(index)",
                    [("amount", 500)]
                )
                #expect(answer.status == 201)
            }
            for roles in [Roles.customer, .service] {
                let answer = service.refund(order, token: try service.staff(roles))
                #expect(answer.status == 403 && answer.code == "forbidden_role")
            }
            #expect(service.refund(order, token: order.token).status == 401)
            for roles in [Roles.support, .customer, .service] {
                let list = service.send(.get, "/v1/admin/refunds", token: try service.staff(roles))
                #expect(list.status == 403)
                let resolve = service.send(
                    .post,
                    "/v1/admin/refunds/ref_x/resolve",
                    token: try service.staff(roles),
                    ["outcome": "failed", "evidence": "x"]
                )
                #expect(resolve.status == 403)
            }
            let none = service.send(
                .post,
                "/v1/admin/orders/999999999/refunds",
                token: try service.staff(),
                key: "none",
                ["reason": "x"]
            )
            #expect(none.status == 404 && none.code == "order_not_found")
        }
    }

    @Test("need captured money, and wait while the payer disputes it")
    func blocked() async throws {
        try await ServiceUnderTest.run { service in
            let unpaid = try service.placedOrder()
            let token = try service.staff()
            let early = service.refund(unpaid, token: token, [("amount", 100)])
            #expect(early.status == 409 && early.code == "refund_exceeds_captured")

            let order = try service.paidOrder()
            try service.execute(
                "UPDATE payments SET status = 'disputed' WHERE order_id = \(order.id)"
            )
            let refused = service.refund(order, token: token, [("amount", 100)])
            #expect(refused.status == 409 && refused.code == "payment_disputed")
            #expect(service.refundCalls == 0)
            // The refused key is free again.
            try service.execute(
                "UPDATE payments SET status = 'paid' WHERE order_id = \(order.id)"
            )
            #expect(service.refund(order, token: token, [("amount", 100)]).status == 201)
        }
    }

    @Test("of a day are limited together, whatever became of them")
    func dailyLimit() async throws {
        try await ServiceUnderTest.run(["REFUND_DAILY_LIMIT": "1000"]) { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            #expect(service.refund(order, token: token, key: "1", [("amount", 700)]).status == 201)
            let over = service.refund(order, token: token, key: "2", [("amount", 301)])
            #expect(over.status == 429 && over.code == "rate_limited")
            let wait = try #require(over.field("Retry-After").flatMap { Int64($0) })
            #expect((1...86_400).contains(wait))
            #expect(service.refund(order, token: token, key: "3", [("amount", 300)]).status == 201)
            #expect(try service.sums(of: order).reserved == 1_000)
            service.advance(by: .seconds(wait))
            #expect(service.refund(order, token: token, key: "2", [("amount", 301)]).status == 201)
        }
    }

    @Test("of cash that was paid at the door are somebody's work from the start")
    func cash() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let admin = try service.staff(.admin)
            for event: JSON in ["start", "ship", "deliver"] {
                let path = "/v1/admin/orders/\(order.id)/fulfilment"
                service.send(.post, path, token: admin, ["event": event])
            }
            let refund = service.refund(order, token: admin, [("amount", 900)])
            #expect(refund.status == 201 && refund["status"] == "manual")
            #expect(refund["lastError"] == "not_by_card" && service.refundCalls == 0)
            #expect(try service.sums(of: order).reserved == 900)
            let resolved = service.send(
                .post,
                "/v1/admin/refunds/\(refund["id"].string ?? "")/resolve",
                token: admin,
                ["outcome": "succeeded", "evidence": "bank transfer 4711"]
            )
            #expect(resolved.status == 200 && resolved["status"] == "succeeded")
            #expect(try service.sums(of: order).orderStatus == "partially_refunded")
        }
    }
}

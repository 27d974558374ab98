import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Completing a checkout", .enabled(if: ServiceUnderTest.isAvailable))
struct CompletionTests {
    @Test("leads from a card to a paid and confirmed order by the webhook")
    func happyPath() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder([
                ServiceUnderTest.item("CANA-ALBA", 2), ServiceUnderTest.item("CAFEA-250", 1),
            ])
            let answer = order.answer
            #expect(answer["order", "status"] == "awaiting_payment")
            #expect(answer["order", "paymentStatus"] == "requires_payment_method")
            #expect(answer["order", "total"] == ["amount": 15_469, "currency": "RON"])
            #expect(answer["order", "itemCount"] == 3)
            #expect(answer["order", "customerIdentifier"] == "ana@example.ro")
            #expect(answer["payment", "degraded"] == false)
            #expect(answer["payment", "next"] == .null)
            #expect(
                answer["reservation"] == ["optimistic": false, "requiresVerification": false]
            )
            #expect(answer.field("Location") == order.path)
            #expect(answer.field("Cache-Control") == "no-store")
            #expect(service.intents.count == 1)
            #expect(service.intents.first?["amount"] == 15_469)
            #expect(service.intents.first?["metadata"]?["order_id"]?.string == "\(order.id)")

            try service.pay(order)
            let before = service.send(.get, order.path, token: order.token)
            #expect(before["paymentStatus"] == "requires_payment_method")
            service.deliverWebhooks()
            let waiting = try service.query(
                "SELECT 1 FROM webhook_inbox WHERE applied_at IS NULL"
            )
            #expect(!waiting.isEmpty)
            try service.drain()

            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(payment["status"] == "paid" && payment["amount"] == 15_469)
            #expect(payment["completedAt"].string != nil)
            #expect(payment["attempts"].array?.count == 1)
            let states = try service.query("SELECT status FROM reservations")
            #expect(try states.map { try $0.string("status") } == ["committed"])
            let reservations = service.standIn(.get, "/_state")["reservations"].array ?? []
            #expect(reservations.map { $0["status"] } == ["committed"])
            #expect(
                try service.streamedTopics(of: order.id) == [
                    "order.placed", "payment.succeeded", "order.confirmed",
                ]
            )
            // What waits still are the two tasks for the case that this process had died.
            let tasks = try service.query(
                "SELECT topic FROM outbox WHERE next_attempt_at IS NOT NULL ORDER BY topic"
            )
            #expect(
                try tasks.map { try $0.string("topic") } == [
                    "order.discard_unseen", "payment.ensure",
                ]
            )
        }
    }

    @Test("repeats the first answer byte for byte, and refuses the key for another body")
    func replays() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let first = service.complete(checkout, key: "k")
            #expect(first.status == 201 && first.field("Idempotent-Replayed") == nil)
            let before = try service.rowCounts()
            for key in ["k", "\"k\"", " k "] {
                let repeated = service.complete(checkout, key: key)
                #expect(repeated.status == 201)
                #expect(repeated.response.body == first.response.body)
                #expect(repeated.field("Idempotent-Replayed") == "true")
            }
            let other = service.complete(checkout, key: "k", body: ["paymentMethod": "card"])
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
            #expect(try service.rowCounts() == before)
            #expect(service.intents.count == 1)
        }
    }

    @Test(
        "wants a key of 1 to 255 printable characters",
        arguments: [
            (nil, "idempotency_key_missing"), ("", "idempotency_key_missing"),
            ("\"\"", "invalid_request"), (" ", "invalid_request"), ("a b", "invalid_request"),
            ("ț", "invalid_request"), (String(repeating: "k", count: 256), "invalid_request"),
        ] as [(String?, String)]
    )
    func wantsKey(key: String?, code: String) async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let before = try service.rowCounts()
            let answer = service.send(
                .post,
                "\(checkout.path)/complete",
                token: checkout.token,
                key: key,
                [:]
            )
            #expect(answer.status == 400 && answer.code == code)
            #expect(try service.rowCounts() == before)
            let longest = String(repeating: "k", count: 255)
            #expect(service.complete(checkout, key: longest).status == 201)
        }
    }

    @Test("answers the same order to any further key, and tells the guest's token once")
    func completesOnce() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let again = service.complete(order.checkout, key: "another")
            #expect(again.status == 201)
            #expect(again["order", "id"].integer == order.id)
            #expect(again["guestToken"] == .null)
            #expect(again["payment", "clientSecret"].string == order.clientSecret)
            #expect(service.intents.count == 1)
            #expect(try service.rowCounts()["orders"] == 1)
            #expect(try service.rowCounts()["guest_tokens"] == 1)
        }
    }

    @Test("tells the new totals where the expected one is another")
    func totalsChanged() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let before = try service.rowCounts()
            for expected: JSON in [
                ["amount": 6_988, "currency": "RON"], ["amount": 6_989, "currency": "EUR"],
            ] {
                let answer = service.complete(checkout, body: ["expectedTotal": expected])
                #expect(answer.status == 409 && answer.code == "totals_changed")
                #expect(answer["totals", "total", "amount"] == 6_989)
            }
            #expect(try service.rowCounts() == before)
            let right: JSON = ["expectedTotal": ["amount": 6_989, "currency": "RON"]]
            #expect(service.complete(checkout, body: right).status == 201)
        }
    }

    @Test("names what is out of stock, leaves no order, and keeps the session open")
    func outOfStock() async throws {
        try await ServiceUnderTest.run { service in
            try service.sell("RAR", price: 5_000, stock: 1)
            let checkout = try service.readyCheckout([
                ServiceUnderTest.item("CANA-ALBA"), ServiceUnderTest.item("RAR", 2),
            ])
            let answer = service.complete(checkout)
            #expect(answer.status == 409 && answer.code == "out_of_stock")
            #expect(answer.faults == ["/items/1/quantity out_of_stock"])
            let counts = try service.rowCounts()
            #expect(counts["orders"] == 0 && counts["payments"] == 0 && counts["order_lines"] == 0)
            #expect(service.intents.isEmpty)

            let items: JSON = ["items": [ServiceUnderTest.item("RAR", 1)]]
            #expect(service.send(.patch, checkout.path, token: checkout.token, items).status == 200)
            #expect(service.complete(checkout).status == 201)
        }
    }

    @Test(
        "makes one order and one PaymentIntent of twenty completions at once",
        arguments: [false, true]
    )
    func concurrent(hasOwnKeys: Bool) async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let answers = try (0..<20).map { number in
                Companion { service.complete(checkout, key: hasOwnKeys ? "k\(number)" : "k") }
            }.map { try $0.join() }
            #expect(
                answers.allSatisfy { [201, 409].contains($0.status) },
                "\(answers.map(\.text))"
            )
            #expect(
                answers.allSatisfy { $0.status == 201 || $0.code == "idempotency_in_progress" }
            )
            let orders = Set(answers.compactMap { $0["order", "id"].integer })
            #expect(orders.count == 1)
            let secrets = Set(answers.compactMap { $0["payment", "clientSecret"].string })
            #expect(secrets.count == 1)
            let tokens = Set(answers.compactMap { $0["guestToken"].string })
            #expect(tokens.count == 1)
            #expect(service.intents.count == 1)
            let counts = try service.rowCounts()
            #expect(counts["orders"] == 1 && counts["payments"] == 1)
            #expect(counts["reservations"] == 1 && counts["guest_tokens"] == 1)
            let stock = service.standIn(.get, "/products?skus=CANA-ALBA")
            #expect(stock["products", "0", "stock"] == 999)
        }
    }

    @Test("confirms cash on delivery at once, and is paid by the delivery")
    func cashOnDelivery() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            #expect(order.answer["order", "status"] == "confirmed")
            #expect(order.answer["order", "paymentStatus"] == "due_on_delivery")
            #expect(order.answer["payment", "status"] == "due_on_delivery")
            #expect(order.clientSecret == nil && order.answer["payment", "next"] == .null)
            #expect(service.intents.isEmpty)
            let warehouse = try service.session("wms", .service)
            let path = "/v1/admin/orders/\(order.id)/fulfilment"
            for event in ["start", "ship"] {
                let answer = service.send(.post, path, token: warehouse, ["event": .string(event)])
                #expect(answer.status == 200 && answer["paymentStatus"] == "due_on_delivery")
            }
            let done = service.send(.post, path, token: warehouse, ["event": "deliver"])
            #expect(done["status"] == "delivered" && done["paymentStatus"] == "paid")
            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(payment["status"] == "paid" && payment["completedAt"].string != nil)
            try service.drain()
            #expect(
                try service.streamedTopics(of: order.id) == [
                    "order.placed", "order.confirmed", "order.shipped", "order.delivered",
                    "payment.succeeded",
                ]
            )
        }
    }

    @Test("confirms an order that costs nothing without a payment")
    func zeroTotal() async throws {
        try await ServiceUnderTest.run { service in
            try service.sell("GRATIS", price: 0)
            let order = try service.placedOrder(
                [ServiceUnderTest.item("GRATIS")],
                method: "pickup"
            )
            #expect(order.answer["order", "status"] == "confirmed")
            #expect(order.answer["payment", "status"] == "none_required")
            #expect(service.intents.isEmpty)
            #expect(try service.rowCounts()["payments"] == 0)
            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(payment.json == ["orderId": .integer(order.id), "status": "none_required"])
        }
    }

    @Test("refuses a card for a total below Stripe's minimum, and takes cash for it")
    func amountTooSmall() async throws {
        try await ServiceUnderTest.run { service in
            try service.sell("IEFTIN", price: 199)
            let checkout = try service.readyCheckout(
                [ServiceUnderTest.item("IEFTIN")],
                method: "pickup"
            )
            let before = try service.rowCounts()
            let answer = service.complete(checkout)
            #expect(answer.status == 422 && answer.code == "amount_too_small")
            #expect(try service.rowCounts() == before)
            let cash: JSON = ["paymentMethod": "cash_on_delivery"]
            #expect(service.complete(checkout, body: cash).status == 201)
        }
    }

    @Test("names everything that the session lacks")
    func incomplete() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.guestCheckout()
            let before = try service.rowCounts()
            let answer = service.complete(checkout)
            #expect(answer.status == 422)
            #expect(
                answer.faults == [
                    "/contact/name required", "/shipping/address required",
                    "/shipping/method required",
                ]
            )
            #expect(try service.rowCounts() == before)
        }
    }

    @Test("stands on the snapshot's prices while product-service is down, and is flagged")
    func optimisticReservation() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            service.setFault("POST /reservations", "status", status: 503)
            let answer = service.complete(checkout)
            #expect(answer.status == 201)
            #expect(answer["reservation"] == ["optimistic": true, "requiresVerification": true])
            let rows = try service.query("SELECT status, requires_verification FROM reservations")
            #expect(try rows.first?.string("status") == "optimistic")
            #expect(try rows.first?.bool("requires_verification") == true)
        }
    }

    @Test(
        "refuses wrong members of the body",
        arguments: [
            (["expectedTotal": 5], "/expectedTotal type"),
            (["expectedTotal": ["amount": -1, "currency": "RON"]], "/expectedTotal/amount range"),
            (["expectedTotal": ["amount": 1]], "/expectedTotal/currency required"),
            (["paymentMethod": "cheque"], "/paymentMethod value"), (["tip": 5], "/tip unknown"),
        ] as [(JSON, String)]
    )
    func badBody(body: JSON, fault: String) async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let before = try service.rowCounts()
            let answer = service.complete(checkout, body: body)
            #expect(answer.status == 422 && answer.faults == [fault])
            #expect(try service.rowCounts() == before)
        }
    }
}

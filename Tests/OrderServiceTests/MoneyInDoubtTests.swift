import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Signing
import Testing
import Web

@testable import OrderService

@Suite("Money in doubt", .enabled(if: ServiceUnderTest.isAvailable))
struct MoneyInDoubtTests {
    @Test("a second intent of a paid payment never takes its place, and is looked at")
    func secondIntent() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let first = service.send(.get, "\(order.path)/payment", token: order.token)
            let paymentID = try #require(first["paymentId"].string)
            let amount = try #require(first["amount"].integer)
            let second = service.stripe(
                .post,
                "payment_intents",
                "amount=\(amount)&currency=ron&automatic_payment_methods[enabled]=true"
                    + "&metadata[order_id]=\(order.id)&metadata[payment_id]=\(paymentID)"
                    + "&confirm=true&payment_method=pm_card_visa"
            )
            #expect(second["status"] == "succeeded")
            try service.settle()

            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            #expect(payment["stripePaymentIntentId"] == first["stripePaymentIntentId"])
            #expect(payment["attempts"].array?.count == 2)
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "payment_review")
            let reasons = try service.query("SELECT review_reason FROM payments")
            #expect(try reasons.map { try $0.string(0) } == ["second_intent"])
            // The first charge goes back; that of the second stays somebody's work.
            let support = try service.session("8", .support)
            let cancelled = service.send(
                .post,
                "\(order.path)/cancel",
                token: support,
                key: "cancel"
            )
            #expect(cancelled.status == 200 || cancelled.status == 202)
            try service.settle()
            let ended = try service.query("SELECT status, doubt FROM payments")
            #expect(try ended.map { try $0.string("status") } == ["refunded"])
            #expect(try ended.map { try $0.string("doubt") } == ["review"])
        }
    }

    @Test("of a second intent is taken once: the first can be paid no more")
    func secondBeforeFirst() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            let paymentID = try #require(payment["paymentId"].string)
            let amount = try #require(payment["amount"].integer)
            service.stripe(
                .post,
                "payment_intents",
                "amount=\(amount)&currency=ron&automatic_payment_methods[enabled]=true"
                    + "&metadata[order_id]=\(order.id)&metadata[payment_id]=\(paymentID)"
                    + "&confirm=true&payment_method=pm_card_visa"
            )
            try service.settle()
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "payment_review")
            #expect(service.intents.map { $0["status"] } == ["canceled", "succeeded"])
        }
    }

    @Test(
        "a key that repeats a stored failure is given up for a new one, and what it made is void",
        arguments: [false, true]
    )
    func storedFailure(isMade: Bool) async throws {
        try await ServiceUnderTest.run { service in
            _ = service.standIn(
                .post,
                "/_faults",
                [
                    "match": "POST /stripe/v1/payment_intents", "kind": "status", "status": 500,
                    "times": 1, "stored": true, "executed": .bool(isMade),
                ]
            )
            let order = try service.placedOrder()
            #expect(order.answer["payment", "degraded"] == true)
            let started = service.send(
                .post,
                "\(order.path)/payments",
                token: order.token,
                key: "again",
                [:]
            )
            #expect(started.status == 200 && started["degraded"] == false)
            try service.pay(secret: started["clientSecret"].string)
            try service.settle()
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "confirmed" && summary["paymentStatus"] == "paid")
            let rows = try service.query("SELECT is_void FROM payments ORDER BY id")
            #expect(try rows.map { try $0.bool(0) } == [true, false])
            try service.settle()
            let states = service.intents.map { $0["status"]?.string }
            #expect(states == (isMade ? ["canceled", "succeeded"] : ["succeeded"]))
        }
    }

    @Test("who was told to come back is told when the worker starts the payment under another key")
    func storedFailureAnnounced() async throws {
        try await ServiceUnderTest.run { service in
            let fault: JSON = [
                "match": "POST /stripe/v1/payment_intents", "kind": "status", "status": 500,
                "times": 1, "stored": true,
            ]
            #expect(service.standIn(.post, "/_faults", fault).status == 201)
            let order = try service.placedOrder()
            #expect(order.answer["payment", "degraded"] == true)
            service.advance(by: .seconds(10))
            try service.settle()
            let rows = try service.query("SELECT is_void FROM payments ORDER BY id")
            #expect(try rows.map { try $0.bool(0) } == [true, false])
            #expect(service.intents.count == 1)
            #expect(try service.streamedTopics(of: order.id).contains("payment.ready"))
            let extended = try service.query(
                "SELECT 1 FROM outbox WHERE topic = 'reservation.extend' AND sent_at IS NOT NULL"
            )
            #expect(extended.count == 1)
        }
    }

    @Test("what is ordered is the session of the record, whatever a cache says")
    func staleSession() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let shown = service.send(.get, checkout.path, token: checkout.token)
            let total = try #require(shown["totals", "total", "amount"].integer)
            // A change whose drop of the cache was lost.
            try service.execute(
                """
                UPDATE checkout_sessions SET version = version + 1, document =
                    JSON_SET(document, '$.lines[0].quantity', 3)
                """
            )
            let refused = service.complete(
                checkout,
                key: "first",
                body: ["expectedTotal": ["amount": .integer(total), "currency": "RON"]]
            )
            #expect(refused.status == 409 && refused["code"] == "totals_changed")
            let placed = service.complete(checkout, key: "second", body: [:])
            #expect(placed.status == 201 && placed["order", "itemCount"] == 3)
        }
    }

    @Test("a repeat that expects another total than the order's is told so")
    func repeatedTotal() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let placed = service.complete(checkout, key: "first", body: [:])
            #expect(placed.status == 201)
            let other = service.complete(
                checkout,
                key: "second",
                body: ["expectedTotal": ["amount": 1, "currency": "RON"]]
            )
            #expect(other.status == 409 && other["code"] == "totals_changed")
        }
    }

    @Test("a guest's token that ends already opens no new one")
    func rotationOfEndingToken() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let first = service.send(.post, "/v1/guest/token/rotate", token: order.token)
            #expect(first.status == 200)
            let second = service.send(.post, "/v1/guest/token/rotate", token: order.token)
            #expect(second.status == 401 && second["code"] == "token_expired")
            #expect(service.send(.get, order.path, token: order.token).status == 200)
        }
    }

    @Test("a look-up stores nothing that was read before a change, however late it stores")
    func readsUnderLease() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let orders = service.services.orders
            let lookUp = OrderLookUp(
                name: .orderSummaries,
                access: .order(guest: .view, staff: []),
                cache: service.services.cache,
                quick: service.services.quickReader,
                load: { ids, _, deadline in
                    let before = try orders.summaries(of: ids, until: deadline)
                    try service.pay(order)
                    try service.settle()
                    return before.reduce(into: [:]) {
                        $0[$1.id] = OrderRepresentation.summaryEntry($1)
                    }
                },
                route: "GET /v1/orders/{id}",
                guestAccesses: service.services.guestAccesses,
                target: .path
            )
            let context = Context(
                request: Request(.get, order.path),
                captures: Captures(),
                requestID: "test-request",
                deadline: service.soon,
                principal: .nobody,
                calls: CallLog(requestID: "test-request")
            )
            _ = try lookUp.answer(order.id, context) { _ in true }
            for _ in 0..<2 {
                let summary = service.send(.get, order.path, token: order.token)
                #expect(summary["paymentStatus"] == "paid")
            }
        }
    }

    @Test("a time beyond all measure is refused like any other", arguments: [Int64.min, .max])
    func extremeTime(seconds: Int64) throws {
        let signature = StripeSignature(secrets: ["whsec_test"], tolerance: .seconds(300))
        let signed = Array("\(seconds).{}".utf8)
        let code = HMACSHA256.authenticationCode(for: signed, key: Array("whsec_test".utf8))
        #expect(throws: StripeSignature.Flaw.self) {
            try signature.verify(
                header: "t=\(seconds),v1=\(code.hex)",
                body: Array("{}".utf8),
                at: Timestamp(seconds: 1_800_000_000)
            )
        }
    }
}

import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Reconciling payments", .enabled(if: ServiceUnderTest.isAvailable))
struct ReconcilePaymentsTests {
    private static let pausedWebhooks: JSON = ["paused": true]

    @Test("finds nothing where all agrees")
    func sound() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            _ = try service.placedOrder()
            _ = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            try service.drain()
            service.advance(by: .minutes(4))
            let report = service.reconcile()
            #expect(report.findings.isEmpty && report.inFlight == 0)
            #expect(report.compared["intents"] == 2 && report.compared["orders"] == 3)
        }
    }

    @Test("settles a charge that we never heard of, once it is not young any more")
    func unsettled() async throws {
        try await ServiceUnderTest.run { service in
            service.standIn(.post, "/_webhooks", Self.pausedWebhooks)
            let order = try service.placedOrder()
            try service.pay(order)
            let early = service.reconcile(fixing: .everythingSafe)
            #expect(early.findings.isEmpty && early.inFlight == 1)
            // The worker has a task of the order still, which explains a difference for a while.
            service.advance(by: .minutes(3))
            #expect(service.reconcile().inFlight == 1)
            try service.drain()
            #expect(service.differences() == [.chargeUnsettled])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.fixed == 1 && report.left == 0)
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "confirmed" && summary["paymentStatus"] == "paid")
            let events = try service.reconcileEvents(of: order.id)
            #expect(events.contains("reconcile.settle_payment") && events.contains("payment.paid"))
        }
    }

    @Test("finds money without an order, and an open intent that nobody knows, and fixes neither")
    func strangers() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let paid = service.makeIntent(order: "999999", payment: "pay_x", isPaid: true)
            #expect(paid["status"] == "succeeded")
            let open = service.makeIntent(order: "\(order.id)", payment: "pay_of_another_shop")
            try service.settle()
            service.letTimePass()
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(Set(report.findings.map(\.kind)) == [.chargeWithoutOrder, .strayOpenIntent])
            #expect(report.findings.allSatisfy { $0.outcome == .open && $0.fix == nil })
            #expect(service.intentStatus(open["id"].string ?? "") == "requires_payment_method")
        }
    }

    @Test("finds a payment that Stripe does not have, or has not been paid")
    func withoutCharge() async throws {
        try await ServiceUnderTest.run { service in
            let unpaid = try service.placedOrder()
            let gone = try service.paidOrder()
            try service.execute(
                """
                UPDATE payments SET status = 'paid', captured_minor = amount_minor
                WHERE order_id = \(unpaid.id)
                """
            )
            try service.execute(
                """
                UPDATE payments SET provider_intent_id = 'pi_gone', updated_at = \(service.now)
                WHERE order_id = \(gone.id)
                """
            )
            service.advance(by: .minutes(16))
            let kinds = service.differences()
            #expect(kinds.filter { $0 == .paymentWithoutCharge }.count == 2)
            // The charge of the one whose intent was changed is found, too.
            #expect(kinds.count == 3 && kinds.contains(.secondCharge))
        }
    }

    @Test("passes over demo orders, and says so")
    func demo() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute(
                """
                UPDATE payments SET status = 'paid', captured_minor = amount_minor
                WHERE order_id = \(order.id)
                """
            )
            service.advance(by: .minutes(16))
            #expect(service.differences() == [.paymentWithoutCharge])
            try service.execute(
                """
                UPDATE orders SET checkout_session_id = \(SeedOrder.sessionPrefix + "1")
                WHERE id = \(order.id)
                """
            )
            let report = service.reconcile()
            #expect(report.findings.isEmpty && report.left == 0)
            #expect(report.notes.contains { $0.contains("demo orders") })
        }
    }

    @Test(
        "finds amounts and currencies that differ",
        arguments: [
            ("captured_minor = captured_minor - 1", Finding.Kind.amountDiffers),
            ("captured_minor = captured_minor + 1", .amountDiffers),
            ("amount_minor = amount_minor - 1", .amountDiffers),
            ("currency = 'EUR'", .currencyDiffers),
        ]
    )
    func amounts(change: String, kind: Finding.Kind) async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try service.execute(SQL(stringLiteral: "UPDATE payments SET \(change)"))
            service.letTimePass()
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.map(\.kind) == [kind])
            #expect(report.findings.first?.outcome == .open)
        }
    }

    @Test("finds a second charge until it is given back, and has it looked at")
    func secondCharge() async throws {
        try await ServiceUnderTest.run { service in
            service.standIn(.post, "/_webhooks", Self.pausedWebhooks)
            let order = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["paused": false])
            try service.settle()
            service.standIn(.post, "/_webhooks", Self.pausedWebhooks)
            let paymentID = service.send(.get, "\(order.path)/payment", token: order.token)
            let second = service.makeIntent(
                order: "\(order.id)",
                payment: paymentID["paymentId"].string ?? "",
                isPaid: true
            )
            service.letTimePass()
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.map(\.kind) == [.secondCharge])
            #expect(report.findings.first?.outcome == .begun)
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "payment_review")
            let intentID = try #require(second["id"].string)
            service.stripe(.post, "refunds", "payment_intent=\(intentID)")
            try service.execute("UPDATE payments SET review_reason = NULL")
            service.letTimePass()
            #expect(service.differences() == [])
        }
    }

    @Test("cancels the open intent of an order that has ended")
    func endedOrder() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let intentID = try service.intentID(of: order.id)
            // As if the order had been ended past the one place that ends orders.
            try service.execute(
                "UPDATE orders SET status = 'expired', payment_status = 'cancelled'"
            )
            try service.execute("UPDATE payments SET status = 'cancelled'")
            try service.execute("UPDATE reservations SET status = 'released'")
            service.standIn(.post, "/reservations/order-\(order.id)/release", [:])
            service.letTimePass()
            #expect(service.differences() == [.openIntentOfEndedOrder])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.fixed == 1 && report.left == 0)
            #expect(service.intentStatus(intentID) == "canceled")
            #expect(try service.reconcileEvents(of: order.id) == ["reconcile.cancel_intent"])
        }
    }

    /// An order whose first payment was given up, and whose intent was made all the same.
    private static func givenUp(
        _ service: ServiceUnderTest
    ) throws -> (order: ServiceUnderTest.Placed, intentID: String, secret: String?) {
        service.standIn(.post, "/_webhooks", pausedWebhooks)
        let fault: JSON = [
            "match": "POST /stripe/v1/payment_intents", "kind": "status", "status": 500,
            "times": 1, "stored": true, "executed": true,
        ]
        service.standIn(.post, "/_faults", fault)
        let order = try service.placedOrder()
        let started = service.send(
            .post,
            "\(order.path)/payments",
            token: order.token,
            key: "again",
            [:]
        )
        #expect(started["degraded"] == false)
        let first = service.intents.first?["id"]?.string ?? ""
        return (order, first, started["clientSecret"].string)
    }

    @Test("cancels an intent that was given up and lives", arguments: [0, 30])
    func voidIntent(hours: Int) async throws {
        try await ServiceUnderTest.run { service in
            let (order, intentID, secret) = try Self.givenUp(service)
            try service.pay(secret: secret)
            _ = service.send(.post, "\(order.path)/payments/refresh", token: order.token, [:])
            try service.drain()
            // Beyond the window it is searched for.
            service.advance(by: .hours(hours) + .minutes(20))
            #expect(Set(service.differences()) == [.voidIntentAlive, .paymentInDoubt])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.fixed == 1 && report.left == 0)
            #expect(service.intentStatus(intentID) == "canceled")
            #expect(try service.reconcileEvents(of: order.id).contains("reconcile.cancel_intent"))
            let rows = try service.query("SELECT doubt FROM payments WHERE doubt IS NOT NULL")
            #expect(rows.isEmpty)
        }
    }

    @Test("has a given-up intent looked at that was paid")
    func paidVoidIntent() async throws {
        try await ServiceUnderTest.run { service in
            let (order, intentID, secret) = try Self.givenUp(service)
            try service.pay(secret: secret)
            _ = service.send(.post, "\(order.path)/payments/refresh", token: order.token, [:])
            try service.drain()
            service.stripe(
                .post,
                "payment_intents/\(intentID)/confirm",
                "payment_method=pm_card_visa"
            )
            service.letTimePass()
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.contains { $0.kind == .secondCharge })
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "payment_review")
        }
    }

    @Test("closes a given-up payment whose intent is nowhere after a day, and not before")
    func voidWithoutIntent() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            try service.execute(
                """
                INSERT INTO payments (public_id, order_id, provider_key, capture_method, status,
                    is_void, amount_minor, currency, created_at, updated_at)
                VALUES ('pay_void', \(order.id), 'create-pay_void', 'automatic',
                    'requires_retry', TRUE, 100, 'RON', \(service.now), \(service.now))
                """
            )
            service.advance(by: .hours(2))
            let early = service.reconcile(fixing: .everythingSafe)
            #expect(early.findings.map(\.kind) == [.paymentInDoubt])
            #expect(early.findings.first?.outcome == .open)
            service.advance(by: .hours(24))
            let late = service.reconcile(fixing: .everythingSafe)
            #expect(late.fixed == 1 && late.left == 0)
            let events = try service.reconcileEvents(of: order.id)
            #expect(events == ["reconcile.close_given_up", "payment.given_up.cancelled"])
        }
    }

    @Test("lists payments in doubt, those that are to be looked at among them")
    func inDoubt() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            try service.execute("UPDATE payments SET review_reason = 'amount_exceeds'")
            service.letTimePass()
            #expect(service.differences() == [.paymentInDoubt])
        }
    }

    @Test("finds an order that goes out without money, and one that is stuck")
    func orders() async throws {
        try await ServiceUnderTest.run { service in
            let sold = try service.placedOrder()
            try service.execute(
                "UPDATE orders SET status = 'confirmed', expires_at = NULL WHERE id = \(sold.id)"
            )
            try service.execute("UPDATE reservations SET status = 'committed'")
            service.standIn(.post, "/reservations/order-\(sold.id)/commit", [:])
            let overdue = try service.placedOrder()
            service.advance(by: .minutes(50))
            try service.execute("UPDATE reservations SET status = 'released' WHERE status = 'held'")
            let kinds = service.differences()
            #expect(Set(kinds) == [.orderWithoutPayment, .stuck])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.fixed == 1)
            #expect(try service.reconcileEvents(of: overdue.id).first == "reconcile.expire_order")
            try service.drain()
            let summary = service.send(.get, overdue.path, token: overdue.token)
            #expect(summary["status"] == "expired")
        }
    }

    @Test("gives no false alarm of fifty orders in flight")
    func inFlight() async throws {
        try await ServiceUnderTest.run { service in
            service.standIn(.post, "/_webhooks", Self.pausedWebhooks)
            for number in 0..<50 {
                let order = try service.placedOrder()
                if number.isMultiple(of: 2) { try service.pay(order) }
                if number.isMultiple(of: 5) {
                    service.send(
                        .post,
                        "\(order.path)/cancel",
                        token: order.token,
                        key: "cancel-\(order.id)"
                    )
                }
            }
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.isEmpty && report.inFlight > 0)
            let fixes = try service.query("SELECT id FROM order_events WHERE actor = 'reconcile'")
            #expect(fixes.isEmpty)
            service.standIn(.post, "/_webhooks", ["paused": false])
            try service.settle()
            try service.settle()
            service.advance(by: .minutes(4))
            let settled = service.reconcile()
            #expect(settled.findings.map(\.identity) == [] && settled.inFlight == 0)
        }
    }

    @Test("says that it could not read Stripe, and never that all agrees")
    func outage() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            service.advance(by: .seconds(1))
            service.setFault("GET /stripe/*", "status", status: 503)
            let report = service.services.reconciler.run(
                since: service.now - .hours(24),
                fixing: .everythingSafe,
                until: service.soon
            )
            #expect(!report.isWhole && report.json["agrees"] == false)
            #expect(report.unread.first?.hasPrefix("stripe: ") == true)
            // The other side is compared all the same.
            #expect(report.compared["orders"] == 1)
        }
    }
}

import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Events of disputes", .enabled(if: ServiceUnderTest.isAvailable))
struct DisputeOrderTests {
    private static let unread = ["STRIPE_READ_POLICY": "attempts=1 minimumCalls=1000"]
    private static let retrieve = "GET /stripe/v1/disputes/*"

    private func waiting(_ service: ServiceUnderTest) throws -> Int {
        try service.query("SELECT id FROM webhook_inbox WHERE applied_at IS NULL").count
    }

    @Test("are applied once, however often and in what order they come")
    func disorder() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["duplicate": 2, "reorder": true])
            let dispute = try service.dispute(order)
            service.moveDispute(dispute, to: "under_review")
            service.moveDispute(dispute, to: "won")
            try service.settle()
            // Applied again, as after a crash between the effect and its note.
            try service.execute(
                """
                UPDATE webhook_inbox SET applied_at = NULL, next_attempt_at = \(service.now)
                """
            )
            try service.drain()
            #expect(service.paymentStatus(order) == "paid")
            let support = try service.session("8", .support)
            let told = service.events(order, as: support).filter { $0.hasPrefix("dispute.") }
            #expect(
                told.sorted() == [
                    "dispute.funds_reinstated", "dispute.funds_withdrawn", "dispute.opened",
                    "dispute.won",
                ]
            )
            #expect(try waiting(service) == 0)
        }
    }

    @Test("count as they were signed while Stripe cannot be asked, and only forward")
    func signed() async throws {
        try await ServiceUnderTest.run(Self.unread) { service in
            let order = try service.paidOrder()
            service.setFault(Self.retrieve, "status", status: 500)
            let dispute = try service.dispute(order)
            try service.settle()
            #expect(service.paymentStatus(order) == "disputed")
            service.standIn(.post, "/_webhooks", ["reorder": true])
            service.moveDispute(dispute, to: "needs_response")
            service.moveDispute(dispute, to: "under_review")
            service.moveDispute(dispute, to: "lost")
            try service.settle()
            let status = try service.query("SELECT status FROM payment_disputes").first
            #expect(try status?.string("status") == "lost")
            #expect(service.paymentStatus(order) == "disputed")
        }
    }

    @Test("lose against what was recorded while Stripe's answer was on its way")
    func staleReading() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            // An inquiry, which is told by one event alone: no other one mends what this one does.
            let dispute = try service.dispute(order, isInquiry: true)
            service.deliverWebhooks()
            service.setFault(Self.retrieve, "hold", times: 1, executed: true)
            let slow = Companion { try service.services.makeWorker().drain() }
            let limit = ContinuousClock.now + .seconds(20)
            while service.standIn(.get, "/_faults")["held"] != 1, ContinuousClock.now < limit {}
            service.moveDispute(dispute, to: "warning_closed")
            service.deliverWebhooks()
            try service.drain()
            #expect(service.paymentStatus(order) == "paid")
            service.removeFaults()
            _ = try slow.join()
            #expect(service.paymentStatus(order) == "paid")
            let row = try service.query("SELECT status FROM payment_disputes").first
            #expect(try row?.string("status") == "warning_closed")
        }
    }

    @Test("that come before those of their payment settle it first")
    func overtaking() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.standIn(.post, "/_webhooks", ["reorder": true])
            try service.pay(order)
            _ = try service.dispute(order)
            try service.settle()
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "confirmed" && summary["paymentStatus"] == "disputed")
            let captured = try service.query("SELECT captured_minor FROM payments").first
            #expect(try captured?.int("captured_minor") ?? 0 > 0)
        }
    }

    @Test("of things that are not ours change nothing and do not wait")
    func strangers() async throws {
        try await ServiceUnderTest.run { service in
            let intent = service.stripe(
                .post,
                "payment_intents",
                "amount=500&currency=ron&payment_method=pm_card_visa&confirm=true"
            )
            for path in ["/_disputes", "/_early_fraud_warnings"] {
                #expect(
                    service.standIn(.post, path, ["payment_intent": intent["id"]]).status == 201
                )
            }
            try service.settle()
            let counts = try service.rowCounts()
            #expect(counts["payment_disputes"] == 0 && counts["fraud_warnings"] == 0)
            #expect(try waiting(service) == 0)
        }
    }
}

extension ServiceUnderTest {
    func paymentStatus(_ order: Placed) -> JSON {
        send(.get, order.path, token: order.token)["paymentStatus"]
    }

    /// The payer disputes the charge; answers the dispute's id.
    func dispute(_ order: Placed, isInquiry: Bool = false) throws -> String {
        let body: JSON = ["payment_intent": intent(of: order), "inquiry": .bool(isInquiry)]
        let answer = standIn(.post, "/_disputes", body)
        return try #require(answer["id"].string, "no dispute: \(answer.text)")
    }

    func moveDispute(_ id: String, to status: String) {
        let answer = standIn(.post, "/_disputes/\(id)", ["status": .string(status)])
        precondition(answer.status == 200, answer.text)
    }

    func warnOfFraud(_ order: Placed) {
        let answer = standIn(
            .post,
            "/_early_fraud_warnings",
            ["payment_intent": intent(of: order)]
        )
        precondition(answer.status == 201, answer.text)
    }

    private func intent(of order: Placed) -> JSON {
        let id = (order.clientSecret ?? "").split(separator: "_secret_").first ?? ""
        return .string(String(id))
    }

    /// What the warehouse reports.
    func report(_ event: String, of order: Placed) throws -> TestAnswer {
        let token = try session("9", .service)
        let path = "/v1/admin/orders/\(order.id)/fulfilment"
        return send(.post, path, token: token, ["event": .string(event)])
    }

    /// The kinds of the order's history, as the bearer of a token sees it.
    func events(_ order: Placed, as token: String) -> [String] {
        let items = send(.get, "\(order.path)/events", token: token)["items"].array ?? []
        return items.compactMap { $0["event"]?.string }
    }
}

import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Refunds whose call goes wrong", .enabled(if: ServiceUnderTest.isAvailable))
struct RefundOutcomeTests {
    /// Something that Stripe does to a call, and what becomes of the refund.
    struct Mishap: CustomTestStringConvertible, Sendable {
        let kind: String
        var status: Int64?
        var isStored = false
        var isExecuted: Bool?
        /// After the call, and in the end.
        let statuses: (first: String, last: String)

        var fault: JSON {
            var members: [(name: String, value: JSON)] = [
                ("match", "POST /stripe/v1/refunds"), ("kind", .string(kind)), ("times", 1),
            ]
            if let status { members.append(("status", .integer(status))) }
            if isStored { members.append(("stored", true)) }
            if let isExecuted { members.append(("executed", .bool(isExecuted))) }
            return .object(members)
        }

        var testDescription: String {
            "\(kind) \(status ?? 0) stored \(isStored) executed \(isExecuted ?? false)"
        }
    }

    private static let mishaps = [
        Mishap(kind: "drop_before", statuses: ("unknown", "succeeded")),
        Mishap(kind: "drop_after", statuses: ("unknown", "succeeded")),
        Mishap(kind: "garbage", isExecuted: true, statuses: ("unknown", "succeeded")),
        Mishap(kind: "garbage", isExecuted: false, statuses: ("unknown", "succeeded")),
        Mishap(kind: "status", status: 500, statuses: ("unknown", "succeeded")),
        Mishap(
            kind: "status",
            status: 500,
            isExecuted: true,
            statuses: ("unknown", "succeeded")
        ),
        Mishap(
            kind: "status",
            status: 500,
            isStored: true,
            isExecuted: true,
            statuses: ("unknown", "succeeded")
        ),
        Mishap(kind: "status", status: 500, isStored: true, statuses: ("unknown", "manual")),
        Mishap(kind: "status", status: 503, statuses: ("unknown", "succeeded")),
        Mishap(kind: "status", status: 429, statuses: ("requested", "succeeded")),
        Mishap(kind: "status", status: 401, statuses: ("requested", "succeeded")),
        Mishap(kind: "status", status: 409, statuses: ("unknown", "succeeded")),
        Mishap(kind: "status", status: 400, statuses: ("manual", "manual")),
        Mishap(kind: "status", status: 402, isStored: true, statuses: ("manual", "manual")),
    ]

    @Test("end once at Stripe, and as Stripe has them", arguments: mishaps)
    func mishap(_ mishap: Mishap) async throws {
        try await ServiceUnderTest.run(["STRIPE_REFUND_POLICY": Self.patient]) { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            service.standIn(.post, "/_faults", mishap.fault)
            let refund = service.refund(order, token: token, [("amount", 400)])
            #expect(refund.status == 201)
            #expect(refund["status"].string == mishap.statuses.first)
            // A 429 pauses by a clock that no test moves.
            service.breaker("stripe-refund")?.reset(by: ManualOrder(who: "test", why: "test"))
            // While nobody knows, nobody else gets the money.
            #expect(try service.sums(of: order).reserved == 400)

            try service.work(order, until: [mishap.statuses.last])
            #expect(try service.refundStatuses(of: order) == [mishap.statuses.last])
            let isDone = mishap.statuses.last == "succeeded"
            #expect(service.refundsAtStripe.count == (isDone ? 1 : 0))
            let sums = try service.sums(of: order)
            #expect(sums.reserved == 400 && sums.refunded == (isDone ? 400 : 0))
            #expect(sums.status == (isDone ? "partially_refunded" : "paid"))
            // Nothing more is done, however long the worker goes on.
            let calls = service.refundCalls
            service.advance(by: .seconds(86_400))
            try service.settle()
            #expect(service.refundCalls == calls)
            #expect(try service.refundStatuses(of: order) == [mishap.statuses.last])
            #expect(service.refundsAtStripe.count == (isDone ? 1 : 0))
        }
    }

    private static let patient = "attemptTimeout=6s attempts=1 laneWait=6s minimumCalls=1000"
    private static let hasty = "attemptTimeout=1s attempts=1 laneWait=6s minimumCalls=1000"

    @Test("that hang are in doubt, even while Stripe still carries them out")
    func hang() async throws {
        try await ServiceUnderTest.run(["STRIPE_REFUND_POLICY": Self.hasty]) { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            service.setFault("POST /stripe/v1/refunds", "hold", times: 1)
            let refund = service.refund(order, token: token, [("amount", 400)])
            #expect(refund["status"] == "unknown")
            // The key is in use there: the worker's own try is refused and proves nothing.
            service.advance(by: .seconds(31))
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["unknown"])
            #expect(service.refundsAtStripe.isEmpty)
            service.removeFaults()
            try service.work(order, until: ["succeeded"])
            #expect(service.refundsAtStripe.count == 1)
            #expect(try service.sums(of: order).refunded == 400)
        }
    }

    @Test("are not sent while the breaker is open, and are when it has closed")
    func breakerOpen() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let breaker = try #require(service.breaker("stripe-refund"))
            try breaker.set(.forcedOpen, by: ManualOrder(who: "test", why: "test"))
            let refund = service.refund(order, token: token, [("amount", 400)])
            #expect(refund.status == 201 && refund["status"] == "requested")
            #expect(refund["lastError"] == "open" && service.refundCalls == 0)
            breaker.reset(by: ManualOrder(who: "test", why: "test"))
            try service.work(order, until: ["succeeded"])
            #expect(service.refundsAtStripe.count == 1)
        }
    }

    @Test("that are not carried out for a quarter of an hour become somebody's work")
    func patience() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let breaker = try #require(service.breaker("stripe-refund"))
            try breaker.set(.forcedOpen, by: ManualOrder(who: "test", why: "test"))
            service.refund(order, token: token, [("amount", 400)])
            try service.work(order, until: ["manual"], within: .seconds(800))
            #expect(try service.refundStatuses(of: order) == ["requested"])
            try service.work(order, until: ["manual"], within: .seconds(400))
            #expect(try service.refundStatuses(of: order) == ["manual"])
            // The amount is kept until somebody decides.
            #expect(try service.sums(of: order).reserved == 400)
            #expect(service.refundCalls == 0)
        }
    }

    @Test("are not left to people while Stripe may have them from an earlier try")
    func hiddenDoubt() async throws {
        let policy = "attemptTimeout=6s attempts=2 laneWait=6s minimumCalls=1000"
        try await ServiceUnderTest.run(["STRIPE_REFUND_POLICY": policy]) { service in
            let order = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["paused": true])
            // One call: the first try is carried out and not answered, the second is turned away.
            service.setFault("POST /stripe/v1/refunds", "drop_after", times: 1)
            service.setFault("POST /stripe/v1/refunds", "status", status: 401, times: 1)
            let refund = service.refund(order, token: try service.staff(), [("amount", 400)])
            #expect(refund["status"] == "requested" && refund["lastError"] == "status_401")
            let breaker = try #require(service.breaker("stripe-refund"))
            try breaker.set(.forcedOpen, by: ManualOrder(who: "test", why: "test"))
            try service.work(order, until: ["succeeded"])
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            #expect(service.refundsAtStripe.count == 1)
        }
    }

    @Test("of all that is left may be ordered within a change of the order")
    func rest() async throws {
        try await ServiceUnderTest.run(["REFUND_DAILY_LIMIT": "1"]) { service in
            let order = try service.paidOrder()
            for _ in 0..<2 {
                try service.services.ledger.change(order.id, by: "worker", until: service.soon) {
                    change,
                    transaction in
                    _ = try RefundRequester.requestRest(
                        reason: "called off",
                        &change,
                        &transaction
                    )
                }
            }
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            let sums = try service.sums(of: order)
            #expect(sums.refunded == sums.captured && service.refundsAtStripe.count == 1)
        }
    }

    @Test("are finished by the worker if the process dies between row and call")
    func crashBeforeCall() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let wish = try RefundWish(
                JSON.object([("reason", "crash"), ("amount", 400)]).serialized()
            )
            let found = try #require(
                try service.services.orders.find(order.id, until: service.soon)
            )
            let refund = try service.services.refundRequester.request(
                wish,
                of: found,
                claimID: 4_711,
                by: .session(try #require(try service.financeSession())),
                until: service.soon
            )
            #expect(refund.status == .requested && service.refundCalls == 0)
            try service.drain()
            #expect(service.refundCalls == 0)
            service.advance(by: .seconds(31))
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            #expect(service.refundsAtStripe.count == 1)
        }
    }

    @Test(
        "are found or sent again if the process dies after the call",
        arguments: [true, false]
    )
    func crashAfterCall(isExecuted: Bool) async throws {
        try await ServiceUnderTest.run(["STRIPE_REFUND_POLICY": Self.patient]) { service in
            let order = try service.paidOrder()
            service.setFault(
                "POST /stripe/v1/refunds",
                isExecuted ? "drop_after" : "drop_before",
                times: 1
            )
            service.refund(order, token: try service.staff(), [("amount", 400)])
            // As if its outcome had never been written.
            try service.execute("UPDATE refunds SET status = 'requested', last_error = NULL")
            try service.work(order, until: ["succeeded"])
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            #expect(service.refundsAtStripe.count == 1)
            let kinds = try service.query("SELECT kind FROM order_events ORDER BY id")
                .map { try $0.string(0) }
            #expect(kinds.contains("refund.unknown"))
        }
    }

    @Test("are only looked up once Stripe may have forgotten their key")
    func oldKey() async throws {
        try await ServiceUnderTest.run(["STRIPE_REFUND_POLICY": Self.patient]) { service in
            let order = try service.paidOrder()
            service.setFault("POST /stripe/v1/refunds", "drop_before", times: 1)
            let refund = service.refund(order, token: try service.staff(), [("amount", 400)])
            #expect(refund["status"] == "unknown")
            service.advance(by: .seconds(23 * 3_600 + 1))
            let calls = service.refundCalls
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["manual"])
            #expect(service.refundCalls == calls && service.refundsAtStripe.isEmpty)
        }
    }

    @Test("stay in doubt as long as Stripe cannot be read")
    func unreadable() async throws {
        let changes = [
            "STRIPE_REFUND_POLICY": Self.patient,
            "STRIPE_READ_POLICY": "attempts=1 minimumCalls=1000",
        ]
        try await ServiceUnderTest.run(changes) { service in
            let order = try service.paidOrder()
            service.setFault("POST /stripe/v1/refunds", "drop_after", times: 1)
            service.setFault("GET /stripe/v1/refunds", "status", status: 500)
            service.refund(order, token: try service.staff(), [("amount", 400)])
            try service.work(order, until: ["manual"], step: .seconds(3_000))
            service.advance(by: .seconds(30 * 3_600))
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["unknown"])
            #expect(try service.sums(of: order).reserved == 400)
            service.removeFaults()
            try service.work(order, until: ["succeeded"], step: .seconds(301))
            #expect(service.refundsAtStripe.count == 1)
        }
    }

    @Test("that Stripe refuses because it has them already are as Stripe has them")
    func refusedTwin() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let intent = try service.intentID(of: order)
            // Somebody was quicker at the dashboard, and no webhook has come yet.
            service.standIn(.post, "/_webhooks", ["paused": true])
            service.stripe(.post, "refunds", "payment_intent=\(intent)")
            let refund = service.refund(order, token: try service.staff())
            #expect(refund["status"] == "manual")
            #expect(refund["lastError"] == "charge_already_refunded")
            let statuses = try service.refundStatuses(of: order)
            #expect(statuses == ["manual", "succeeded"])
            let sums = try service.sums(of: order)
            #expect(sums.status == "refunded" && sums.refunded == sums.captured)
            #expect(sums.flag == "refund_beyond_reservation")
            let ended = service.send(
                .post,
                "/v1/admin/refunds/\(refund["id"].string ?? "")/resolve",
                token: try service.staff(),
                ["outcome": "failed", "evidence": "refunded at the dashboard"]
            )
            #expect(ended.status == 200 && ended["status"] == "failed")
            let after = try service.sums(of: order)
            #expect(after.reserved == after.captured && after.refunded == after.captured)
        }
    }

    @Test("of a payment that is disputed at Stripe become somebody's work")
    func disputedThere() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["paused": true])
            service.standIn(
                .post,
                "/_disputes",
                ["payment_intent": .string(try service.intentID(of: order))]
            )
            let refund = service.refund(order, token: try service.staff(), [("amount", 400)])
            #expect(refund["status"] == "manual" && refund["lastError"] == "charge_disputed")
        }
    }

    @Test("are sent once by two workers at a time")
    func twoWorkers() async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<4).map { _ in try service.paidOrder() }
            let token = try service.staff()
            let breaker = try #require(service.breaker("stripe-refund"))
            try breaker.set(.forcedOpen, by: ManualOrder(who: "test", why: "test"))
            for order in orders {
                for amount in [200, 300] {
                    service.refund(
                        order,
                        token: token,
                        key: "\(amount)",
                        [("amount", JSON(amount))]
                    )
                }
            }
            breaker.reset(by: ManualOrder(who: "test", why: "test"))
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            for clock in [service.services.clock, sibling.clock] { clock.advance(by: .seconds(60)) }
            let workers = [service.services.makeWorker(), sibling.makeWorker()]
            for companion in workers.map({ worker in Companion { try worker.drain() } }) {
                _ = try companion.join()
            }
            for order in orders {
                try service.work(order, until: ["succeeded", "succeeded"])
                #expect(try service.sums(of: order).refunded == 500)
            }
            #expect(service.refundsAtStripe.count == 8)
        }
    }
}

extension ServiceUnderTest {
    /// A session of finance as the application sees it.
    fileprivate func financeSession() throws -> Session? {
        try services.sessions.issue(
            userID: "f-1",
            roles: .finance,
            timeToLive: .seconds(3_600),
            until: soon
        ).session
    }
}

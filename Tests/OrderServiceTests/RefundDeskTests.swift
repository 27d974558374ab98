import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Refunds that people look after", .enabled(if: ServiceUnderTest.isAvailable))
struct RefundDeskTests {
    /// A refund that Stripe has refused.
    private func manualRefund(
        _ service: ServiceUnderTest
    ) throws -> (
        order: ServiceUnderTest.Placed, id: String
    ) {
        let order = try service.paidOrder()
        service.setFault("POST /stripe/v1/refunds", "status", status: 400, times: 1)
        let refund = service.refund(order, token: try service.staff(), [("amount", 400)])
        #expect(refund["status"] == "manual")
        return (order, try #require(refund["id"].string))
    }

    private func resolve(
        _ service: ServiceUnderTest,
        _ id: String,
        _ outcome: String,
        _ evidence: JSON = "statement of 3 May, line 7"
    ) throws -> TestAnswer {
        service.send(
            .post,
            "/v1/admin/refunds/\(id)/resolve",
            token: try service.staff(),
            ["outcome": .string(outcome), "evidence": evidence]
        )
    }

    @Test(
        "are ended by hand once and for ever",
        arguments: [("succeeded", Int64(400)), ("failed", 0)]
    )
    func ends(outcome: String, refunded: Int64) async throws {
        try await ServiceUnderTest.run { service in
            let (order, id) = try manualRefund(service)
            let ended = try resolve(service, id, outcome)
            #expect(ended.status == 200 && ended["status"].string == outcome)
            #expect(ended["evidence"] == "statement of 3 May, line 7")
            #expect(ended["resolvedBy"] == "staff:staff-4" && ended["resolvedAt"].string != nil)
            let sums = try service.sums(of: order)
            #expect(sums.refunded == refunded && sums.reserved == refunded)
            for other in ["succeeded", "failed"] {
                let again = try resolve(service, id, other)
                #expect(again.status == 409 && again.code == "illegal_transition")
                #expect(again["refundStatus"].string == outcome && again["allowed"] == [])
            }
            try service.settle()
            let topics = try service.streamedTopics(of: order.id)
            #expect(topics.filter { $0.hasPrefix("refund.") } == ["refund.\(outcome)"])
        }
    }

    @Test("are as Stripe has them, whatever a person says")
    func stripeWins() async throws {
        try await ServiceUnderTest.run { service in
            let (order, id) = try manualRefund(service)
            service.standIn(.post, "/_webhooks", ["paused": true])
            let intent = try service.intentID(of: order)
            service.stripe(
                .post,
                "refunds",
                "payment_intent=\(intent)&amount=400&metadata[refund_id]=\(id)"
            )
            let ended = try resolve(service, id, "failed")
            #expect(ended.status == 200 && ended["status"] == "succeeded")
            #expect(ended["evidence"] == .null && ended["resolvedAt"] == .null)
            #expect(ended["stripeRefundId"] == service.refundsAtStripe[0]["id"])
            #expect(try service.sums(of: order).refunded == 400)
        }
    }

    @Test("show in the metrics of serve, so that somebody is called")
    func metrics() async throws {
        try await ServiceUnderTest.run { service in
            _ = try manualRefund(service)
            try service.services.makeSampler().drain()
            let text = service.send(.get, "/metrics").text
            #expect(text.contains("orderd_refunds{status=\"manual\"} 1"))
            #expect(text.contains("orderd_refunds{status=\"unknown\"} 0"))
        }
    }

    @Test("are not ended while Stripe cannot be asked")
    func unreadable() async throws {
        try await ServiceUnderTest.run { service in
            let (order, id) = try manualRefund(service)
            service.setFault("GET /stripe/v1/refunds", "drop_before")
            let refused = try resolve(service, id, "failed")
            #expect(refused.status == 503 && refused.code == "dependency_unavailable")
            #expect(refused.field("Retry-After") != nil)
            #expect(try service.refundStatuses(of: order) == ["manual"])
            service.removeFaults()
            #expect(try resolve(service, id, "failed").status == 200)
        }
    }

    @Test("that turn up at Stripe after their end are new ones, and flagged")
    func afterTheEnd() async throws {
        try await ServiceUnderTest.run { service in
            let (order, id) = try manualRefund(service)
            #expect(try resolve(service, id, "failed").status == 200)
            let intent = try service.intentID(of: order)
            service.stripe(
                .post,
                "refunds",
                "payment_intent=\(intent)&amount=400&metadata[refund_id]=\(id)"
            )
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["failed", "succeeded"])
            let sums = try service.sums(of: order)
            #expect(sums.refunded == 400 && sums.flag == "refund_after_its_end")
        }
    }

    @Test("are ended only where they are somebody's work, with a word and evidence")
    func illegal() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let refund = service.refund(order, token: try service.staff(), [("amount", 400)])
            let id = refund["id"].string ?? ""
            let done = try resolve(service, id, "failed")
            #expect(done.status == 409 && done["refundStatus"] == "succeeded")
            let unknown = try resolve(service, "ref_none", "failed")
            #expect(unknown.status == 404 && unknown.code == "not_found")
            let lost = try resolve(service, id, "lost")
            #expect(lost.status == 422 && lost.faults == ["/outcome value"])
            let bare = try resolve(service, id, "failed", "")
            #expect(bare.status == 422 && bare.faults == ["/evidence length"])
        }
    }

    @Test("are listed newest first, by page and by state")
    func lists() async throws {
        try await ServiceUnderTest.run { service in
            let (_, manual) = try manualRefund(service)
            let order = try service.paidOrder()
            let token = try service.staff()
            let ids = [100, 200, 300].map { amount in
                service.refund(order, token: token, key: "\(amount)", [("amount", JSON(amount))])[
                    "id"
                ]
            }
            func page(_ query: String) -> TestAnswer {
                service.send(.get, "/v1/admin/refunds\(query)", token: token)
            }
            let all = page("?size=3")
            #expect(all["items"].array?.map { $0["id"] } == ids.reversed())
            #expect(all["totalItems"] == 4 && all["totalPages"] == 2)
            #expect(page("?size=3&page=1")["items", "0", "id"].string == manual)
            #expect(page("?state=manual")["items"].array?.count == 1)
            #expect(page("?state=unknown")["items"] == [])
            for query in ["?state=lost", "?page=-1", "?size=0"] {
                let refused = page(query)
                #expect(refused.status == 400 && refused.code == "invalid_request")
            }
        }
    }

    @Test("wait in every process while the switch is off, and go out when it is on again")
    func pause() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            // Turned by one process, obeyed by the other.
            try sibling.refundControl.pause(
                reason: "wrong sums",
                by: "cli:ana",
                until: service.soon
            )
            let refund = service.refund(order, token: token, [("amount", 400)])
            #expect(refund.status == 201 && refund["status"] == "requested")
            for _ in 0..<40 {
                service.advance(by: .seconds(60))
                try service.drain()
            }
            #expect(service.refundCalls == 0)
            #expect(try service.refundStatuses(of: order) == ["requested"])
            // It counts already.
            #expect(try service.sums(of: order).reserved == 400)
            let status = try sibling.refundControl.status(until: service.soon)
            #expect(status["paused"] == true && status["reason"] == "wrong sums")
            #expect(status["refunds"]?[0] == ["status": "requested", "count": 1, "amount": 400])

            // The sibling's clock stands where it was; the tests' clock is this process's.
            try service.services.refundControl.resume(
                reason: "mended",
                by: "cli:ana",
                until: service.soon
            )
            try service.drain()
            #expect(try service.refundStatuses(of: order) == ["succeeded"])
            #expect(service.refundsAtStripe.count == 1)
            let listed = try sibling.refundControl.list(
                state: "succeeded",
                limit: 10,
                until: service.soon
            )
            #expect(listed.map { $0["id"] } == [refund["id"]])
        }
    }

    @Test("that wait are not sent once the payment is disputed")
    func disputedMeanwhile() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let token = try service.staff()
            try service.services.refundControl.pause(
                reason: "a look",
                by: "cli:ana",
                until: service.soon
            )
            #expect(service.refund(order, token: token).status == 201)
            try service.execute(
                "UPDATE payments SET status = 'disputed' WHERE order_id = \(order.id)"
            )
            try service.services.refundControl.resume(
                reason: "looked",
                by: "cli:ana",
                until: service.soon
            )
            service.advance(by: .seconds(600))
            try service.drain()
            #expect(service.refundCalls == 0)
            #expect(try service.refundStatuses(of: order) == ["requested"])
        }
    }

    @Test("in doubt are looked up while the switch is off, and not sent again")
    func pausedInDoubt() async throws {
        let changes = ["STRIPE_REFUND_POLICY": "attemptTimeout=6s attempts=1 minimumCalls=1000"]
        try await ServiceUnderTest.run(changes) { service in
            let token = try service.staff()
            let done = try service.paidOrder()
            let undone = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["paused": true])
            service.setFault("POST /stripe/v1/refunds", "drop_after", times: 1)
            service.refund(done, token: token, key: "1", [("amount", 400)])
            service.setFault("POST /stripe/v1/refunds", "drop_before", times: 1)
            service.refund(undone, token: token, key: "2", [("amount", 400)])
            let calls = service.refundCalls
            try service.services.refundControl.pause(
                reason: "test",
                by: "cli:ana",
                until: service.soon
            )
            #expect(try service.refundStatuses(of: done) == ["unknown"])
            try service.work(done, until: ["succeeded"], within: .seconds(900))
            service.advance(by: .seconds(31))
            try service.drain()
            #expect(try service.refundStatuses(of: done) == ["succeeded"])
            #expect(try service.refundStatuses(of: undone) == ["unknown"])
            #expect(service.refundCalls == calls)
            try service.services.refundControl.resume(
                reason: "test",
                by: "cli:ana",
                until: service.soon
            )
            try service.work(undone, until: ["succeeded"])
            #expect(try service.refundStatuses(of: undone) == ["succeeded"])
            #expect(service.refundsAtStripe.count == 2)
        }
    }
}

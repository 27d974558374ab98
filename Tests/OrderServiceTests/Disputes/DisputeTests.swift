import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Disputes", .enabled(if: ServiceUnderTest.isAvailable))
struct DisputeTests {
    @Test("hold the goods while they are open, and free them once they are won")
    func won() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let dispute = try service.dispute(order)
            try service.settle()
            #expect(service.paymentStatus(order) == "disputed")
            let refused = try service.report("start", of: order)
            #expect(refused.status == 409 && refused.code == "payment_disputed")
            #expect(service.send(.get, order.path, token: order.token)["status"] == "confirmed")
            service.moveDispute(dispute, to: "under_review")
            try service.settle()
            #expect(try service.report("start", of: order).code == "payment_disputed")
            service.moveDispute(dispute, to: "won")
            try service.settle()
            #expect(service.paymentStatus(order) == "paid")
            #expect(try service.report("start", of: order).status == 200)
            let row = try #require(
                try service.query(
                    """
                    SELECT status, reason, amount_minor, evidence_due_at, closed_at,
                        funds_withdrawn_at, funds_reinstated_at FROM payment_disputes
                    """
                ).first
            )
            #expect(try row.string("status") == "won" && row.string("reason") == "fraudulent")
            #expect(!row.values.contains(.null))
        }
    }

    @Test("of an order that was cancelled meanwhile give the money back once they are won")
    func wonAfterCancel() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let dispute = try service.dispute(order)
            try service.settle()
            let cancelled = service.send(
                .post,
                "\(order.path)/cancel",
                token: order.token,
                key: "cancel"
            )
            #expect(cancelled.status == 200 && service.paymentStatus(order) == "disputed")
            service.moveDispute(dispute, to: "won")
            try service.settle()
            try service.settle()
            #expect(service.paymentStatus(order) == "refunded")
        }
    }

    @Test("are not all that keeps goods here: money that has gone back does too")
    func refunded() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let finance = try service.session("9", .finance)
            #expect(service.refund(order, token: finance).status == 201)
            try service.settle()
            #expect(service.paymentStatus(order) == "refunded")
            let refused = try service.report("start", of: order)
            #expect(refused.status == 409 && refused.code == "illegal_transition")
            #expect(refused["allowed"] == ["cancel"])
        }
    }

    @Test("are told to staff, and to nobody else")
    func history() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let form = service.send(.get, "\(order.path)/payment", token: order.token).json
            let before = service.events(order, as: order.token)
            let dispute = try service.dispute(order)
            service.warnOfFraud(order)
            try service.settle()
            service.moveDispute(dispute, to: "lost")
            try service.settle()
            #expect(service.events(order, as: order.token) == before)
            let after = service.send(.get, "\(order.path)/payment", token: order.token).json
            #expect(after["status"] == "disputed")
            #expect(after.members?.map(\.name) == form.members?.map(\.name))
            let support = try service.session("8", .support)
            let told = service.events(order, as: support).filter {
                $0.hasPrefix("dispute.") || $0.hasPrefix("fraud") || $0 == "payment.disputed"
            }
            #expect(
                Set(told) == [
                    "dispute.opened", "dispute.needs_response", "payment.disputed",
                    "dispute.funds_withdrawn", "fraud_warning.received", "dispute.lost",
                ]
            )
            #expect(told.count == 6)
        }
    }

    @Test("that are lost hold for good, whatever is read later")
    func lost() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let dispute = try service.dispute(order)
            service.moveDispute(dispute, to: "lost")
            try service.settle()
            #expect(service.paymentStatus(order) == "disputed")
            let refreshed = service.send(
                .post,
                "\(order.path)/payments/refresh",
                token: order.token
            )
            #expect(refreshed["status"] == "disputed")
            #expect(try service.report("start", of: order).code == "payment_disputed")
        }
    }

    @Test("hold the payment as inquiries as well, until they close")
    func inquiry() async throws {
        try await ServiceUnderTest.run { service in
            let closed = try service.paidOrder()
            let harmless = try service.dispute(closed, isInquiry: true)
            let escalated = try service.paidOrder()
            let serious = try service.dispute(escalated, isInquiry: true)
            try service.settle()
            #expect(service.paymentStatus(closed) == "disputed")
            #expect(service.paymentStatus(escalated) == "disputed")
            service.moveDispute(harmless, to: "warning_closed")
            service.moveDispute(serious, to: "needs_response")
            try service.settle()
            #expect(service.paymentStatus(closed) == "paid")
            #expect(service.paymentStatus(escalated) == "disputed")
        }
    }

    @Test(
        "give back the status that the sums make",
        arguments: [
            (refunded: 100, status: "partially_refunded"), (refunded: -1, status: "refunded"),
        ]
    )
    func sums(refunded: Int, status: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            try service.execute(
                """
                UPDATE payments SET status = \(status),
                    refund_reserved_minor = IF(\(refunded) < 0, captured_minor, \(refunded)),
                    refunded_minor = refund_reserved_minor
                """
            )
            try service.execute("UPDATE orders SET payment_status = \(status)")
            let dispute = try service.dispute(order)
            try service.settle()
            let held = try service.query("SELECT status FROM payments").first
            #expect(try held?.string("status") == "disputed")
            service.moveDispute(dispute, to: "won")
            try service.settle()
            #expect(service.paymentStatus(order) == .string(status))
        }
    }

    @Test("of one payment hold it until the last of them is won")
    func several() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let first = try service.dispute(order)
            let second = try service.dispute(order)
            service.moveDispute(first, to: "won")
            try service.settle()
            #expect(service.paymentStatus(order) == "disputed")
            service.moveDispute(second, to: "won")
            try service.settle()
            #expect(service.paymentStatus(order) == "paid")
        }
    }

    @Test("do not stop what is on its way already")
    func onItsWay() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            #expect(try service.report("start", of: order).status == 200)
            _ = try service.dispute(order)
            try service.settle()
            #expect(try service.report("ship", of: order).code == "payment_disputed")
            #expect(try service.report("deliver", of: order).code == "illegal_transition")
            let sent = try service.paidOrder()
            for event in ["start", "ship"] { _ = try service.report(event, of: sent) }
            _ = try service.dispute(sent)
            try service.settle()
            #expect(try service.report("deliver", of: sent).status == 200)
        }
    }
}

@Suite("Warnings of fraud", .enabled(if: ServiceUnderTest.isAvailable))
struct FraudWarningTests {
    @Test("hold the goods and leave the payment alone")
    func hold() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.warnOfFraud(order)
            try service.settle()
            #expect(service.paymentStatus(order) == "paid")
            let refused = try service.report("start", of: order)
            #expect(refused.status == 409 && refused.code == "payment_disputed")
            try service.execute("UPDATE fraud_warnings SET cleared_at = \(service.now)")
            #expect(try service.report("start", of: order).status == 200)
        }
    }

    @Test("are over once the charge is disputed, whose end then decides")
    func disputed() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.warnOfFraud(order)
            try service.settle()
            let dispute = try service.dispute(order)
            try service.settle()
            #expect(service.paymentStatus(order) == "disputed")
            service.moveDispute(dispute, to: "won")
            try service.settle()
            #expect(try service.report("start", of: order).status == 200)
        }
    }

    @Test("count as they were signed while Stripe cannot be asked, and never begin again")
    func unread() async throws {
        let changes = ["STRIPE_READ_POLICY": "attempts=1 minimumCalls=1000"]
        try await ServiceUnderTest.run(changes) { service in
            let order = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["reorder": true])
            service.warnOfFraud(order)
            let dispute = try service.dispute(order)
            service.moveDispute(dispute, to: "won")
            service.setFault("GET /stripe/v1/radar/*/*", "status", status: 500)
            service.setFault("GET /stripe/v1/disputes/*", "status", status: 500)
            try service.settle()
            // The end came before the beginning.
            #expect(service.paymentStatus(order) == "paid")
            #expect(try service.report("start", of: order).status == 200)
        }
    }
}

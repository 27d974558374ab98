import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Reconciling refunds", .enabled(if: ServiceUnderTest.isAvailable))
struct ReconcileRefundsTests {
    @Test("adopts a refund that was made at Stripe")
    func adopts() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["paused": true])
            let intentID = try service.intentID(of: order.id)
            service.stripe(.post, "refunds", "payment_intent=\(intentID)&amount=1000")
            service.letTimePass()
            #expect(service.differences() == [.refundUnknownToUs])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.fixed == 1 && report.left == 0)
            let rows = try service.query("SELECT status, amount_minor FROM refunds")
            #expect(try rows.map { try $0.int64("amount_minor") } == [1_000])
            let events = try service.reconcileEvents(of: order.id)
            #expect(events.first == "reconcile.settle_refund")
            #expect(events.contains("refund.adopted"))
        }
    }

    /// An order with a refund that was made at Stripe and is known here.
    private static func refunded(
        _ service: ServiceUnderTest
    ) throws -> ServiceUnderTest.Placed {
        let order = try service.paidOrder()
        let intentID = try service.intentID(of: order.id)
        service.stripe(.post, "refunds", "payment_intent=\(intentID)&amount=1000")
        try service.settle()
        #expect(try service.query("SELECT id FROM refunds").count == 1)
        return order
    }

    @Test("brings a refund forward that Stripe has finished")
    func forward() async throws {
        try await ServiceUnderTest.run { service in
            let order = try Self.refunded(service)
            try service.execute("UPDATE refunds SET status = 'pending', completed_at = NULL")
            service.letTimePass()
            #expect(service.differences() == [.refundDiffers])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.fixed == 1 && report.left == 0)
            let rows = try service.query("SELECT status FROM refunds")
            #expect(try rows.map { try $0.string("status") } == ["succeeded"])
            #expect(try service.reconcileEvents(of: order.id).contains("refund.succeeded"))
        }
    }

    @Test("only lists what contradicts Stripe")
    func contradiction() async throws {
        try await ServiceUnderTest.run { service in
            _ = try Self.refunded(service)
            try service.execute("UPDATE refunds SET status = 'cancelled'")
            service.letTimePass()
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.map(\.kind) == [.refundDiffers])
            #expect(report.findings.first?.outcome == .open)
        }
    }

    @Test("finds a refund that Stripe does not have, and one in doubt")
    func missing() async throws {
        try await ServiceUnderTest.run { service in
            _ = try Self.refunded(service)
            let time = service.now
            try service.execute(
                """
                INSERT INTO refunds (public_id, order_id, payment_id, amount_minor, currency,
                    reason, status, provider_refund_id, provider_key, requested_by, created_at,
                    updated_at)
                SELECT 'ref_gone', order_id, payment_id, 500, 'RON', 'x', 'succeeded', 're_gone',
                    'refund-gone', 'staff:1', \(time), \(time) FROM refunds LIMIT 1
                """
            )
            try service.execute(
                """
                INSERT INTO refunds (public_id, order_id, payment_id, amount_minor, currency,
                    reason, status, provider_key, requested_by, created_at, updated_at)
                SELECT 'ref_manual', order_id, payment_id, 500, 'RON', 'x', 'manual',
                    'refund-manual', 'staff:1', \(time), \(time) FROM refunds LIMIT 1
                """
            )
            service.letTimePass()
            #expect(Set(service.differences()) == [.refundUnknownToStripe, .refundInDoubt])
            try service.execute(
                """
                UPDATE refunds SET evidence = 'transfer', resolved_by = 'staff:1',
                    resolved_at = \(time)
                WHERE public_id = 'ref_gone'
                """
            )
            #expect(service.differences() == [.refundInDoubt])
        }
    }
}

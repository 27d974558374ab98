import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing

@testable import OrderService

@Suite("The payment that a look-up shows", .enabled(if: ServiceUnderTest.isAvailable))
struct PaymentLookUpTests {
    /// Payments of one order, of which the last that is not void is not live.
    private static let payments: [(publicID: String, status: String, isVoid: Bool)] = [
        ("pay_failed", "failed", false), ("pay_live", "processing", false),
        ("pay_cancelled", "cancelled", false), ("pay_void", "unknown", true),
    ]

    @Test("is the live one, whatever came after it, and then the last", arguments: [2, 150])
    func whichCounts(attempts: Int) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute("DELETE FROM payments WHERE order_id = \(order.id)")
            for payment in Self.payments {
                try service.execute(
                    """
                    INSERT INTO payments (public_id, order_id, provider_key, capture_method, status,
                        is_void, amount_minor, currency, created_at, updated_at)
                    VALUES (\(payment.publicID), \(order.id), \(payment.publicID), 'automatic',
                        \(payment.status), \(payment.isVoid), 100, 'RON', NOW(), NOW())
                    """
                )
                try service.execute(
                    """
                    INSERT INTO payment_attempts (payment_id, charge_id, status, amount_minor,
                        currency, decline_code, attempted_at)
                    SELECT p.id, CONCAT(p.public_id, seq), 'failed', 100, 'RON',
                        CONCAT(p.public_id, seq), NOW()
                    FROM payments p JOIN seq_1_to_1000
                    WHERE p.public_id = \(payment.publicID) AND seq <= \(attempts)
                    """
                )
            }
            func shown() throws -> (publicID: String?, codes: [String?]) {
                let store = PaymentStore(database: service.services.database)
                let found = try #require(try store.lookUp(ofOrder: order.id, until: service.soon))
                let counts = try store.current(of: order.id, until: service.soon)?.publicID
                #expect(found.order.id == order.id && found.payment?.publicID == counts)
                return (found.payment?.publicID, found.payment?.attempts.map(\.declineCode) ?? [])
            }
            func codes(_ publicID: String) -> [String] {
                (1...min(attempts, 100)).map { "\(publicID)\($0)" }
            }
            let live = try shown()
            #expect(live.publicID == "pay_live" && live.codes == codes("pay_live"))
            try service.execute(
                "UPDATE payments SET status = 'failed' WHERE public_id = 'pay_live'"
            )
            let last = try shown()
            #expect(last.publicID == "pay_cancelled" && last.codes == codes("pay_cancelled"))
            try service.execute("UPDATE payments SET is_void = TRUE")
            let none = try shown()
            #expect(none.publicID == nil && none.codes.isEmpty)
        }
    }

    @Test("is each order's own where several are read together", arguments: [1, 60, 150])
    func together(attempts: Int) async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<3).map { _ in try service.placedOrder().id }
            try service.execute(
                """
                INSERT INTO payment_attempts (payment_id, charge_id, status, amount_minor,
                    currency, decline_code, attempted_at)
                SELECT p.id, CONCAT(p.public_id, seq), 'failed', 100, 'RON', p.order_id, NOW()
                FROM payments p JOIN seq_1_to_1000 WHERE seq <= \(attempts)
                """
            )
            let store = PaymentStore(database: service.services.database)
            let all = orders + [orders[2] + 1]
            let found = try store.lookUps(ofOrders: all, until: service.soon)
            #expect(found.map(\.order.id).sorted() == orders)
            for order in found {
                let codes = try #require(order.payment).attempts.map(\.declineCode)
                let own = [String?](repeating: "\(order.order.id)", count: min(attempts, 100))
                #expect(codes == own)
            }
        }
    }

    @Test("is of a visible order alone")
    func visible() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let store = PaymentStore(database: service.services.database)
            #expect(try store.lookUp(ofOrder: order.id, until: service.soon)?.payment != nil)
            try service.execute("UPDATE orders SET visible_at = NULL")
            #expect(try store.lookUp(ofOrder: order.id, until: service.soon) == nil)
            #expect(try store.lookUp(ofOrder: order.id + 1, until: service.soon) == nil)
        }
    }
}

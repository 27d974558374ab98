import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Web

@testable import OrderService

/// What tests of refunds do and look at.
extension ServiceUnderTest {
    /// A session that outlives all clocks that tests move.
    func staff(_ roles: Roles = .finance) throws -> String {
        try session("staff-\(roles.rawValue)", roles, seconds: 30 * 86_400)
    }

    /// Asks for a refund.
    @discardableResult
    func refund(
        _ order: Placed,
        token: String,
        key: String = "refund-1",
        _ members: [(name: String, value: JSON)] = []
    ) -> TestAnswer {
        let body = JSON.object([("reason", "damaged")] + members)
        return send(
            .post,
            "/v1/admin\(order.path.dropFirst(3))/refunds",
            token: token,
            key: key,
            body
        )
    }

    /// The refunds at the stand-in, oldest first.
    var refundsAtStripe: [JSON] { standIn(.get, "/_state")["refunds"].array ?? [] }

    /// How often the stand-in was asked to create one.
    var refundCalls: Int { standInRequests("POST", "/stripe/v1/refunds") }

    /// The statuses of an order's refunds, oldest first.
    func refundStatuses(of order: Placed) throws -> [String] {
        try query("SELECT status FROM refunds WHERE order_id = \(order.id) ORDER BY id")
            .map { try $0.string("status") }
    }

    /// An order's payment: status, captured, reserved and refunded in minor units.
    func sums(of order: Placed) throws -> RefundSums {
        let row = try query(
            """
            SELECT p.status, p.captured_minor, p.refund_reserved_minor, p.refunded_minor,
                p.review_reason, o.payment_status
            FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.order_id = \(order.id)
            """
        )[0]
        return RefundSums(
            status: try row.string("status"),
            orderStatus: try row.string("payment_status"),
            captured: try row.int64("captured_minor"),
            reserved: try row.int64("refund_reserved_minor"),
            refunded: try row.int64("refunded_minor"),
            flag: try row.optionalString("review_reason")
        )
    }

    /// The intent by which an order was paid.
    func intentID(of order: Placed) throws -> String {
        try query("SELECT provider_intent_id FROM payments WHERE order_id = \(order.id)")[0]
            .string(0)
    }

    /// Lets the worker come round again and again while the time of day goes on, until the
    /// order's refunds have these statuses or so much time is over.
    func work(
        _ order: Placed,
        until statuses: [String],
        within limit: Duration = .seconds(3_600),
        step: Duration = .seconds(31)
    ) throws {
        var passed = Duration.zero
        while passed < limit {
            if try refundStatuses(of: order) == statuses { return }
            advance(by: step)
            passed += step
            try drain()
        }
    }

    /// The breaker of a dependency.
    func breaker(_ name: String) -> CircuitBreaker? {
        services.dependencies.first { $0.name == name }?.breaker
    }
}

/// What an order's payment says of its refunds.
struct RefundSums: Equatable {
    let status: String
    let orderStatus: String
    let captured: Int64
    let reserved: Int64
    let refunded: Int64
    let flag: String?
}

extension JSON {
    /// The same object with another value of a member.
    func replacing(_ name: String, with value: JSON) -> JSON {
        .object((members ?? []).map { ($0.name, $0.name == name ? value : $0.value) })
    }
}

import MariaDB
import Resilience

/// The orders of a person, and what hangs on them by other names than an order's id.
struct SubjectOrders: Sendable {
    let database: Database

    struct Item: Sendable {
        let id: Int64
        let number: String
        let checkoutSessionID: String
    }

    /// A customer's orders, or those that guests placed with the address; oldest first.
    func all(of subject: DataSubject, until deadline: Deadline) throws -> [Item] {
        let condition: SQL =
            switch subject {
            case .customer(let id): "user_id = \(id)"
            case .email(let address): "user_id IS NULL AND email = \(address)"
            }
        return try database.query(
            """
            SELECT id, number, checkout_session_id FROM orders WHERE \(condition) ORDER BY id
            """,
            class: .job,
            until: deadline
        ).map { row in
            Item(
                id: try row.int64("id"),
                number: try row.string("number"),
                checkoutSessionID: try row.string("checkout_session_id")
            )
        }
    }

    /// Customers one of whose orders has the address: they are not meant by it, but may be the
    /// same person.
    func customers(withAddress subject: DataSubject, until deadline: Deadline) throws -> [String] {
        guard case .email(let address) = subject else { return [] }
        return try database.query(
            """
            SELECT DISTINCT user_id FROM orders
            WHERE email = \(address) AND user_id IS NOT NULL ORDER BY user_id LIMIT 100
            """,
            class: .job,
            until: deadline
        ).map { try $0.string("user_id") }
    }

    /// What Stripe calls the payments, charges, refunds, disputes and warnings of an order.
    func providerIDs(of orderID: Int64, until deadline: Deadline) throws -> [String] {
        try database.query(
            """
            SELECT provider_intent_id AS id FROM payments
            WHERE order_id = \(orderID) AND provider_intent_id IS NOT NULL
            UNION SELECT a.charge_id FROM payment_attempts a JOIN payments p ON p.id = a.payment_id
            WHERE p.order_id = \(orderID)
            UNION SELECT provider_refund_id FROM refunds
            WHERE order_id = \(orderID) AND provider_refund_id IS NOT NULL
            UNION SELECT d.dispute_id FROM payment_disputes d JOIN payments p ON p.id = d.payment_id
            WHERE p.order_id = \(orderID)
            UNION SELECT w.warning_id FROM fraud_warnings w JOIN payments p ON p.id = w.payment_id
            WHERE p.order_id = \(orderID)
            """,
            class: .job,
            until: deadline
        ).map { try $0.string("id") }
    }
}

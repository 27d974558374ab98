import MariaDB
import OrderServiceTesting
import Resilience
import Web

/// What MariaDB and the stand-ins hold of all orders, read once for an `Audit`.
struct AuditedBooks {
    struct Order {
        let id: Int64
        let status: String
        let paymentStatus: String
        let method: String
        let isShown: Bool
        let isClosing: Bool
        var payments: [Payment] = []
        /// Of our rows, by their keys at product-service.
        var reservations: [String: String] = [:]
        var quantities: [String: Int64] = [:]
    }

    struct Payment {
        let intentID: String?
        let status: String
        let isVoid: Bool
        let captured: Int64
        let refunded: Int64
    }

    /// A PaymentIntent at the provider, with the sums of its successful charges.
    struct Intent {
        let id: String
        let orderID: Int64
        let status: String
        var charged: [Int64] = []
        var refunded: Int64 = 0
        /// What of the charges was not given back.
        var kept: Int64 { charged.reduce(0, +) - refunded }
    }

    /// A reservation at product-service.
    struct Reservation {
        let status: String
        let quantities: [String: Int64]
    }

    private(set) var orders: [Int64: Order] = [:]
    private(set) var intents: [Intent] = []
    private(set) var reservations: [String: Reservation] = [:]
    private(set) var stock: [String: Int64] = [:]
    /// What is still to be done, by what it is; empty when all is at rest.
    private(set) var unfinished: [String: Int] = [:]

    init(_ database: Database, _ state: JSON) throws {
        try readOrders(database)
        try readUnfinished(database)
        readMoney(state)
        readStock(state)
    }

    private mutating func readOrders(_ database: Database) throws {
        let deadline = Deadline.after(.seconds(30))
        let orders = try database.query(
            """
            SELECT id, status, payment_status, payment_method, visible_at IS NOT NULL AS is_shown,
                closing IS NOT NULL AS is_closing
            FROM orders
            """,
            until: deadline
        )
        for row in orders {
            let order = Order(
                id: try row.int64("id"),
                status: try row.string("status"),
                paymentStatus: try row.string("payment_status"),
                method: try row.string("payment_method"),
                isShown: try row.bool("is_shown"),
                isClosing: try row.bool("is_closing")
            )
            self.orders[order.id] = order
        }
        let payments = try database.query(
            """
            SELECT order_id, provider_intent_id, status, is_void, captured_minor, refunded_minor
            FROM payments
            """,
            until: deadline
        )
        for row in payments {
            let payment = Payment(
                intentID: try row.optionalString("provider_intent_id"),
                status: try row.string("status"),
                isVoid: try row.bool("is_void"),
                captured: try row.int64("captured_minor"),
                refunded: try row.int64("refunded_minor")
            )
            self.orders[try row.int64("order_id")]?.payments.append(payment)
        }
        let reservations = try database.query(
            "SELECT order_id, reservation_key, status FROM reservations",
            until: deadline
        )
        for row in reservations {
            let (id, key) = (try row.int64("order_id"), try row.string("reservation_key"))
            self.orders[id]?.reservations[key] = try row.string("status")
        }
        let lines = try database.query(
            "SELECT order_id, sku, quantity FROM order_lines",
            until: deadline
        )
        for row in lines {
            let (id, sku) = (try row.int64("order_id"), try row.string("sku"))
            self.orders[id]?.quantities[sku, default: 0] += try row.int64("quantity")
        }
    }

    /// Counts what is not done, also of what waits for its time.
    private mutating func readUnfinished(_ database: Database) throws {
        let counts: [(name: String, query: SQL)] = [
            (
                "webhooks to apply",
                "SELECT COUNT(*) AS n FROM webhook_inbox WHERE applied_at IS NULL"
            ),
            (
                "messages to send",
                "SELECT COUNT(*) AS n FROM outbox WHERE next_attempt_at IS NOT NULL"
            ),
            ("dead messages", "SELECT COUNT(*) AS n FROM outbox WHERE dead_at IS NOT NULL"),
            (
                "keys held",
                "SELECT COUNT(*) AS n FROM idempotency_keys WHERE leased_until IS NOT NULL"
            ),
            (
                "keys without their answer",
                "SELECT COUNT(*) AS n FROM idempotency_keys WHERE response_status IS NULL"
            ),
            (
                "history told twice",
                """
                SELECT COUNT(*) AS n FROM (
                    SELECT order_id FROM order_events
                    WHERE kind IN ('order.placed', 'order.confirmed', 'order.cancelled',
                        'order.expired', 'payment.paid', 'reservation.committed')
                    GROUP BY order_id, kind HAVING COUNT(*) > 1) AS twice
                """
            ),
        ]
        for (name, query) in counts {
            let row = try database.query(query, until: .after(.seconds(30))).first
            let count = try row?.int("n") ?? 0
            if count > 0 { unfinished[name] = count }
        }
        let messages = try database.query(
            """
            SELECT CONCAT_WS(' ', topic, 'of order', order_id, 'after', attempts, 'tries:',
                last_error) AS message
            FROM outbox
            WHERE next_attempt_at IS NOT NULL LIMIT 5
            """,
            until: .after(.seconds(30))
        )
        for row in messages { unfinished[try row.string("message"), default: 0] += 1 }
    }

    private mutating func readMoney(_ state: JSON) {
        var places: [String: Int] = [:]
        for json in state["paymentIntents"]?.array ?? [] {
            let id = json["id"]?.string ?? ""
            let order = json["metadata"]?["order_id"]?.string.flatMap { Int64($0) } ?? 0
            places[id] = intents.count
            intents.append(
                Intent(id: id, orderID: order, status: json["status"]?.string ?? "")
            )
        }
        for json in state["charges"]?.array ?? [] where json["status"]?.string == "succeeded" {
            guard let place = places[json["payment_intent"]?.string ?? ""] else { continue }
            let refunded = json["amount_refunded"]?.integer ?? 0
            intents[place].charged.append(json["amount"]?.integer ?? 0)
            intents[place].refunded += refunded
        }
    }

    private mutating func readStock(_ state: JSON) {
        for json in state["products"]?.array ?? [] {
            stock[json["sku"]?.string ?? ""] = json["stock"]?.integer
        }
        for json in state["reservations"]?.array ?? [] {
            var quantities: [String: Int64] = [:]
            for item in json["items"]?.array ?? [] {
                quantities[item["sku"]?.string ?? "", default: 0] +=
                    item["quantity"]?.integer ?? 0
            }
            reservations[json["key"]?.string ?? ""] = Reservation(
                status: json["status"]?.string ?? "",
                quantities: quantities
            )
        }
    }
}

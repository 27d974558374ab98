import Commerce
package import MariaDB
package import Resilience

/// Reads orders and what belongs to them.
package struct OrderStore: Sendable {
    package let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// A visible order; nil if there is none with this id.
    package func find(_ id: Int64, until deadline: Deadline) throws -> Order? {
        try database.query(
            "SELECT \(Order.columns) FROM orders WHERE id = \(id) AND visible_at IS NOT NULL",
            until: deadline
        ).first.map(Order.init)
    }

    /// What lists show of the visible ones among these orders, in no order.
    func summaries(of ids: [Int64], until deadline: Deadline) throws -> [OrderSummary] {
        try database.query(
            """
            SELECT \(OrderSummary.columns) FROM orders
            WHERE id IN (\(list: ids)) AND visible_at IS NOT NULL
            """,
            until: deadline
        ).map(OrderSummary.init)
    }

    /// The customers whose orders these are, by order; guests' orders are left out.
    func customers(of ids: [Int64], until deadline: Deadline) throws -> [Int64: String] {
        let rows = try database.query(
            "SELECT id, user_id FROM orders WHERE id IN (\(list: ids)) AND user_id IS NOT NULL",
            class: .job,
            until: deadline
        )
        return try Dictionary(
            rows.map { (try $0.int64("id"), try $0.string("user_id")) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The order of a checkout session, visible or not yet.
    func find(checkoutSession id: String, until deadline: Deadline) throws -> Order? {
        try database.query(
            "SELECT \(Order.columns) FROM orders WHERE checkout_session_id = \(id)",
            until: deadline
        ).first.map(Order.init)
    }

    /// The id of the way in which an order is sent.
    func shippingMethod(of orderID: Int64, until deadline: Deadline) throws -> String? {
        try database.query(
            "SELECT shipping_method FROM orders WHERE id = \(orderID)",
            until: deadline
        ).first?.string("shipping_method")
    }

    func lines(of orderID: Int64, until deadline: Deadline) throws -> [Line] {
        try database.query(
            """
            SELECT sku, name, quantity, unit_price_minor, vat_percent, currency
            FROM order_lines WHERE order_id = \(orderID) ORDER BY position
            """,
            until: deadline
        ).map(Line.init)
    }

    /// A customer's orders, newest first, and how many there are in all.
    ///
    /// The page is an index range over `user_seq`, which numbers a customer's orders without
    /// gaps; so neither the page nor the total counts rows.
    func history(
        of userID: String,
        page: Int,
        size: Int,
        until deadline: Deadline
    ) throws -> (orders: [OrderSummary], total: Int64) {
        let newer = Int64(page) * Int64(size)
        let rows = try database.query(
            """
            SELECT customers.orders_count, orders.user_seq, \(OrderSummary.columns)
            FROM customers LEFT JOIN orders ON orders.user_id = customers.user_id
                AND orders.user_seq > customers.orders_count - \(newer + Int64(size))
                AND orders.user_seq <= customers.orders_count - \(newer)
            WHERE customers.user_id = \(userID)
            """,
            until: deadline
        )
        let total = try rows.first?.int64("orders_count") ?? 0
        // MariaDB would sort them in a table of its own.
        let orders = try rows.compactMap { row -> (ordinal: Int64, order: OrderSummary)? in
            guard let ordinal = try row.optionalInt64("user_seq") else { return nil }
            return (ordinal, try OrderSummary(row))
        }
        return (orders.sorted { $0.ordinal > $1.ordinal }.map(\.order), total)
    }

    /// What happened to an order up to a version of it, oldest first.
    func events(
        of orderID: Int64,
        upTo version: Int64,
        publicOnly: Bool,
        until deadline: Deadline
    ) throws -> [OrderEventRecord] {
        try database.query(
            """
            SELECT kind, actor, cause, occurred_at, order_version FROM order_events
            WHERE order_id = \(orderID) AND order_version <= \(version) AND (is_public OR NOT \(publicOnly))
            ORDER BY id LIMIT 1000
            """,
            until: deadline
        ).map { row in
            OrderEventRecord(
                kind: try row.string("kind"),
                actor: try row.string("actor"),
                cause: try row.optionalString("cause"),
                occurredAt: try row.timestamp("occurred_at"),
                orderVersion: try row.int64("order_version")
            )
        }
    }

    /// Where the parcels of the visible ones among these orders are, in no order.
    func trackings(of ids: [Int64], until deadline: Deadline) throws -> [Tracking] {
        let rows = try database.query(
            """
            SELECT \(OrderVersion.columns), s.carrier,
                s.tracking_number, s.status, e.id AS event_id, e.event, e.occurred_at
            FROM orders o
            LEFT JOIN shipments s ON s.order_id = o.id
            LEFT JOIN shipment_events e ON e.shipment_id = s.id
            WHERE o.id IN (\(list: ids)) AND o.visible_at IS NOT NULL
            """,
            until: deadline
        )
        return try rows.grouped(by: "order_id").map { try Tracking($0[0], Shipment($0)) }
    }
}

extension [Row] {
    /// Those that have the same number in a column, in their order; a group has one at least.
    func grouped(by column: Row.Column) throws -> [[Row]] {
        // Mostly there is one.
        guard count > 1 else { return isEmpty ? [] : [self] }
        let groups = try Dictionary(grouping: self) { try $0.int64(column) }
        return [[Row]](groups.values)
    }
}

/// One entry of an order's history.
struct OrderEventRecord: Sendable {
    let kind: String
    let actor: String
    let cause: String?
    let occurredAt: Timestamp
    let orderVersion: Int64
}

/// The shipment of an order.
struct Shipment: Sendable {
    let carrier: String?
    let trackingNumber: String?
    let status: String
    let events: [(event: String, at: Timestamp)]
}

extension Shipment {
    /// Reads rows of one shipment, each with an event, in any order; nil if there is none.
    fileprivate init?(_ rows: [Row]) throws {
        let events = try rows.compactMap { row -> (id: Int64, event: String, at: Timestamp)? in
            guard let id = try row.optionalInt64("event_id") else { return nil }
            return (id, try row.string("event"), try row.timestamp("occurred_at"))
        }
        guard let first = rows.first, !events.isEmpty else { return nil }
        carrier = try first.optionalString("carrier")
        trackingNumber = try first.optionalString("tracking_number")
        status = try first.string("status")
        self.events = events.sorted { $0.id < $1.id }.map { (event: $0.event, at: $0.at) }
    }
}

extension OrderStore {
    /// What a look-up shows of an order's shipment, and whose order it is; as it was at one moment.
    struct Tracking: Sendable {
        let order: OrderVersion
        let shipment: Shipment?

        fileprivate init(_ row: Row, _ shipment: Shipment?) throws {
            order = try OrderVersion(row)
            self.shipment = shipment
        }
    }
}

extension Line {
    /// Reads a row of `order_lines`.
    init(_ row: Row) throws {
        let currency = try row.word("currency", Currency.init(rawValue:))
        let percent = try row.int("vat_percent")
        guard let rate = VATRate(percent: percent) else {
            throw UnknownWord(column: "vat_percent", word: String(percent))
        }
        try self.init(
            sku: try row.string("sku"),
            name: try row.string("name"),
            quantity: try row.int("quantity"),
            unitPrice: Money(minor: try row.int64("unit_price_minor"), currency),
            vatRate: rate
        )
    }
}

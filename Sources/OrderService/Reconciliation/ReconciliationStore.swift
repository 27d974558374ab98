import Commerce
import MariaDB
import Resilience

/// Our side of a comparison, read in pages and outside of any transaction.
struct ReconciliationStore: Sendable {
    let database: Database

    static let pageSize = 100

    /// A place in a walk over rows by the time of their last change.
    struct Place: Sendable {
        var time: Timestamp
        var id: Int64 = 0
    }

    // MARK: Orders with their payments

    /// The books of these orders; those that do not exist are not among them.
    func books(of orderIDs: [Int64], until deadline: Deadline) throws -> [Int64: OrderBooks] {
        guard !orderIDs.isEmpty else { return [:] }
        var books = try database.query(
            "SELECT \(Order.columns) FROM orders WHERE id IN (\(list: orderIDs))",
            class: .job,
            until: deadline
        ).reduce(into: [Int64: OrderBooks]()) { books, row in
            let order = try Order(row)
            books[order.id] = OrderBooks(order: order)
        }
        let rows = try database.query(
            """
            SELECT \(Payment.columns), is_void, updated_at FROM payments
            WHERE order_id IN (\(list: orderIDs)) ORDER BY id
            """,
            class: .job,
            until: deadline
        )
        for row in rows {
            let entry = OrderBooks.Entry(
                payment: try Payment(row),
                isVoid: try row.bool("is_void"),
                updatedAt: try row.timestamp("updated_at")
            )
            books[entry.payment.orderID]?.entries.append(entry)
        }
        return books
    }

    func books(of orderID: Int64, until deadline: Deadline) throws -> OrderBooks? {
        try books(of: [orderID], until: deadline)[orderID]
    }

    /// Whether the worker has something to do for an order still.
    func hasOpenTask(_ orderID: Int64, until deadline: Deadline) throws -> Bool {
        try !database.query(
            """
            SELECT 1 FROM outbox WHERE channel = 'task' AND unsent_order_id = \(orderID) LIMIT 1
            """,
            class: .job,
            until: deadline
        ).isEmpty
    }

    /// The highest number that an order has been given.
    func lastOrderID(until deadline: Deadline) throws -> Int64 {
        try database.query(
            "SELECT COALESCE(MAX(id), 0) AS id FROM orders",
            class: .job,
            until: deadline
        ).first?.int64("id") ?? 0
    }

    /// Payments that have an intent and were changed in a window, in the order of their changes.
    ///
    /// - Returns: their rows' ids with order and intent, and the place after them.
    func payments(
        after place: Place,
        before end: Timestamp,
        until deadline: Deadline
    ) throws -> (items: [(id: Int64, orderID: Int64, intentID: String)], next: Place?) {
        let rows = try database.query(
            """
            SELECT id, order_id, provider_intent_id, updated_at FROM payments
            WHERE (updated_at > \(place.time) OR updated_at = \(place.time) AND id > \(place.id))
                AND updated_at >= \(place.time) AND updated_at < \(end)
                AND provider_intent_id IS NOT NULL
            ORDER BY updated_at, id LIMIT \(Self.pageSize)
            """,
            class: .job,
            until: deadline
        )
        let items = try rows.map {
            (
                id: try $0.int64("id"), orderID: try $0.int64("order_id"),
                intentID: try $0.string("provider_intent_id")
            )
        }
        return (items, try Self.next(rows))
    }

    /// Orders that became visible in a window.
    func orders(
        after place: Place,
        before end: Timestamp,
        until deadline: Deadline
    ) throws -> (items: [Int64], next: Place?) {
        let rows = try database.query(
            """
            SELECT id, visible_at AS updated_at FROM orders
            WHERE (visible_at > \(place.time) OR visible_at = \(place.time) AND id > \(place.id))
                AND visible_at >= \(place.time) AND visible_at < \(end)
            ORDER BY visible_at, id LIMIT \(Self.pageSize)
            """,
            class: .job,
            until: deadline
        )
        return (try rows.map { try $0.int64("id") }, try Self.next(rows))
    }

    /// Orders that wait for their money longer than they should.
    func overdueOrders(before time: Timestamp, until deadline: Deadline) throws -> [Int64] {
        try database.query(
            """
            SELECT id FROM orders
            WHERE expires_at < \(time) AND closing IS NULL AND visible_at IS NOT NULL
                AND (status = 'awaiting_payment'
                    OR status = 'payment_review' AND payment_status = 'authorized')
            ORDER BY expires_at LIMIT \(Self.pageSize)
            """,
            class: .job,
            until: deadline
        ).map { try $0.int64("id") }
    }

    // MARK: Refunds

    /// The rows of these refunds of Stripe, by its ids or by ours.
    func refunds(
        told ids: [String],
        named publicIDs: [String],
        until deadline: Deadline
    ) throws -> [Refund] {
        try database.query(
            """
            SELECT \(Refund.columns) FROM refunds WHERE provider_refund_id IN (\(list: ids))
            UNION
            SELECT \(Refund.columns) FROM refunds WHERE public_id IN (\(list: publicIDs))
            """,
            class: .job,
            until: deadline
        ).map(Refund.init)
    }

    /// Refunds that were changed in a window.
    func refunds(
        after place: Place,
        before end: Timestamp,
        until deadline: Deadline
    ) throws -> (items: [Refund], next: Place?) {
        let rows = try database.query(
            """
            SELECT \(Refund.columns) FROM refunds
            WHERE (updated_at > \(place.time) OR updated_at = \(place.time) AND id > \(place.id))
                AND updated_at >= \(place.time) AND updated_at < \(end)
            ORDER BY updated_at, id LIMIT \(Self.pageSize)
            """,
            class: .job,
            until: deadline
        )
        return (try rows.map(Refund.init), try Self.next(rows))
    }

    /// The orders of these intents.
    func orderIDs(
        ofIntents ids: [String],
        until deadline: Deadline
    ) throws -> [String: Int64] {
        try database.query(
            """
            SELECT provider_intent_id, order_id FROM payments
            WHERE provider_intent_id IN (\(list: ids))
            """,
            class: .job,
            until: deadline
        ).reduce(into: [:]) { orders, row in
            orders[try row.string("provider_intent_id")] = try row.int64("order_id")
        }
    }

    // MARK: Reservations

    func reservations(
        keys: [String],
        until deadline: Deadline
    ) throws -> [String: ReservationRow] {
        try database.query(
            """
            SELECT id, order_id, reservation_key, status, updated_at FROM reservations
            WHERE reservation_key IN (\(list: keys))
            """,
            class: .job,
            until: deadline
        ).reduce(into: [:]) { found, row in
            let reservation = try ReservationRow(row)
            found[reservation.key] = reservation
        }
    }

    /// Reservations that were changed in a window.
    func reservations(
        after place: Place,
        before end: Timestamp,
        until deadline: Deadline
    ) throws -> (items: [ReservationRow], next: Place?) {
        let rows = try database.query(
            """
            SELECT id, order_id, reservation_key, status, updated_at FROM reservations
            WHERE (updated_at > \(place.time) OR updated_at = \(place.time) AND id > \(place.id))
                AND updated_at >= \(place.time) AND updated_at < \(end)
            ORDER BY updated_at, id LIMIT \(Self.pageSize)
            """,
            class: .job,
            until: deadline
        )
        return (try rows.map(ReservationRow.init), try Self.next(rows))
    }

    /// The place after a page; nil after the last one.
    private static func next(_ rows: [Row]) throws -> Place? {
        guard rows.count == pageSize, let last = rows.last else { return nil }
        return Place(time: try last.timestamp("updated_at"), id: try last.int64("id"))
    }
}

extension ReservationRow {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        orderID = try row.int64("order_id")
        key = try row.string("reservation_key")
        status = try row.word("status", ReservationStatus.init(rawValue:))
        updatedAt = try row.timestamp("updated_at")
    }
}

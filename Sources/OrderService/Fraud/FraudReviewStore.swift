import Commerce
import MariaDB
import Resilience

/// Where a review stands.
package enum FraudReviewStatus: String, Sendable, CaseIterable {
    case waiting
    case approved
    case rejected
    /// Nobody decided in time: rejected by itself.
    case timedOut = "timed_out"
    /// The order ended for another reason.
    case lapsed
}

/// The rows of reviews; they change under the lock of their order's row, from `waiting` alone.
struct FraudReviewStore: Sendable {
    let database: Database

    /// A review with what the list tells of its order.
    struct Review: Sendable {
        let id: Int64
        let orderID: Int64
        let orderNumber: String
        let orderStatus: OrderStatus
        let paymentStatus: PaymentStatus
        let paymentMethod: PaymentMethod
        let total: Money
        let status: FraudReviewStatus
        let openedAt: Timestamp
        let dueAt: Timestamp?
        let decidedAt: Timestamp?
        let decidedBy: String?
        let reason: String?
    }

    /// How long stock is held for money that is taken, and so waits for somebody however long.
    private static let stockLife = Duration.seconds(7 * 24 * 3_600)

    private static let select: SQL = """
        SELECT r.id, r.order_id, o.number, o.status AS order_status, o.payment_status,
            o.payment_method, o.total_minor, o.currency, r.status, r.opened_at, r.due_at,
            r.decided_at, r.decided_by, r.reason
        FROM fraud_reviews r JOIN orders o ON o.id = r.order_id
        """

    func find(_ id: Int64, until deadline: Deadline) throws -> Review? {
        try database.query("\(Self.select) WHERE r.id = \(id)", until: deadline)
            .first.map(Review.init)
    }

    /// Reviews in a status, oldest first; those alone that come after `last`.
    func list(
        _ status: FraudReviewStatus,
        after last: Int64,
        limit: Int,
        until deadline: Deadline
    ) throws -> [Review] {
        try database.query(
            """
            \(Self.select) WHERE r.status = \(status.rawValue) AND r.id > \(last)
            ORDER BY r.id LIMIT \(limit)
            """,
            until: deadline
        ).map(Review.init)
    }

    /// All reviews of an order, oldest first.
    func reviews(of orderID: Int64, until deadline: Deadline) throws -> [Review] {
        try database.query(
            "\(Self.select) WHERE r.order_id = \(orderID) ORDER BY r.id LIMIT 100",
            until: deadline
        ).map(Review.init)
    }

    /// Reviews whose time is over, of orders that are not being closed already.
    func due(at now: Timestamp, limit: Int, until deadline: Deadline) throws -> [Review] {
        try database.query(
            """
            \(Self.select) WHERE r.status = 'waiting' AND r.due_at <= \(now) AND o.closing IS NULL
            ORDER BY r.due_at LIMIT \(limit)
            """,
            class: .job,
            until: deadline
        ).map(Review.init)
    }

    /// How many wait, and since when the oldest.
    func backlog(until deadline: Deadline) throws -> (count: Int, oldest: Timestamp?) {
        let row = try database.query(
            """
            SELECT COUNT(*) AS number, MIN(opened_at) AS oldest FROM fraud_reviews
            WHERE status = 'waiting'
            """,
            until: deadline
        ).first
        return (try row?.int("number") ?? 0, try row?.optionalTimestamp("oldest"))
    }

    /// Until when the stock of an order under review is held; nil if nobody reviews it.
    func stockEnd(of orderID: Int64, until deadline: Deadline) throws -> Timestamp? {
        try database.query(
            "SELECT due_at, opened_at FROM fraud_reviews WHERE live_order_id = \(orderID)",
            until: deadline
        ).first.map { row in
            try row.optionalTimestamp("due_at") ?? row.timestamp("opened_at") + Self.stockLife
        }
    }

    /// Whether the last review of an order let it go on.
    func isApproved(_ orderID: Int64, until deadline: Deadline) throws -> Bool {
        try database.query(Self.last(of: orderID), until: deadline).first.map { row in
            try row.string("status") == FraudReviewStatus.approved.rawValue
        } ?? false
    }

    // MARK: Within a change of the order

    private static func last(of orderID: Int64) -> SQL {
        "SELECT status FROM fraud_reviews WHERE order_id = \(orderID) ORDER BY id DESC LIMIT 1"
    }

    static func isApproved(_ orderID: Int64, in transaction: inout Transaction) throws -> Bool {
        try transaction.query(last(of: orderID)).first.map { row in
            try row.string("status") == FraudReviewStatus.approved.rawValue
        } ?? false
    }

    static func isWaiting(_ orderID: Int64, in transaction: inout Transaction) throws -> Bool {
        try !transaction.query(
            "SELECT 1 FROM fraud_reviews WHERE live_order_id = \(orderID)"
        ).isEmpty
    }

    static func find(_ id: Int64, in transaction: inout Transaction) throws -> Review? {
        try transaction.query("\(select) WHERE r.id = \(id)").first.map(Review.init)
    }

    static func open(
        _ orderID: Int64,
        because decisionID: Int64,
        dueAt: Timestamp?,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO fraud_reviews (order_id, decision_id, status, opened_at, due_at)
            VALUES (\(orderID), \(decisionID), 'waiting', \(now), \(dueAt))
            """
        )
    }

    /// Ends a review that waits.
    ///
    /// - Returns: whether it was this call that did.
    static func end(
        _ id: Int64,
        as status: FraudReviewStatus,
        by actor: String,
        because reason: String,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE fraud_reviews SET status = \(status.rawValue), decided_at = \(now),
                decided_by = \(actor), reason = \(reason)
            WHERE id = \(id) AND status = 'waiting'
            """
        ).affectedRows == 1
    }

    /// Ends the review of an order that has ended otherwise.
    static func lapse(
        _ orderID: Int64,
        by actor: String,
        because reason: String,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE fraud_reviews SET status = 'lapsed', decided_at = \(now),
                decided_by = \(actor), reason = \(reason)
            WHERE live_order_id = \(orderID)
            """
        )
    }

    /// Takes the end off a review whose money has been taken: it is not given back by itself.
    static func keepOpen(_ orderID: Int64, in transaction: inout Transaction) throws {
        try transaction.execute(
            "UPDATE fraud_reviews SET due_at = NULL WHERE live_order_id = \(orderID)"
        )
    }
}

extension FraudReviewStore.Review {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        orderID = try row.int64("order_id")
        orderNumber = try row.string("number")
        orderStatus = try row.word("order_status", OrderStatus.init(rawValue:))
        paymentStatus = try row.word("payment_status", PaymentStatus.init(rawValue:))
        paymentMethod = try row.word("payment_method", PaymentMethod.init(rawValue:))
        total = Money(
            minor: try row.int64("total_minor"),
            try row.word("currency", Currency.init(rawValue:))
        )
        status = try row.word("status", FraudReviewStatus.init(rawValue:))
        openedAt = try row.timestamp("opened_at")
        dueAt = try row.optionalTimestamp("due_at")
        decidedAt = try row.optionalTimestamp("decided_at")
        decidedBy = try row.optionalString("decided_by")
        reason = try row.optionalString("reason")
    }
}

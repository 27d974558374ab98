import Commerce
import MariaDB
import Resilience

/// Why nobody can say for sure where a payment's money is.
package enum PaymentDoubt: String, Sendable, CaseIterable {
    /// A call was sent and its answer was lost.
    case unknown
    /// Stripe was tried for a PaymentIntent and did not answer.
    case requiresRetry = "requires_retry"
    /// Given up before its intent was known; that intent has not been seen cancelled.
    case void
    /// What was paid differs from what was asked; `reviewReason` says how.
    case review
}

/// Reads payments in doubt, and where reservations stand.
struct InDoubtStore: Sendable {
    let database: Database

    /// A payment whose money is in doubt.
    struct Item: Sendable {
        let id: Int64
        let publicID: String
        let orderID: Int64
        let orderNumber: String
        let doubt: PaymentDoubt
        let status: PaymentStatus
        let reviewReason: String?
        let attempts: Int
        let amount: Money
        let captured: Money
        let intentID: String?
        let createdAt: Timestamp
        let updatedAt: Timestamp
    }

    struct Reservation: Sendable {
        let id: Int64
        let orderID: Int64
        let orderNumber: String
        let key: String
        let status: ReservationStatus
        let requiresVerification: Bool
        /// The order's.
        let total: Money
        let createdAt: Timestamp
        let updatedAt: Timestamp
        let expiresAt: Timestamp?
    }

    /// What is in doubt for one reason in one currency.
    struct Sum: Sendable {
        let doubt: PaymentDoubt
        let amount: Money
        let count: Int
        let oldest: Timestamp
    }

    /// Payments in doubt, oldest first; those alone that come after `last`.
    func payments(after last: Int64, limit: Int, until deadline: Deadline) throws -> [Item] {
        // The few that are in doubt, sorted, and not all payments in the order of their ids.
        try database.query(
            """
            SELECT p.id, p.public_id, p.order_id, o.number, p.doubt, p.status, p.review_reason,
                p.attempts, p.amount_minor, p.captured_minor, p.currency, p.provider_intent_id,
                p.created_at, p.updated_at
            FROM payments p FORCE INDEX (payments_doubt_idx) JOIN orders o ON o.id = p.order_id
            WHERE p.doubt IS NOT NULL AND p.id > \(last) ORDER BY p.id LIMIT \(limit)
            """,
            until: deadline
        ).map(Item.init)
    }

    /// Reservations, oldest first; those alone that come after `last` and are in `status`.
    func reservations(
        in status: ReservationStatus?,
        after last: Int64,
        limit: Int,
        until deadline: Deadline
    ) throws -> [Reservation] {
        var statement: SQL = """
            SELECT r.id, r.order_id, o.number, r.reservation_key, r.status,
                r.requires_verification, o.total_minor, o.currency, r.created_at, r.updated_at,
                r.expires_at
            FROM reservations r JOIN orders o ON o.id = r.order_id WHERE r.id > \(last)
            """
        if let status { statement.append(" AND r.status = \(status.rawValue)") }
        statement.append(" ORDER BY r.id LIMIT \(limit)")
        return try database.query(statement, until: deadline).map(Reservation.init)
    }

    /// How much is in doubt, for each reason and currency that there is.
    func sums(until deadline: Deadline) throws -> [Sum] {
        // SUM of a BIGINT is a DECIMAL.
        try database.query(
            """
            SELECT doubt, currency, COUNT(*) AS count, MIN(created_at) AS oldest,
                CAST(SUM(amount_minor) AS SIGNED) AS amount_minor
            FROM payments FORCE INDEX (payments_doubt_idx) WHERE doubt IS NOT NULL
            GROUP BY doubt, currency
            """,
            until: deadline
        ).map { row in
            Sum(
                doubt: try row.word("doubt", PaymentDoubt.init(rawValue:)),
                amount: try row.money("amount_minor"),
                count: try row.int("count"),
                oldest: try row.timestamp("oldest")
            )
        }
    }
}

extension InDoubtStore.Item {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        publicID = try row.string("public_id")
        orderID = try row.int64("order_id")
        orderNumber = try row.string("number")
        doubt = try row.word("doubt", PaymentDoubt.init(rawValue:))
        status = try row.word("status", PaymentStatus.init(rawValue:))
        reviewReason = try row.optionalString("review_reason")
        attempts = try row.int("attempts")
        amount = try row.money("amount_minor")
        captured = try row.money("captured_minor")
        intentID = try row.optionalString("provider_intent_id")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
    }
}

extension InDoubtStore.Reservation {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        orderID = try row.int64("order_id")
        orderNumber = try row.string("number")
        key = try row.string("reservation_key")
        status = try row.word("status", ReservationStatus.init(rawValue:))
        requiresVerification = try row.bool("requires_verification")
        total = try row.money("total_minor")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
        expiresAt = try row.optionalTimestamp("expires_at")
    }
}

extension Row {
    /// An amount beside the row's `currency`.
    func money(_ column: String) throws -> Money {
        Money(
            minor: try int64(.name(column)),
            try word("currency", Currency.init(rawValue:))
        )
    }
}

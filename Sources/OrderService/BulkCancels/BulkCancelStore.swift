import Commerce
import MariaDB
import Resilience
import Web

/// The rows of bulk cancels and of their orders; what workers do with them is in an extension.
struct BulkCancelStore: Sendable {
    let database: Database
    let clock: WallClock
    /// Whose leases they are.
    let process: ProcessIdentity

    /// Writes a bulk cancel and its orders, all of which wait for a worker from then on.
    static func insert(
        _ wish: BulkCancelWish,
        as publicID: String,
        by userID: String,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> BulkCancel {
        let written = try transaction.execute(
            """
            INSERT INTO bulk_cancels (public_id, created_by, reason, created_at)
            VALUES (\(publicID), \(userID), \(wish.reason), \(now))
            """
        )
        let id = Int64(clamping: written.lastInsertID)
        let orderIDs = JSON.array(wish.orderIDs.map(JSON.integer)).serialized()
        // One text for any number of orders, of which the statement cache keeps one.
        try transaction.execute(
            """
            INSERT INTO bulk_cancel_items (bulk_cancel_id, order_id, next_attempt_at)
            SELECT \(id), o.order_id, \(now)
            FROM JSON_TABLE(\(String(decoding: orderIDs, as: UTF8.self)), '$[*]'
                COLUMNS (number FOR ORDINALITY, order_id BIGINT PATH '$')) AS o
            ORDER BY o.number
            """
        )
        return BulkCancel(
            id: id,
            publicID: publicID,
            createdBy: userID,
            reason: wish.reason,
            createdAt: now
        )
    }

    private static let columns: SQL = "id, public_id, created_by, reason, created_at"

    /// One by its public id; nil if there is none.
    func find(_ publicID: String, until deadline: Deadline) throws -> BulkCancel? {
        try database.query(
            "SELECT \(Self.columns) FROM bulk_cancels WHERE public_id = \(publicID)",
            until: deadline
        ).first.map(BulkCancel.init)
    }

    /// The newest first; those alone that are older than number `last`, if it is not 0.
    func list(before last: Int64, limit: Int, until deadline: Deadline) throws -> [BulkCancel] {
        try database.query(
            """
            SELECT \(Self.columns) FROM bulk_cancels
            WHERE id < \(last == 0 ? Int64.max : last) ORDER BY id DESC LIMIT \(limit)
            """,
            until: deadline
        ).map(BulkCancel.init)
    }

    /// The outcome as it is by now: the closing that a worker has begun is ended by whoever is
    /// there, and the order's own row tells that it was.
    private static let outcome: SQL =
        "IF(i.outcome = 'cancelling' AND o.status = 'cancelled', 'cancelled', i.outcome)"
    private static let source: SQL = """
        bulk_cancel_items i
        LEFT JOIN orders o ON o.id = i.order_id AND o.visible_at IS NOT NULL
        """

    /// The orders of one, in the order asked.
    func items(of id: Int64, until deadline: Deadline) throws -> [BulkCancelItem] {
        try database.query(
            """
            SELECT i.order_id, \(Self.outcome) AS outcome, i.detail, i.decided_at, o.status,
                o.payment_status
            FROM \(Self.source) WHERE i.bulk_cancel_id = \(id) ORDER BY i.id
            """,
            until: deadline
        ).map(BulkCancelItem.init)
    }

    /// How the orders of each of these stand.
    func tallies(
        of ids: [Int64],
        until deadline: Deadline
    ) throws -> [Int64: BulkCancelTally] {
        guard !ids.isEmpty else { return [:] }
        let rows = try database.query(
            """
            SELECT i.bulk_cancel_id, \(Self.outcome) AS current_outcome, COUNT(*) AS number,
                MAX(i.decided_at) AS last_decided_at
            FROM \(Self.source) WHERE i.bulk_cancel_id IN (\(list: ids))
            GROUP BY i.bulk_cancel_id, current_outcome
            """,
            // A page of them may have a hundred thousand orders.
            class: .job,
            until: deadline
        )
        var tallies: [Int64: BulkCancelTally] = [:]
        for row in rows {
            tallies[try row.int64("bulk_cancel_id"), default: BulkCancelTally()].add(
                try row.int("number"),
                try row.word("current_outcome", BulkCancelOutcome.init(rawValue:)),
                lastDecidedAt: try row.optionalTimestamp("last_decided_at")
            )
        }
        return tallies
    }
}

extension BulkCancel {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        publicID = try row.string("public_id")
        createdBy = try row.string("created_by")
        reason = try row.string("reason")
        createdAt = try row.timestamp("created_at")
    }
}

extension BulkCancelItem {
    fileprivate init(_ row: Row) throws {
        orderID = try row.int64("order_id")
        outcome = try row.word("outcome", BulkCancelOutcome.init(rawValue:))
        detail = try row.optionalString("detail")
        decidedAt = try row.optionalTimestamp("decided_at")
        orderStatus = try row.optionalString("status").flatMap(OrderStatus.init(rawValue:))
        paymentStatus = try row.optionalString("payment_status")
            .flatMap(PaymentStatus.init(rawValue:))
    }
}

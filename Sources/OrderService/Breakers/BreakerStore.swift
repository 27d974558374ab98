import MariaDB
import Resilience
import Web

/// The orders to breakers, all SQL of theirs.
///
/// It counts time by the database's clock, so that processes on hosts whose clocks differ agree on
/// which order has expired.
package struct BreakerStore: Sendable {
    let database: Database

    /// Records an order; it is in force everywhere once each process has read it.
    ///
    /// - Parameters:
    ///   - command: what is ordered.
    ///   - deadline: by which it is recorded, or fails.
    /// - Returns: the order as it stands.
    /// - Throws: `MariaDBError`.
    func record(_ command: BreakerCommand, until deadline: Deadline) throws -> BreakerOrder {
        try database.transaction(class: .write, until: deadline) { transaction in
            let revision = try transaction.execute(
                """
                INSERT INTO breaker_order_log (name, mode, reason, who, set_at, expires_at)
                VALUES (\(command.name), \(command.mode.rawValue), \(command.reason),
                    \(command.who), UTC_TIMESTAMP(6),
                    UTC_TIMESTAMP(6) + INTERVAL \(command.expiresIn) SECOND)
                """
            ).lastInsertID
            let times = try transaction.query(
                "SELECT set_at, expires_at FROM breaker_order_log WHERE id = \(revision)"
            ).first
            let expiresAt = try times?.optionalTimestamp("expires_at")
            // Two operators at once may come to this row in the other order; the later one's
            // command stays. The revision is assigned last, since the others compare with it.
            try transaction.execute(
                """
                INSERT INTO breaker_orders (name, mode, reason, who, set_at, expires_at, revision)
                VALUES (\(command.name), \(command.mode.rawValue), \(command.reason),
                    \(command.who), \(try times?.timestamp("set_at")), \(expiresAt), \(revision))
                ON DUPLICATE KEY UPDATE
                    mode = IF(VALUES(revision) > revision, VALUES(mode), mode),
                    reason = IF(VALUES(revision) > revision, VALUES(reason), reason),
                    who = IF(VALUES(revision) > revision, VALUES(who), who),
                    set_at = IF(VALUES(revision) > revision, VALUES(set_at), set_at),
                    expires_at = IF(VALUES(revision) > revision, VALUES(expires_at), expires_at),
                    revision = GREATEST(VALUES(revision), revision)
                """
            )
            return BreakerOrder(
                name: command.name,
                mode: command.mode,
                reason: command.reason,
                who: command.who,
                expiresAt: expiresAt,
                remaining: command.expiresIn.map { .seconds($0) },
                revision: Int64(clamping: revision)
            )
        }
    }

    /// The last order to each dependency; those with modes of another version are left out.
    func orders(until deadline: Deadline) throws -> [BreakerOrder] {
        try database.query(
            """
            SELECT name, mode, reason, who, expires_at, revision,
                TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), expires_at) AS remaining
            FROM breaker_orders
            """,
            until: deadline
        ).compactMap(Self.order)
    }

    private static func order(_ row: Row) throws -> BreakerOrder? {
        guard let mode = BreakerMode(rawValue: try row.string("mode")) else { return nil }
        return BreakerOrder(
            name: try row.string("name"),
            mode: mode,
            reason: try row.string("reason"),
            who: try row.string("who"),
            expiresAt: try row.optionalTimestamp("expires_at"),
            remaining: try row.optionalInt64("remaining").map { .microseconds($0) },
            revision: try row.int64("revision")
        )
    }
}

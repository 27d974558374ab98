package import MariaDB
import Resilience
import Web

/// What one process last told of its breakers and caches.
package struct ProcessReport: Sendable {
    package let process: String
    package let kind: String
    package let startedAt: Timestamp
    package let reportedAt: Timestamp
    package let readings: [BreakerReading]
    package let caches: [CacheReading]
}

/// The reports of the processes and the orders to their breakers, all SQL of theirs.
///
/// It counts time by the database's clock, so that processes on hosts whose clocks differ agree on
/// who is silent and which order has expired.
package struct BreakerStore: Sendable {
    let database: Database

    // MARK: Orders

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

    // MARK: Reports

    /// Writes what a process's breakers and caches are like, in place of its last report.
    func report(
        _ readings: [BreakerReading],
        _ caches: [CacheReading],
        of process: ProcessIdentity,
        startedAt: Timestamp,
        until deadline: Deadline
    ) throws {
        let document = JSON.object([
            ("breakers", .array(readings.map(\.json))), ("caches", .array(caches.map(\.json))),
        ]).serialized()
        try database.execute(
            """
            INSERT INTO process_reports (process, kind, started_at, reported_at, document)
            VALUES (\(process.text), \(process.kind.rawValue), \(startedAt), UTC_TIMESTAMP(6),
                \(document))
            ON DUPLICATE KEY UPDATE started_at = VALUES(started_at),
                reported_at = VALUES(reported_at), document = VALUES(document)
            """,
            until: deadline
        )
    }

    /// The reports of all processes that have spoken within the last minute, by name.
    func reports(until deadline: Deadline) throws -> [ProcessReport] {
        try database.query(
            """
            SELECT process, kind, started_at, reported_at, document FROM process_reports
            WHERE reported_at > UTC_TIMESTAMP(6) - INTERVAL 60 SECOND ORDER BY process
            """,
            until: deadline
        ).map { row in
            let document = try? JSON(parsing: Array(try row.string("document").utf8))
            return ProcessReport(
                process: try row.string("process"),
                kind: try row.string("kind"),
                startedAt: try row.timestamp("started_at"),
                reportedAt: try row.timestamp("reported_at"),
                readings: document?["breakers"]?.array?.compactMap(BreakerReading.init) ?? [],
                caches: document?["caches"]?.array?.compactMap(CacheReading.init) ?? []
            )
        }
    }

    /// Removes the report of a process that ends.
    func remove(_ process: ProcessIdentity, until deadline: Deadline) throws {
        try database.execute(
            "DELETE FROM process_reports WHERE process = \(process.text)",
            until: deadline
        )
    }

    /// Removes the reports of processes that have not spoken for an hour.
    func removeSilent(until deadline: Deadline) throws {
        try database.execute(
            """
            DELETE FROM process_reports WHERE reported_at < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR
            """,
            until: deadline
        )
    }
}

import MariaDB
import Resilience

/// What the worker has removed of each class of data, all SQL of `retention_classes`.
struct RetentionStore: Sendable {
    let database: Database
    let clock: WallClock

    /// One class as it stands.
    struct Standing: Sendable {
        let name: String
        let removed: Int64
        let oldest: Timestamp?
    }

    /// Counts what a run has removed of a class, and notes what is the oldest now.
    func note(
        _ name: String,
        removed: Int,
        oldest: Timestamp?,
        until deadline: Deadline
    ) throws {
        try database.execute(
            """
            INSERT INTO retention_classes (class, removed, oldest_at, ran_at)
            VALUES (\(name), \(removed), \(oldest), \(clock.now))
            ON DUPLICATE KEY UPDATE removed = removed + VALUES(removed),
                oldest_at = VALUES(oldest_at), ran_at = VALUES(ran_at)
            """,
            class: .job,
            until: deadline
        )
    }

    func standings(until deadline: Deadline) throws -> [Standing] {
        try database.query(
            "SELECT class, removed, oldest_at FROM retention_classes",
            until: deadline
        ).map { row in
            Standing(
                name: try row.string("class"),
                removed: try row.int64("removed"),
                oldest: try row.optionalTimestamp("oldest_at")
            )
        }
    }
}

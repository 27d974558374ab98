import MariaDB
import Resilience
import Web

/// When both sides were last compared and what was found, one row for all workers.
///
/// Whoever has the lease compares; what it writes checks its fence.
struct ReconciliationLease: Sendable {
    let database: Database
    let clock: WallClock
    let process: ProcessIdentity

    /// A worker's turn to compare, and from where.
    struct Turn: Sendable {
        let fence: Int64
        let readTo: Timestamp
        /// What the last whole run found.
        let findings: [String: Int]
    }

    /// How far back the first run goes.
    private static let firstLook = Duration.seconds(24 * 3_600)

    /// Takes the turn if nobody has it and one is due; nil otherwise.
    func take(for time: Duration, until deadline: Deadline) throws -> Turn? {
        let now = clock.now
        try database.execute(
            """
            INSERT INTO reconciliation (name, read_to, next_run_at)
            VALUES ('worker', \(now - Self.firstLook), \(now))
            ON DUPLICATE KEY UPDATE name = name
            """,
            class: .job,
            until: deadline
        )
        return try database.transaction(class: .job, until: deadline) { transaction in
            let rows = try transaction.query(
                """
                SELECT fence, read_to, findings FROM reconciliation
                WHERE name = 'worker' AND next_run_at <= \(now)
                    AND (leased_until IS NULL OR leased_until <= \(now))
                FOR UPDATE SKIP LOCKED
                """
            )
            guard let row = rows.first else { return nil }
            try transaction.execute(
                """
                UPDATE reconciliation SET fence = fence + 1, leased_until = \(now + time),
                    leased_by = \(process.text)
                WHERE name = 'worker'
                """
            )
            return Turn(
                fence: try row.int64("fence") + 1,
                readTo: try row.timestamp("read_to"),
                findings: Self.counts(try row.string("findings"))
            )
        }
    }

    /// Gives the turn back, unless it was lost, with what a whole run found; one that could not
    /// read everything says why, and leaves the rest as it was.
    func giveBack(
        _ turn: Turn,
        _ report: ReconciliationReport,
        nextRunAt next: Timestamp,
        until deadline: Deadline
    ) throws {
        let members = report.counts.map { (name: $0.key.rawValue, value: JSON($0.value)) }
        let findings = String(decoding: JSON.object(members).serialized(), as: UTF8.self)
        let error = report.unread.isEmpty ? nil : report.unread.joined(separator: "; ")
        try database.execute(
            """
            UPDATE reconciliation SET leased_until = NULL, leased_by = NULL,
                next_run_at = \(next), last_error = \(error.map { $0.cut(toVarChar: 255) }),
                read_to = IF(\(report.isWhole), \(report.to), read_to),
                succeeded_at = IF(\(report.isWhole), \(clock.now), succeeded_at),
                findings = IF(\(report.isWhole), \(findings), findings)
            WHERE name = 'worker' AND fence = \(turn.fence)
            """,
            class: .job,
            until: deadline
        )
    }

    /// When a run last read everything, and what it found; nil before the first.
    func last(until deadline: Deadline) throws -> (at: Timestamp, findings: [String: Int])? {
        guard
            let row = try database.query(
                "SELECT succeeded_at, findings FROM reconciliation WHERE name = 'worker'",
                until: deadline
            ).first, let time = try row.optionalTimestamp("succeeded_at")
        else { return nil }
        return (time, Self.counts(try row.string("findings")))
    }

    private static func counts(_ text: String) -> [String: Int] {
        let members = (try? JSON(parsing: Array(text.utf8)))?.members ?? []
        return members.reduce(into: [:]) { counts, member in
            counts[member.name] = member.value.integer.map { Int(clamping: $0) }
        }
    }
}

import MariaDB
import Resilience

/// The switch that keeps refunds from being sent, for all processes at once.
///
/// It is asked in the transaction before each call that would create a refund; nothing of it is
/// kept in a process. Each turn of it is a row, and the last row counts.
struct RefundSwitch: Sendable {
    let database: Database
    let clock: WallClock

    /// The last turn of the switch.
    struct Setting: Sendable {
        let isPaused: Bool
        let reason: String
        let actor: String
        let at: Timestamp
    }

    static func isPaused(in transaction: inout Transaction) throws -> Bool {
        try transaction.query(
            "SELECT is_paused FROM refund_switchings ORDER BY id DESC LIMIT 1"
        ).first?.bool("is_paused") ?? false
    }

    /// The switch as it is; nil if it was never turned, so that refunds are sent.
    func setting(until deadline: Deadline) throws -> Setting? {
        try database.query(
            """
            SELECT is_paused, reason, actor, switched_at FROM refund_switchings
            ORDER BY id DESC LIMIT 1
            """,
            until: deadline
        ).first.map { row in
            Setting(
                isPaused: try row.bool("is_paused"),
                reason: try row.string("reason"),
                actor: try row.string("actor"),
                at: try row.timestamp("switched_at")
            )
        }
    }

    /// Turns the switch; turned on again, what has waited is due at once.
    func turn(
        isPaused: Bool,
        reason: String,
        actor: String,
        until deadline: Deadline
    ) throws {
        let now = clock.now
        try database.transaction(class: .write, until: deadline) { transaction in
            try transaction.execute(
                """
                INSERT INTO refund_switchings (is_paused, reason, actor, switched_at)
                VALUES (\(isPaused), \(reason), \(actor), \(now))
                """
            )
            guard !isPaused else { return }
            try transaction.execute(
                """
                UPDATE refunds SET next_attempt_at = \(now)
                WHERE status IN ('requested', 'unknown') AND next_attempt_at > \(now)
                """
            )
            let topic = OutboxMessage.Task.advanceRefunds.rawValue
            try transaction.execute(
                """
                UPDATE outbox SET next_attempt_at = \(now)
                WHERE channel = 'task' AND topic = \(topic) AND next_attempt_at > \(now)
                """
            )
        }
    }
}

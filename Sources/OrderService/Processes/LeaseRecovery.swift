import Glibc
import MariaDB
import Resilience

/// Frees what processes that died had taken: idempotency keys, messages, deliveries, catch-up,
/// comparison, orders of bulk cancels.
///
/// Without it a customer who repeats a request, or an event that was being told, would wait until
/// the lease runs out, half a minute later. A process that was only slow loses nothing: what it
/// writes is fenced, and what it does may be done twice.
struct LeaseRecovery: Sendable {
    let database: Database
    let clock: WallClock

    /// A process that has not reported for so long is taken for dead; they report once a second.
    private static let silence = 10

    /// Frees what an earlier process of the same name had taken, as after a restart in a
    /// container where the process id is always the same.
    ///
    /// - Parameters:
    ///   - process: whose leases end.
    ///   - deadline: by which it is done, or fails.
    /// - Throws: the first `MariaDBError`, once all has been tried.
    func release(leasesOf process: String, until deadline: Deadline) throws {
        let free: SQL = "SET leased_until = NULL, leased_by = NULL WHERE leased_by = \(process)"
        let results = [
            Result { _ = try database.execute("UPDATE idempotency_keys \(free)", until: deadline) },
            Result { _ = try database.execute("UPDATE catch_up \(free)", until: deadline) },
            Result { _ = try database.execute("UPDATE reconciliation \(free)", until: deadline) },
            Result { try releaseMessages(of: process, until: deadline) },
            Result { try releaseDeliveries(of: process, until: deadline) },
            Result {
                _ = try database.execute(
                    """
                    UPDATE bulk_cancel_items SET next_attempt_at = \(clock.now), leased_by = NULL
                    WHERE leased_by = \(process)
                    """,
                    until: deadline
                )
            },
        ]
        for result in results { try result.get() }
    }

    /// Reads first, as an UPDATE would wait for whoever has locked anything that is due.
    private func releaseMessages(of process: String, until deadline: Deadline) throws {
        let rows = try database.query(
            """
            SELECT id FROM outbox FORCE INDEX (outbox_next_attempt_at_idx)
            WHERE channel IN (\(list: OutboxMessage.Channel.allCases.map(\.rawValue)))
                AND next_attempt_at <= \(clock.now) AND leased_by = \(process)
            """,
            class: .job,
            until: deadline
        )
        guard !rows.isEmpty else { return }
        try database.execute(
            """
            UPDATE outbox SET leased_until = NULL, leased_by = NULL
            WHERE id IN (\(list: rows.map { try $0.int64("id") })) AND leased_by = \(process)
            """,
            until: deadline
        )
    }

    private func releaseDeliveries(of process: String, until deadline: Deadline) throws {
        let rows = try database.query(
            """
            SELECT id FROM webhook_inbox FORCE INDEX (webhook_inbox_next_attempt_at_idx)
            WHERE next_attempt_at IS NOT NULL AND leased_by = \(process)
            """,
            class: .job,
            until: deadline
        )
        guard !rows.isEmpty else { return }
        try database.execute(
            """
            UPDATE webhook_inbox SET leased_by = NULL, next_attempt_at = \(clock.now)
            WHERE id IN (\(list: rows.map { try $0.int64("id") })) AND leased_by = \(process)
            """,
            until: deadline
        )
    }

    /// Frees what dead processes had taken: those of this host that are gone, and those of any
    /// host that have fallen silent.
    ///
    /// - Parameters:
    ///   - identity: of this process.
    ///   - deadline: by which it is done, or fails.
    /// - Throws: `MariaDBError`.
    func releaseOfDead(besides identity: ProcessIdentity, until deadline: Deadline) throws {
        let rows = try database.query(
            """
            SELECT process, reported_at < UTC_TIMESTAMP(6) - INTERVAL \(Self.silence) SECOND
                AS is_silent
            FROM process_reports WHERE process <> \(identity.text)
            """,
            until: deadline
        )
        for row in rows {
            let process = try row.string("process")
            let isGone = identity.isGone(process)
            guard try isGone || row.bool("is_silent") else { continue }
            try release(leasesOf: process, until: deadline)
            guard isGone else { continue }
            try database.execute(
                "DELETE FROM process_reports WHERE process = \(process)",
                until: deadline
            )
        }
    }
}

extension ProcessIdentity {
    /// Whether `process` names one of this host that does not run any more.
    fileprivate func isGone(_ process: String) -> Bool {
        let host = "@\(host):"
        guard let place = process.firstRange(of: host),
            let number = pid_t(process[place.upperBound...])
        else { return false }
        return kill(number, 0) != 0 && errno == ESRCH
    }
}

import MariaDB
import Resilience

/// Where catching up with Stripe's events stands, one row for all workers.
///
/// Whoever has the lease reads; every write checks its fence, so one that was overtaken stores
/// nothing. The place moves in the transaction that stores the events before it.
struct CatchUpStore: Sendable {
    let database: Database
    let inbox: WebhookInbox
    let clock: WallClock
    let process: ProcessIdentity

    /// How far Stripe keeps events back (Stripe, «list all events»).
    static let retention = Duration.days(30)

    /// A worker's right to read on, and from where.
    struct Lease: Sendable {
        let fence: Int64
        /// The inbox has every event that was made before this; whole seconds.
        var readTo: Timestamp
        /// The end of a stretch that was begun; nil between two.
        var windowTo: Timestamp?
        /// The last event that was stored of it.
        var pageAfter: String?
    }

    /// What a page brought.
    struct Stored: Sendable {
        /// The types of the events that were lacking, oldest first.
        var gaps: [String]
        var lease: Lease
    }

    /// Somebody else reads by now.
    struct Overtaken: Error {}

    // MARK: The lease

    /// Takes the lease if it is free and a round is due; nil otherwise.
    func lease(for time: Duration, until deadline: Deadline) throws -> Lease? {
        let now = clock.now
        try begin(at: now, until: deadline)
        return try database.transaction(class: .job, until: deadline) { transaction in
            let rows = try transaction.query(
                """
                SELECT fence, read_to, window_to, page_after FROM catch_up
                WHERE source = 'stripe' AND next_run_at <= \(now)
                    AND (leased_until IS NULL OR leased_until <= \(now))
                FOR UPDATE SKIP LOCKED
                """
            )
            guard let row = rows.first else { return nil }
            try transaction.execute(
                """
                UPDATE catch_up SET fence = fence + 1, leased_until = \(now + time),
                    leased_by = \(process.text)
                WHERE source = 'stripe'
                """
            )
            return Lease(
                fence: try row.int64("fence") + 1,
                readTo: try row.timestamp("read_to"),
                windowTo: try row.optionalTimestamp("window_to"),
                pageAfter: try row.optionalString("page_after")
            )
        }
    }

    /// Makes the row at the first round: nothing at Stripe is ours before our first order.
    private func begin(at now: Timestamp, until deadline: Deadline) throws {
        let known = try database.query(
            "SELECT 1 FROM catch_up WHERE source = 'stripe'",
            until: deadline
        )
        guard known.isEmpty else { return }
        let first = try database.query(
            "SELECT created_at FROM orders ORDER BY id LIMIT 1",
            until: deadline
        ).first?.timestamp("created_at")
        let start = max(first ?? now, now - Self.retention)
        do throws(MariaDBError) {
            _ = try database.execute(
                """
                INSERT INTO catch_up (source, read_to, next_run_at)
                VALUES ('stripe', \(Timestamp(seconds: start.seconds)), \(now))
                """,
                until: deadline
            )
        } catch {
            // Another worker begins just now.
            guard error.code == .duplicateEntry else { throw error }
        }
    }

    /// Gives the lease back, unless it was lost, with when the next round is due.
    func giveBack(
        _ lease: Lease,
        nextRunAt next: Timestamp,
        because error: String?,
        until deadline: Deadline
    ) throws {
        _ = try database.execute(
            """
            UPDATE catch_up SET leased_until = NULL, leased_by = NULL, next_run_at = \(next),
                last_error = \(error.map { $0.cut(toVarChar: 255) })
            WHERE source = 'stripe' AND fence = \(lease.fence)
            """,
            class: .job,
            until: deadline
        )
    }

    // MARK: Reading on

    /// Writes where the lease's holder reads now, without having stored anything.
    ///
    /// - Throws: `Overtaken`, `MariaDBError`.
    func move(_ lease: Lease, until deadline: Deadline) throws {
        try database.transaction(class: .job, until: deadline) { transaction in
            try Self.write(lease, leasedUntil: nil, in: &transaction)
        }
    }

    /// Stores the events of a page that the inbox lacks, and the place after it, in one
    /// transaction.
    ///
    /// - Parameters:
    ///   - page: newest first.
    ///   - lease: with the window that the page belongs to.
    ///   - time: how long the lease is prolonged.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: what was lacking, and the lease as it is now.
    /// - Throws: `Overtaken`, `MariaDBError`.
    func store(
        _ page: StripeEvent.Page,
        _ lease: Lease,
        prolonging time: Duration,
        until deadline: Deadline
    ) throws -> Stored {
        var moved = lease
        if page.hasMore {
            moved.pageAfter = page.events.last?.head.id
        } else {
            moved.readTo = lease.windowTo ?? lease.readTo
            moved.windowTo = nil
            moved.pageAfter = nil
        }
        let now = clock.now
        let gaps = try database.transaction(class: .job, until: deadline) { transaction in
            // First, so that of two who read the same page only one stores it.
            try Self.write(moved, leasedUntil: now + time, in: &transaction)
            let lacking = try inbox.insertLacking(page.events.reversed(), in: &transaction)
            if !lacking.isEmpty {
                try transaction.execute(
                    "UPDATE catch_up SET gaps = gaps + \(lacking.count) WHERE source = 'stripe'"
                )
            }
            return lacking
        }
        return Stored(gaps: gaps, lease: moved)
    }

    private static func write(
        _ lease: Lease,
        leasedUntil end: Timestamp?,
        in transaction: inout Transaction
    ) throws {
        let rows = try transaction.query(
            "SELECT fence FROM catch_up WHERE source = 'stripe' FOR UPDATE"
        )
        guard try rows.first?.int64("fence") == lease.fence else { throw Overtaken() }
        try transaction.execute(
            """
            UPDATE catch_up SET read_to = \(lease.readTo), window_to = \(lease.windowTo),
                page_after = \(lease.pageAfter),
                leased_until = COALESCE(\(end), leased_until)
            WHERE source = 'stripe'
            """
        )
    }

    // MARK: What operators see

    /// Up to when all events are in the inbox, and how many had not come by webhook; nil before
    /// the first round.
    func progress(until deadline: Deadline) throws -> (readTo: Timestamp, gaps: Int)? {
        try database.query(
            "SELECT read_to, gaps FROM catch_up WHERE source = 'stripe'",
            until: deadline
        ).first.map { (try $0.timestamp("read_to"), try $0.int("gaps")) }
    }
}

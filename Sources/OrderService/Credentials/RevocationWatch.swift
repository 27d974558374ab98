import Logging
import MariaDB
import Observability
import Resilience
import Signing
import Synchronization

/// Asks MariaDB several times a second what has ended of late, so that a revocation made elsewhere
/// counts here within a second.
///
/// It fails quietly, with one line when it begins to fail and one when it is well again. While
/// MariaDB cannot be asked, what Redis has is believed as before: for 60 s, the life of an entry.
package final class RevocationWatch: Sendable {
    /// How often MariaDB is asked.
    static let pause = Duration.milliseconds(200)
    /// How long one question may take.
    private static let patience = Duration.seconds(1)

    private struct State {
        var isFailing = false
        var lastSuccess = ContinuousClock.now
    }

    let database: Database
    private let recent: RecentRevocations
    private let clock: WallClock
    private let state = Mutex(State())
    private let logger = Logger(label: "orderd.credentials")

    // The database has connections of its own, so that nothing delays the questions.
    init(database: Database, recent: RecentRevocations, clock: WallClock) {
        self.database = database
        self.recent = recent
        self.clock = clock
    }

    func registerMetrics(in metrics: MetricsRegistry) {
        metrics.gauge(
            "orderd_revocations_recent",
            help: "Credentials that ended of late, which Redis is not believed about."
        ) { [recent] in Double(recent.count) }
        metrics.gauge(
            "orderd_revocations_age_seconds",
            help: "How long ago revocations of other processes were last asked for."
        ) { [self] in
            let age = state.withLock { ContinuousClock.now - $0.lastSuccess }
            return Double(age.wholeMilliseconds) / 1_000
        }
    }

    /// Asks once; blocks on MariaDB.
    ///
    /// - Returns: whether it answered.
    @discardableResult
    package func round() -> Bool {
        let start = ContinuousClock.now
        do {
            recent.add(try ended(until: .after(Self.patience)))
            if hasTurned(failing: false, at: start) {
                logger.notice("revocations of other processes are seen again")
            }
            return true
        } catch {
            if hasTurned(failing: true, at: start) {
                logger.warning(
                    "revocations of other processes are not seen",
                    metadata: ["error": "\(error)"]
                )
            }
            return false
        }
    }

    private func ended(until deadline: Deadline) throws -> [Digest] {
        let since = clock.now - RecentRevocations.window
        // A rotated guest's token ends later than its row says so; until then the row is asked.
        let rows = try database.query(
            """
            SELECT token_hash FROM sessions WHERE revoked_at >= \(since)
            UNION ALL SELECT token_hash FROM guest_tokens WHERE revoked_at >= \(since)
            LIMIT \(RecentRevocations.capacity + 1)
            """,
            until: deadline
        )
        return try rows.compactMap { Digest(try $0.bytes("token_hash")) }
    }

    private func hasTurned(failing isFailing: Bool, at time: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            defer {
                state.isFailing = isFailing
                if !isFailing { state.lastSuccess = time }
            }
            return state.isFailing != isFailing
        }
    }
}

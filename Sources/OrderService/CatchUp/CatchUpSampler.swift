import MariaDB
import Observability
import Resilience

/// Reads from the database how catching up goes, for the metrics of `serve`; the worker that does
/// it has none.
struct CatchUpSampler: Sendable {
    private let store: CatchUpStore
    private let clock: WallClock
    private let gaps: Counter
    private let age: Gauge

    init(store: CatchUpStore, clock: WallClock, metrics: MetricsRegistry) {
        self.store = store
        self.clock = clock
        gaps = metrics.counter(
            "orderd_webhook_gap_total",
            help: "Events of Stripe that did not come by webhook and were caught up with."
        )
        age = metrics.gauge(
            "orderd_catch_up_age_seconds",
            help: "How far back the time lies up to which no event is missing."
        )
    }

    /// Takes one sample; blocks on MariaDB.
    ///
    /// - Parameter deadline: for the query.
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws {
        guard let progress = try store.progress(until: deadline) else { return }
        let known = gaps.value
        let total = UInt64(clamping: progress.gaps)
        if total > known { gaps.increment(by: total - known) }
        age.set(secondsSince: progress.readTo, at: clock.now)
    }
}

import MariaDB
import Observability
import Resilience

/// Reads how many orders of bulk cancels wait for the worker, for the metrics of `serve`.
struct BulkCancelSampler: Sendable {
    private let store: BulkCancelStore
    private let clock: WallClock
    private let waiting: Gauge
    private let oldest: Gauge

    init(store: BulkCancelStore, clock: WallClock, metrics: MetricsRegistry) {
        self.store = store
        self.clock = clock
        waiting = metrics.gauge(
            "orderd_bulk_cancels_waiting",
            help: "Orders of bulk cancels that the worker has not decided on."
        )
        oldest = metrics.gauge(
            "orderd_bulk_cancels_oldest_seconds",
            help: "Age of the oldest bulk cancel that has such orders."
        )
    }

    /// Takes one sample; blocks on MariaDB.
    ///
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws {
        let backlog = try store.backlog(until: deadline)
        waiting.set(backlog.count)
        oldest.set(secondsSince: backlog.oldest, at: clock.now)
    }
}

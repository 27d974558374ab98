import MariaDB
import Observability
import Resilience

/// Shows beside the web side what the worker has removed of each class of data, and what is left.
struct RetentionSampler: Sendable {
    private let store: RetentionStore
    private let clock: WallClock
    private let removed: [String: Gauge]
    private let oldest: [String: Gauge]

    init(store: RetentionStore, clock: WallClock, metrics: MetricsRegistry) {
        self.store = store
        self.clock = clock
        func gauges(_ name: String, _ help: String) -> [String: Gauge] {
            let rules = RetentionRule.all.filter { $0.oldest != nil }
            return Dictionary(
                uniqueKeysWithValues: rules.map { rule in
                    (rule.name, metrics.gauge(name, help: help, labels: ["class": rule.name]))
                }
            )
        }
        removed = gauges("orderd_retention_removed", "Rows removed by age, ever.")
        oldest = gauges(
            "orderd_retention_oldest_seconds",
            "How long ago the column of age of the oldest row lies that is left."
        )
    }

    /// Takes one sample; blocks on MariaDB.
    func run(until deadline: Deadline) throws {
        let now = clock.now
        for standing in try store.standings(until: deadline) {
            removed[standing.name]?.set(Int(standing.removed))
            oldest[standing.name]?.set(secondsSince: standing.oldest, at: now)
        }
    }
}

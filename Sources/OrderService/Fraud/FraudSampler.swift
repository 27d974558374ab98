import MariaDB
import Observability
import Resilience

/// Reads from the database what was decided lately and what waits for people, for the metrics of
/// `serve`: the worker decides as well, and serves none.
struct FraudSampler: Sendable {
    private struct Kind: Hashable {
        let stage: FraudStage
        let outcome: FraudOutcome
    }

    private let decisions: FraudStore
    private let reviews: FraudReviewStore
    private let clock: WallClock
    private let gauges: [Kind: Gauge]
    private let waiting: Gauge
    private let oldest: Gauge

    /// The time over which decisions are counted.
    private static let window = Duration.seconds(3_600)

    init(
        decisions: FraudStore,
        reviews: FraudReviewStore,
        clock: WallClock,
        metrics: MetricsRegistry
    ) {
        self.decisions = decisions
        self.reviews = reviews
        self.clock = clock
        var gauges: [Kind: Gauge] = [:]
        for stage in FraudStage.allCases {
            for outcome in FraudOutcome.allCases where stage == .checkout || outcome != .block {
                gauges[Kind(stage: stage, outcome: outcome)] = metrics.gauge(
                    "orderd_fraud_decisions",
                    help: "Decisions of the fraud checks within the last hour.",
                    labels: ["stage": stage.rawValue, "outcome": outcome.rawValue]
                )
            }
        }
        self.gauges = gauges
        waiting = metrics.gauge(
            "orderd_fraud_reviews_waiting",
            help: "Orders that wait for somebody's decision."
        )
        oldest = metrics.gauge(
            "orderd_fraud_reviews_oldest_seconds",
            help: "How long the oldest of them waits."
        )
    }

    /// Takes one sample; blocks on MariaDB.
    ///
    /// - Parameter deadline: for the queries together.
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws {
        let now = clock.now
        let counts = try decisions.counts(since: now - Self.window, until: deadline)
        for (kind, gauge) in gauges {
            let count = counts.first { $0.stage == kind.stage && $0.outcome == kind.outcome }
            gauge.set(count?.count ?? 0)
        }
        let backlog = try reviews.backlog(until: deadline)
        waiting.set(backlog.count)
        oldest.set(secondsSince: backlog.oldest, at: now)
    }
}

import MariaDB
import Observability
import Resilience

/// Reads from the database what the worker's last comparison found, for the metrics of `serve`.
struct ReconciliationSampler: Sendable {
    private let lease: ReconciliationLease
    private let clock: WallClock
    private let findings: [Finding.Kind: Gauge]
    private let leaked: Gauge
    private let age: Gauge

    init(lease: ReconciliationLease, clock: WallClock, metrics: MetricsRegistry) {
        self.lease = lease
        self.clock = clock
        findings = Dictionary(
            uniqueKeysWithValues: Finding.Kind.allCases.map { kind in
                let gauge = metrics.gauge(
                    "orderd_reconcile_findings",
                    help: "Differences between our books and others' at the last comparison.",
                    labels: ["kind": kind.rawValue]
                )
                return (kind, gauge)
            }
        )
        leaked = metrics.gauge(
            "orderd_reservations_leaked",
            help: "Reservations at product-service that nothing here needs."
        )
        age = metrics.gauge(
            "orderd_reconcile_age_seconds",
            help: "How long ago the books were last compared to the end."
        )
    }

    /// Takes one sample; blocks on MariaDB.
    ///
    /// - Parameter deadline: for the query.
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws {
        guard let last = try lease.last(until: deadline) else { return }
        for (kind, gauge) in findings { gauge.set(last.findings[kind.rawValue] ?? 0) }
        leaked.set(last.findings[Finding.Kind.reservationLeaked.rawValue] ?? 0)
        age.set(secondsSince: last.at, at: clock.now)
    }
}

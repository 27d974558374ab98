import Commerce
import MariaDB
import Observability
import Resilience

/// Reads for the metrics of `serve` how many documents wait for a correction, and how many the tax
/// office has yet to accept.
struct InvoiceSampler: Sendable {
    private let deadlines: InvoiceDeadlines
    private let clock: WallClock
    private let rejected: Gauge
    private let rejectedAge: Gauge
    private let unfinished: [InvoiceState: Gauge]
    private let overdue: Gauge

    init(database: Database, clock: WallClock, metrics: MetricsRegistry) {
        deadlines = InvoiceDeadlines(database: database)
        self.clock = clock
        rejected = metrics.gauge(
            "orderd_invoices_rejected",
            help: "Invoices and credit notes that break a rule and wait for a correction."
        )
        rejectedAge = metrics.gauge(
            "orderd_invoices_rejected_oldest_seconds",
            help: "Age of the oldest document that breaks a rule."
        )
        unfinished = Dictionary(
            uniqueKeysWithValues: InvoiceState.unfinished.map { state in
                let help = "Issued documents that the tax office has not accepted."
                let labels: MetricsRegistry.Labels = ["state": state.rawValue]
                return (state, metrics.gauge("orderd_invoices", help: help, labels: labels))
            }
        )
        overdue = metrics.gauge(
            "orderd_invoices_overdue",
            help: "Those of them whose deadline of five working days is over."
        )
    }

    /// Takes one sample; blocks on MariaDB.
    ///
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws {
        let now = clock.now
        let waiting = try deadlines.rejected(until: deadline)
        rejected.set(waiting.count)
        rejectedAge.set(secondsSince: waiting.oldest, at: now)
        let standing = try deadlines.standing(on: now.dayInRomania, until: deadline)
        for (state, gauge) in unfinished { gauge.set(standing.counts[state] ?? 0) }
        overdue.set(standing.overdue)
    }
}

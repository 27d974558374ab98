import Commerce
import MariaDB
import Observability
import Resilience

/// Reads for the metrics of `serve` how many documents wait for a correction, how many the tax office
/// has yet to accept, and what keeps documents from being issued or makes them wrong afterwards.
struct InvoiceSampler: Sendable {
    private let deadlines: InvoiceDeadlines
    private let backlog: InvoiceBacklog
    private let clock: WallClock
    private let rejected: Gauge
    private let rejectedAge: Gauge
    private let unfinished: [InvoiceState: Gauge]
    private let overdue: Gauge
    private let overcredited: Gauge
    private let daysAhead: Gauge

    init(database: Database, clock: WallClock, metrics: MetricsRegistry) {
        deadlines = InvoiceDeadlines(database: database)
        backlog = InvoiceBacklog(database: database)
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
        overcredited = metrics.gauge(
            "orderd_invoices_overcredited",
            help: "Orders of which more was credited than has gone back."
        )
        daysAhead = metrics.gauge(
            "orderd_invoices_days_ahead",
            help: "Days by which the last number of a series is dated after today."
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
        overcredited.set(try backlog.overcredited(until: deadline))
        let last = try deadlines.lastIssue(until: deadline)?.daysSinceEpoch
        daysAhead.set(max(0, (last ?? 0) - now.dayInRomania.daysSinceEpoch))
    }
}

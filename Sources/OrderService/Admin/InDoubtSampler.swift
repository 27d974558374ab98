import Commerce
import MariaDB
import Observability
import Resilience

/// Reads from the database how much money is in doubt, for the metrics of `serve`.
struct InDoubtSampler: Sendable {
    private let store: InDoubtStore
    private let clock: WallClock
    private let counts: [PaymentDoubt: Gauge]
    private let oldest: [PaymentDoubt: Gauge]
    /// The currencies that the shop takes; a payment in another is counted, not summed.
    private let sums: [Currency: Gauge]
    private let refundSums: [Currency: Gauge]
    private let oldestRefund: Gauge

    init(store: InDoubtStore, clock: WallClock, metrics: MetricsRegistry) {
        self.store = store
        self.clock = clock
        func gauges(_ name: String, _ help: String) -> [PaymentDoubt: Gauge] {
            Dictionary(
                uniqueKeysWithValues: PaymentDoubt.allCases.map { doubt in
                    (doubt, metrics.gauge(name, help: help, labels: ["doubt": doubt.rawValue]))
                }
            )
        }
        counts = gauges("orderd_payments_in_doubt", "Payments whose money is in doubt.")
        oldest = gauges(
            "orderd_payments_in_doubt_oldest_seconds",
            "Age of the oldest of them."
        )
        func amounts(_ name: String, _ help: String) -> [Currency: Gauge] {
            Dictionary(
                uniqueKeysWithValues: [Currency.ron, .eur].map { currency in
                    let labels: MetricsRegistry.Labels = ["currency": currency.rawValue]
                    return (currency, metrics.gauge(name, help: help, labels: labels))
                }
            )
        }
        sums = amounts("orderd_payments_in_doubt_minor", "Their amounts together, in minor units.")
        refundSums = amounts(
            "orderd_refunds_in_doubt_minor",
            "The amounts of refunds in doubt together, in minor units."
        )
        oldestRefund = metrics.gauge(
            "orderd_refunds_in_doubt_oldest_seconds",
            help: "Age of the oldest refund in doubt."
        )
    }

    /// Takes one sample; blocks on MariaDB.
    ///
    /// - Parameter deadline: for the query.
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws {
        let found = try store.sums(until: deadline)
        let now = clock.now
        for doubt in PaymentDoubt.allCases {
            let ofIt = found.filter { $0.doubt == doubt }
            counts[doubt]?.set(ofIt.reduce(0) { $0 + $1.count })
            oldest[doubt]?.set(secondsSince: ofIt.map(\.oldest).min(), at: now)
        }
        for (currency, gauge) in sums {
            let amounts = found.filter { $0.amount.currency == currency }.map(\.amount.minor)
            gauge.set(Int(amounts.reduce(0, +)))
        }
        let refunds = try store.refundSums(until: deadline)
        for (currency, gauge) in refundSums {
            let amounts = refunds.filter { $0.amount.currency == currency }.map(\.amount.minor)
            gauge.set(Int(amounts.reduce(0, +)))
        }
        oldestRefund.set(secondsSince: refunds.map(\.oldest).min(), at: now)
    }
}

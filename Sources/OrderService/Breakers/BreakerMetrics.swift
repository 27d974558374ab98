package import Observability
import Resilience

/// The metrics of the breakers, one series a dependency.
///
/// Each series takes a reading of its own at a scrape: a lock and a copy, with no I/O.
package enum BreakerMetrics {
    /// Registers all metrics of these dependencies; the guard's where there is a guard.
    ///
    /// - Parameters:
    ///   - dependencies: whose breakers are read at each scrape.
    ///   - registry: the process's metrics.
    package static func register(
        _ dependencies: [GuardedDependency],
        in registry: MetricsRegistry
    ) {
        for dependency in dependencies {
            let breaker = dependency.breaker
            let series = Series(registry: registry, dependency: dependency.name) {
                breaker.snapshot
            }
            registerStates(series)
            registerCalls(series)
            registerEvents(of: breaker, series)
            if let reading = dependency.guardReading {
                GuardMetrics.register(
                    Series(registry: registry, dependency: dependency.name, read: reading)
                )
            }
        }
    }

    private static func registerStates(_ series: Series<CircuitBreakerSnapshot>) {
        for state in CircuitBreakerState.allCases {
            series.gauge(
                "orderd_breaker_state",
                "1 for the state that the circuit breaker is in, 0 for the others.",
                ("state", state.rawValue)
            ) { $0.state == state ? 1 : 0 }
        }
        series.gauge(
            "orderd_breaker_failure_ratio",
            "Share of failed calls in the window, 0 to 1; NaN below the minimum of calls."
        ) { $0.failureRate.map { Double($0) / 100 } ?? .nan }
        series.gauge(
            "orderd_breaker_slow_ratio",
            "Share of slow calls in the window, 0 to 1; NaN below the minimum of calls."
        ) { $0.slowRate.map { Double($0) / 100 } ?? .nan }
        series.gauge(
            "orderd_breaker_remaining_wait_seconds",
            "How much longer an open breaker refuses; 0 in other states."
        ) { $0.remainingWait?.inSeconds ?? 0 }
        for cause in CircuitBreakerCause.allCases {
            series.counter(
                "orderd_breaker_transitions_total",
                "Changes of state by cause.",
                ("cause", cause.rawValue)
            ) { Double($0.totals.transitions[cause] ?? 0) }
        }
    }

    private static func registerCalls(_ series: Series<CircuitBreakerSnapshot>) {
        series.gauge(
            "orderd_breaker_in_flight",
            "Watched calls that hold a permit of the present state."
        ) { Double($0.inFlight) }
        series.counter("orderd_breaker_permits_total", "Calls let through.") {
            Double($0.totals.permits)
        }
        series.counter("orderd_breaker_refused_total", "Calls refused.") {
            Double($0.totals.notPermitted)
        }
        let results: [(String, @Sendable (CircuitBreakerTotals) -> Int64)] = [
            ("succeeded", { $0.succeeded }), ("failed", { $0.failed }),
            ("ignored", { $0.ignored }), ("released", { $0.released }),
            ("paused", { $0.paused }), ("late", { $0.late }),
        ]
        for (result, count) in results {
            series.counter(
                "orderd_breaker_results_total",
                "How calls that were let through ended, as the breaker counts them.",
                ("result", result)
            ) { Double(count($0.totals)) }
        }
        series.counter("orderd_breaker_slow_calls_total", "Calls that took too long.") {
            Double($0.totals.slow)
        }
        series.counter(
            "orderd_breaker_expired_leases_total",
            "Probes of a half-open breaker that did not answer in time."
        ) { Double($0.totals.expiredLeases) }
    }

    private static func registerEvents(
        of breaker: CircuitBreaker,
        _ series: Series<CircuitBreakerSnapshot>
    ) {
        let undelivered: [(String, @Sendable (CircuitBreaker) -> Int64)] = [
            ("failed", { $0.undelivered.failed }), ("lost", { $0.undelivered.lost }),
        ]
        for (reason, count) in undelivered {
            series.counter(
                "orderd_breaker_undelivered_events_total",
                "Events that no consumer got: it threw, or was too slow.",
                ("reason", reason)
            ) { _ in Double(count(breaker)) }
        }
    }

    /// Registers series of one dependency that are read from the same thing.
    struct Series<Reading> {
        let registry: MetricsRegistry
        let dependency: String
        let read: @Sendable () -> Reading

        func gauge(
            _ name: String,
            _ help: String,
            _ label: (name: String, value: String)? = nil,
            _ value: @escaping @Sendable (Reading) -> Double
        ) {
            registry.gauge(name, help: help, labels: labels(label)) { [read] in value(read()) }
        }

        func counter(
            _ name: String,
            _ help: String,
            _ label: (name: String, value: String)? = nil,
            _ value: @escaping @Sendable (Reading) -> Double
        ) {
            registry.counter(name, help: help, labels: labels(label)) { [read] in value(read()) }
        }

        private func labels(_ label: (name: String, value: String)?) -> MetricsRegistry.Labels {
            guard let label else { return ["dependency": dependency] }
            return ["dependency": dependency, label.name: label.value]
        }
    }
}

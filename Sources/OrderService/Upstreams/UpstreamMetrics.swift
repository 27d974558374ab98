package import Observability
import Synchronization

/// Counts and times of the calls to other services.
package final class UpstreamMetrics: Sendable {
    private struct Key: Hashable {
        let service: String
        let operation: String
        let outcome: String
    }

    private let registry: MetricsRegistry
    private let histograms = Mutex<[Key: Histogram]>([:])

    package init(registry: MetricsRegistry) {
        self.registry = registry
    }

    func observe(service: String, operation: String, outcome: String, _ duration: Duration) {
        let key = Key(service: service, operation: operation, outcome: outcome)
        let histogram = histograms.withLock { histograms -> Histogram in
            if let histogram = histograms[key] { return histogram }
            let histogram = registry.histogram(
                "orderd_upstream_call_seconds",
                help: "Calls to other services.",
                labels: ["service": service, "operation": operation, "outcome": outcome],
                bounds: .calls
            )
            histograms[key] = histogram
            return histogram
        }
        histogram.observe(duration)
    }
}

import Synchronization

/// All metrics of the process, and what `/metrics` answers.
///
/// A metric is registered once, at start, and the handle is kept by whoever counts, so that
/// counting looks nothing up. Registering the same name with the same labels again gives the same
/// handle. Names are `orderd_<what>_<unit>`, in seconds and bytes, counters end in `_total`;
/// label values are words from a list that is known beforehand, never a message, an id or a
/// path that a client chose.
///
/// ```swift
/// let refused = registry.counter(
///     "orderd_pool_refusals_total",
///     help: "Callers that went away without a connection.",
///     labels: ["pool": "mariadb"]
/// )
/// refused.increment()
/// ```
package final class MetricsRegistry: Sendable {
    /// The labels of one series, in the order in which they are printed.
    package typealias Labels = KeyValuePairs<String, String>

    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    enum Source: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case reading(@Sendable () -> Double)
        case histogram(Histogram)
        case statuses(RouteMetrics)
    }

    struct Series: Sendable {
        let labels: String
        let source: Source
    }

    struct Family: Sendable {
        let name: String
        let help: String
        let kind: Kind
        var series: [Series] = []
    }

    private struct State {
        var families: [Family] = []

        mutating func source(
            _ name: String,
            _ help: String,
            _ kind: Kind,
            _ labels: String,
            or make: () -> Source
        ) -> Source {
            let place: Int
            if let known = families.firstIndex(where: { $0.name == name }) {
                precondition(families[known].kind == kind, "\(name) is registered as another kind")
                place = known
            } else {
                place = families.count
                families.append(Family(name: name, help: help, kind: kind))
            }
            if let known = families[place].series.first(where: { $0.labels == labels }) {
                return known.source
            }
            let source = make()
            families[place].series.append(Series(labels: labels, source: source))
            return source
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// The counter of this name and these labels, made at the first call.
    package func counter(_ name: String, help: String, labels: Labels = [:]) -> Counter {
        let source = register(name, help, .counter, labels) { .counter(Counter()) }
        guard case .counter(let counter) = source else {
            preconditionFailure("\(name) is read by a closure")
        }
        return counter
    }

    /// Registers a count that somebody else keeps; `read` is called at each scrape, must not block
    /// and must never give less than before.
    package func counter(
        _ name: String,
        help: String,
        labels: Labels = [:],
        read: @escaping @Sendable () -> Double
    ) {
        _ = register(name, help, .counter, labels) { .reading(read) }
    }

    /// The gauge of this name and these labels, made at the first call.
    package func gauge(_ name: String, help: String, labels: Labels = [:]) -> Gauge {
        let source = register(name, help, .gauge, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = source else {
            preconditionFailure("\(name) is read by a closure")
        }
        return gauge
    }

    /// Registers a value that is read at each scrape; `read` must not block.
    package func gauge(
        _ name: String,
        help: String,
        labels: Labels = [:],
        read: @escaping @Sendable () -> Double
    ) {
        _ = register(name, help, .gauge, labels) { .reading(read) }
    }

    /// The histogram of this name and these labels, made at the first call, which also settles its
    /// bounds.
    package func histogram(
        _ name: String,
        help: String,
        labels: Labels = [:],
        bounds: Histogram.Bounds = .calls
    ) -> Histogram {
        let source = register(name, help, .histogram, labels) {
            .histogram(Histogram(bounds: bounds))
        }
        guard case .histogram(let histogram) = source else {
            preconditionFailure("\(name) is no histogram")
        }
        return histogram
    }

    /// Registers a route's counts by status, whose series appear with the first request.
    func register(statusesOf route: RouteMetrics, _ name: String, help: String, labels: Labels) {
        let source = register(name, help, .counter, labels) { .statuses(route) }
        guard case .statuses(let registered) = source, registered === route else {
            preconditionFailure("\(labels) is registered twice")
        }
    }

    var families: [Family] {
        state.withLock { $0.families }
    }

    private func register(
        _ name: String,
        _ help: String,
        _ kind: Kind,
        _ labels: Labels,
        make: () -> Source
    ) -> Source {
        precondition(name.isMetricName, "\(name) is no metric name")
        let labels = MetricsText.render(labels)
        return state.withLock { $0.source(name, help, kind, labels, or: make) }
    }
}

extension String {
    fileprivate var isMetricName: Bool {
        guard let first = utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return false }
        return utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }
}

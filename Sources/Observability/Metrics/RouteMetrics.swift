/// The requests of one route: how many ended with which status, and how long they took.
///
/// Made once a route, when routes are wired; recording a request looks nothing up:
///
/// ```swift
/// let metrics = RouteMetrics(method: "GET", route: "/v1/orders/{id}", in: registry)
/// metrics.record(status: 200, nanoseconds: 12_400)
/// ```
package final class RouteMetrics: Sendable {
    // One place for each status that routes answer, and the last for all others, so that the
    // number of series is fixed whatever an upstream or a bug comes up with.
    private static let statuses = [
        200, 201, 202, 204, 304, 400, 401, 402, 403, 404, 405, 409, 410, 412, 413, 415, 422, 429,
        500, 502, 503, 504,
    ]
    private static let places: [UInt8] = {
        var places = [UInt8](repeating: UInt8(statuses.count), count: 600)
        for (place, status) in statuses.enumerated() { places[status] = UInt8(place) }
        return places
    }()

    private let tallies = AtomicCounts(count: statuses.count + 1)
    private let latency: Histogram

    /// Registers the metrics of a route.
    ///
    /// - Parameters:
    ///   - method: the method's name in capitals.
    ///   - route: the route's pattern, or a word for what no route matched; never a path.
    ///   - registry: where they are registered.
    package init(method: String, route: String, in registry: MetricsRegistry) {
        let labels: MetricsRegistry.Labels = ["method": method, "route": route]
        latency = registry.histogram(
            "orderd_http_request_duration_seconds",
            help: "Time from a request's arrival to its answer.",
            labels: labels,
            bounds: .answers
        )
        registry.register(
            statusesOf: self,
            "orderd_http_requests_total",
            help: "Requests answered, by route and status.",
            labels: labels
        )
    }

    package func record(status: Int, duration: Duration) {
        record(status: status, nanoseconds: duration.wholeNanoseconds)
    }

    package func record(status: Int, nanoseconds: UInt64) {
        let places = Self.places
        let place = places.indices.contains(status) ? Int(places[status]) : tallies.count - 1
        tallies.add(1, at: place)
        latency.observe(nanoseconds: nanoseconds)
    }

    /// The counts above zero with the label value of their status.
    var counts: [(status: String, count: UInt64)] {
        (0..<tallies.count).compactMap { place in
            let count = tallies[place]
            guard count > 0 else { return nil }
            let status = place < Self.statuses.count ? String(Self.statuses[place]) : "other"
            return (status, count)
        }
    }
}

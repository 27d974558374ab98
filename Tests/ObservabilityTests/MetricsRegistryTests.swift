import Testing

@testable import Observability

@Suite("Metrics registry") struct MetricsRegistryTests {
    private let registry = MetricsRegistry()

    private var text: String {
        String(decoding: registry.exposition(), as: UTF8.self)
    }

    @Test("prints counters and gauges with help, type and labels")
    func exposition() {
        let sent = registry.counter(
            "orderd_events_total",
            help: "Events sent.",
            labels: ["kind": "order", "to": "stream"]
        )
        registry.counter("orderd_events_total", help: "Events sent.", labels: ["kind": "x"])
            .increment()
        sent.increment(by: 41)
        sent.increment()
        let lanes = registry.gauge("orderd_lanes_busy", help: "Lanes at work.")
        lanes.set(5)
        lanes.subtract(7)

        #expect(
            text == """
                # HELP orderd_events_total Events sent.
                # TYPE orderd_events_total counter
                orderd_events_total{kind="order",to="stream"} 42
                orderd_events_total{kind="x"} 1
                # HELP orderd_lanes_busy Lanes at work.
                # TYPE orderd_lanes_busy gauge
                orderd_lanes_busy -2

                """
        )
    }

    @Test("reads what others count at each scrape")
    func readings() {
        let lent = Gauge()
        registry.gauge("orderd_pool_lent", help: "Lent.", labels: ["pool": "a"]) {
            Double(lent.value)
        }
        registry.counter("orderd_pool_refusals_total", help: "Refused.") { 3 }
        lent.set(2)
        #expect(text.contains("orderd_pool_lent{pool=\"a\"} 2\n"))
        #expect(text.contains("# TYPE orderd_pool_refusals_total counter\n"))
        lent.set(4)
        #expect(text.contains("orderd_pool_lent{pool=\"a\"} 4\n"))
    }

    @Test(
        "prints numbers as Prometheus reads them",
        arguments: [
            (0.25, "0.25"), (25, "25"), (-1, "-1"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
            (.nan, "NaN"), (1e-9, "1e-09"),
        ]
    )
    func numbers(value: Double, printed: String) {
        registry.gauge("orderd_value", help: "A value.") { value }
        #expect(text.hasSuffix("\norderd_value \(printed)\n"))
    }

    @Test("escapes backslashes, quotes and line ends")
    func escaping() {
        _ = registry.counter(
            "orderd_odd_total",
            help: "A \\ and a\nbreak, \"quoted\".",
            labels: ["path": "C:\\\"x\"\n"]
        )
        #expect(text.contains(#"# HELP orderd_odd_total A \\ and a\nbreak, "quoted"."#))
        #expect(text.contains(#"orderd_odd_total{path="C:\\\"x\"\n"} 0"#))
    }

    @Test("gives the same handle for the same name and labels")
    func sameHandle() {
        let first = registry.counter("orderd_a_total", help: "A.", labels: ["x": "1"])
        #expect(first === registry.counter("orderd_a_total", help: "A.", labels: ["x": "1"]))
        #expect(first !== registry.counter("orderd_a_total", help: "A.", labels: ["x": "2"]))
    }

    @Test("prints a histogram's buckets as running sums up to +Inf")
    func histogram() {
        let histogram = registry.histogram(
            "orderd_call_seconds",
            help: "Calls.",
            labels: ["to": "stripe"],
            bounds: .init([.milliseconds(5), .milliseconds(100), .seconds(1)])
        )
        for milliseconds in [1, 5, 6, 100, 101, 5_000] {
            histogram.observe(.milliseconds(milliseconds))
        }
        histogram.observe(.seconds(-1))

        #expect(
            text == """
                # HELP orderd_call_seconds Calls.
                # TYPE orderd_call_seconds histogram
                orderd_call_seconds_bucket{to="stripe",le="0.005"} 3
                orderd_call_seconds_bucket{to="stripe",le="0.1"} 5
                orderd_call_seconds_bucket{to="stripe",le="1"} 6
                orderd_call_seconds_bucket{to="stripe",le="+Inf"} 7
                orderd_call_seconds_sum{to="stripe"} 5.213
                orderd_call_seconds_count{to="stripe"} 7

                """
        )
    }

    @Test("loses no count between threads")
    func concurrency() async {
        let counter = registry.counter("orderd_hits_total", help: "Hits.")
        let route = RouteMetrics(method: "GET", route: "/v1/orders/{id}", in: registry)
        await OwnThreads.run(8) { _ in
            for number in 0..<20_000 {
                counter.increment()
                route.record(status: number % 2 == 0 ? 200 : 404, nanoseconds: 1_000_000)
            }
        }
        #expect(counter.value == 160_000)
        let labels = #"method="GET",route="/v1/orders/{id}""#
        #expect(text.contains("orderd_http_requests_total{\(labels),status=\"200\"} 80000\n"))
        #expect(text.contains("orderd_http_requests_total{\(labels),status=\"404\"} 80000\n"))
        #expect(text.contains("orderd_http_request_duration_seconds_sum{\(labels)} 160\n"))
        #expect(text.contains("orderd_http_request_duration_seconds_count{\(labels)} 160000\n"))
    }

    @Test("counts every status it has no place for as other")
    func otherStatuses() {
        let route = RouteMetrics(method: "GET", route: "/", in: registry)
        for status in [-1, 0, 99, 418, 599, 600, 70_000] {
            route.record(status: status, duration: .zero)
        }
        route.record(status: 504, duration: .zero)
        #expect(route.counts.map(\.status) == ["504", "other"])
        #expect(route.counts.map(\.count) == [1, 7])
    }
}

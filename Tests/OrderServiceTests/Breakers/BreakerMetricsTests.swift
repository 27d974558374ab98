import Observability
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("Breaker metrics") struct BreakerMetricsTests {
    private struct Failure: Error {}

    private let registry = MetricsRegistry()

    private func value(_ series: String) -> String? {
        String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("\(series) ") }
            .map { String($0.dropFirst(series.count + 1)) }
    }

    @Test("tell the state, the rates and what became of the calls of a breaker alone")
    func breaker() throws {
        let breaker = try CircuitBreaker(name: "mariadb", CircuitBreakerConfiguration())
        BreakerMetrics.register(
            [GuardedDependency(name: "mariadb", breaker: breaker)],
            in: registry
        )
        func own(_ name: String, _ label: String = "") -> String? {
            value("orderd_breaker_\(name){dependency=\"mariadb\"\(label)}")
        }
        #expect(own("state", ",state=\"closed\"") == "1")
        #expect(own("failure_ratio") == "NaN" && own("slow_ratio") == "NaN")
        for result in [CallResult.success, .success, .ignored, .pause(.zero)] {
            let permit = try breaker.acquire()
            permit.end(result)
        }
        breaker.reset(by: ManualOrder(who: "test", why: "drill"))
        do { _ = try breaker.acquire() }
        try breaker.open()
        for _ in 0..<3 {
            #expect(throws: CircuitBreaker.Refused.self) { _ = try breaker.acquire() }
        }
        let totals = breaker.snapshot.totals
        #expect(own("state", ",state=\"closed\"") == "0")
        #expect(own("state", ",state=\"open\"") == "1")
        #expect(own("failure_ratio") == "1" && own("slow_ratio") == "0")
        #expect(own("transitions_total", ",cause=\"failure_rate\"") == "1")
        #expect(own("transitions_total", ",cause=\"slow_rate\"") == "0")
        #expect(own("refused_total") == "\(totals.notPermitted)" && totals.notPermitted >= 3)
        #expect(own("permits_total") == "\(totals.permits)")
        for (result, count) in [
            ("succeeded", totals.succeeded), ("failed", totals.failed),
            ("ignored", totals.ignored), ("released", totals.released),
            ("paused", totals.paused), ("late", totals.late),
        ] {
            #expect(own("results_total", ",result=\"\(result)\"") == "\(count)")
        }
        #expect(totals.succeeded == 2 && totals.failed == 10 && totals.ignored == 1)
        #expect(totals.released == 1)
        #expect(own("undelivered_events_total", ",reason=\"lost\"") == "0")
        let wait = Double(own("remaining_wait_seconds") ?? "") ?? 0
        #expect(wait > 0 && wait <= 15)
        #expect(value("orderd_guard_lanes{dependency=\"mariadb\"}") == nil)
    }

    @Test("tell of a guard's lanes, time limits, repetitions and their budget")
    func aGuard() async throws {
        try await onOwnThread { try checkGuard() }
    }

    private func checkGuard() throws {
        var configuration = GuardConfiguration()
        configuration.retry = RetryPolicy(attempts: 3, backoff: Backoff())
        let own = try Guard<Int, Failure>(
            name: "user-service",
            configuration,
            lanes: LaneGroup(name: "user", lanes: 2, queueLimit: 4),
            pause: { _ in },
            assess: { outcome in
                switch outcome {
                case .executed(0): throw Failure()
                case .executed: Assessment(.success)
                case .notExecuted, .unknown: Assessment(.failure, retry: RetryAdvice(true))
                }
            }
        )
        BreakerMetrics.register(
            [
                GuardedDependency(name: "user-service", breaker: own.breaker) { own.snapshot }
            ],
            in: registry
        )
        _ = own.read(until: .after(.seconds(30))) { _ in .executed(1) }
        _ = own.read(until: .after(.seconds(30))) { _ in .executed(0) }
        _ = own.read(until: .after(.seconds(30))) { _ in .notExecuted(Failure()) }
        func value(_ name: String, _ label: String = "") -> String? {
            self.value("orderd_guard_\(name){dependency=\"user-service\"\(label)}")
        }
        #expect(value("lanes") == "2" && value("lanes_queued") == "0")
        #expect(value("lanes_refused_total") == "0" && value("timeouts_total") == "0")
        #expect(value("late_results_total") == "0" && value("not_begun_total") == "0")
        #expect(value("failed_assessments_total") == "1")
        #expect(value("repetitions_total") == "2" && value("budget_used") == "2")
        #expect(value("budget_calls") == "3" && value("budget_allowed") == "3")
        #expect(value("budget_refused_total") == "0")
        #expect(value("without_retry_total", ",reason=\"attempts_used\"") == "1")
        #expect(value("without_retry_total", ",reason=\"budget\"") == "0")
        #expect(
            self.value("orderd_breaker_permits_total{dependency=\"user-service\"}") == "5"
        )
    }

    @Test(
        "are there for every dependency of the service",
        .enabled(if: ServiceUnderTest.isAvailable)
    )
    func all() async throws {
        try await ServiceUnderTest.run { service in
            let text = service.send(.get, "/metrics").text
            for dependency in service.services.dependencies {
                let labels = "{dependency=\"\(dependency.name)\",state=\"closed\"}"
                #expect(text.contains("orderd_breaker_state\(labels) 1\n"))
            }
        }
    }
}

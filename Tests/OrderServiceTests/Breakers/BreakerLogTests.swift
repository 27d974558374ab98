import Logging
import OrderService
import Resilience
import Testing

@Suite("Breaker log") struct BreakerLogTests {
    private let log = LogCapture()
    private var soon: Deadline { .after(.seconds(30)) }

    private func breaker() throws -> CircuitBreaker {
        var configuration = CircuitBreakerConfiguration()
        configuration.minimumCalls = 4
        configuration.openWait = .milliseconds(1)
        configuration.opensHalfAutomatically = true
        return try CircuitBreaker(
            name: "stripe-payment",
            configuration,
            consumers: [BreakerLog.consumer(log.logger)]
        )
    }

    @Test("has one line for an opening, with what led to it, and none for single calls")
    func opening() throws {
        let breaker = try breaker()
        for result in [CallResult.success, .failure, .failure, .failure] {
            let permit = try breaker.acquire()
            permit.end(result)
        }
        #expect(breaker.waitForDelivery(until: soon))
        #expect(log.lines.count == 1)
        let line = try #require(log.lines.first)
        #expect(line.level == .warning)
        #expect(
            line.metadata == [
                "breaker": "stripe-payment", "from": "closed", "to": "open",
                "cause": "failure_rate", "generation": "1", "calls": "4", "failed": "3",
                "slow": "0", "failureRate": "75.0", "slowRate": "0.0",
            ]
        )
    }

    @Test("says who ordered a change and why, and is loud where calls go unguarded or unmade")
    func byHand() throws {
        let breaker = try breaker()
        let order = ManualOrder(who: "staff:7", why: "Stripe is down")
        try breaker.set(.forcedOpen, by: order)
        try breaker.set(.disabled, by: order)
        try breaker.set(.metricsOnly, by: order)
        breaker.reset(by: order)
        #expect(breaker.waitForDelivery(until: soon))
        let changes = log.lines.map { "\($0.level) \($0.metadata["to"] ?? "")" }
        #expect(
            changes == [
                "warning forced_open", "warning disabled", "notice metrics_only", "notice closed",
            ]
        )
        for line in log.lines {
            #expect(line.metadata["who"] == "staff:7" && line.metadata["why"] == "Stripe is down")
            #expect(line.metadata["cause"] == "manual" && line.metadata["failureRate"] == nil)
        }
    }

    @Test("is quiet when a breaker recovers")
    func recovery() throws {
        let breaker = try breaker()
        try breaker.open()
        #expect(eventually { breaker.snapshot.state == .halfOpen })
        while breaker.snapshot.state == .halfOpen {
            let permit = try breaker.acquire()
            permit.end(.success)
        }
        #expect(breaker.waitForDelivery(until: soon))
        let changes = log.lines.map { "\($0.level) \($0.metadata["cause"] ?? "")" }
        #expect(
            changes == ["warning failure_rate", "notice wait_over", "notice probes_succeeded"]
        )
    }
}

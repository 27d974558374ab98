import Testing

@testable import Resilience

@Suite("Circuit breaker beyond the traces") struct CircuitBreakerRulesTests {
    @Test("opens for hanging calls before the first of them ends") func countsCallsInFlight() {
        var machine = CircuitBreakerMachine.sample {
            $0.countsCallsInFlight = true
            $0.slowCallDuration = .seconds(2)
            $0.slowRateThreshold = 80
        }
        let hanging = (0..<5).compactMap { _ in machine.acquire(at: .seconds(1_000)) }
        // Exactly at the limit a call is not slow yet.
        #expect(machine.acquire(at: .seconds(1_002)) != nil)
        #expect(machine.acquire(at: .seconds(1_002.1)) == nil)
        let snapshot = machine.snapshot(at: .seconds(1_002.1))
        #expect(snapshot.state == .open)
        #expect(snapshot.totals.transitions == [.slowInFlight: 1])
        for grant in hanging { machine.record(.success, of: grant, at: .seconds(1_003)) }
        #expect(machine.totals.late == 5 && machine.state == .open)
    }

    @Test("counts a hanging call once when it ends") func countsOnce() throws {
        var machine = CircuitBreakerMachine.sample {
            $0.countsCallsInFlight = true
            $0.minimumCalls = 3
            $0.slowRateThreshold = 60
        }
        let hanging = try machine.grant(at: .seconds(1_000))
        machine.call(.success, times: 2, at: .seconds(1_005))
        #expect(machine.state == .closed && machine.inFlight.overdue == 1)
        machine.record(.success, of: hanging, at: .seconds(1_005))
        let snapshot = machine.snapshot(at: .seconds(1_005))
        #expect(snapshot.counts == CallCounts(calls: 3, failed: 0, slow: 1, slowFailed: 0))
        #expect(snapshot.inFlight == 0 && machine.inFlight.overdue == 0)
    }

    @Test("tells of slow calls in a trial run and refuses nothing") func triesOut() throws {
        var machine = CircuitBreakerMachine.sample()
        try machine.set(.metricsOnly, by: .test, at: .seconds(1_000))
        _ = machine.events.takeAll()
        machine.call(.failure, times: 10, at: .seconds(1_000))
        #expect(machine.state == .metricsOnly)
        #expect(machine.events.takeAll().map(\.kind) == [.failureRateExceeded(100)])
    }

    @Test("pauses for as long as the other side asks, up to the cap") func pauses() throws {
        var machine = CircuitBreakerMachine.sample()
        let grant = try machine.grant(at: .seconds(1_000))
        machine.record(.pause(.seconds(3_600)), of: grant, at: .seconds(1_000))
        let snapshot = machine.snapshot(at: .seconds(1_000))
        #expect(snapshot.state == .open && snapshot.remainingWait == .seconds(60))
        #expect(snapshot.counts.calls == 0 && snapshot.openings == 0)
        #expect(snapshot.totals.transitions == [.serverAsked: 1])
        #expect(machine.acquire(at: .seconds(1_060)) == nil)
        let probe = try machine.grant(at: .seconds(1_060.1))
        machine.record(.pause(.seconds(5)), of: probe, at: .seconds(1_060.1))
        #expect(machine.snapshot(at: .seconds(1_060.1)).remainingWait == .seconds(5))
    }

    @Test("asks for no pause where an operator decides") func obeysOperator() throws {
        var machine = CircuitBreakerMachine.sample()
        try machine.set(.disabled, by: .test, at: .seconds(1_000))
        machine.call(.pause(.seconds(5)), at: .seconds(1_000))
        machine.call(.failure, times: 20, at: .seconds(1_000))
        #expect(machine.state == .disabled)
        #expect(machine.acquire(at: .seconds(1_000)) != nil)
    }

    @Test("goes back to closed when an order expires, and says whose it was") func expires() throws
    {
        var machine = CircuitBreakerMachine.sample()
        let order = ManualOrder(who: "ana", why: "deploy", expiry: .seconds(60))
        try machine.set(.forcedOpen, by: order, at: .seconds(1_000))
        #expect(machine.snapshot(at: .seconds(1_059)).order == order)
        #expect(machine.acquire(at: .seconds(1_059)) == nil)
        #expect(machine.acquire(at: .seconds(1_060)) != nil)
        let snapshot = machine.snapshot(at: .seconds(1_060))
        #expect(snapshot.state == .closed && snapshot.order == nil)
        let events = machine.events.takeAll()
        #expect(events.map(\.order) == [order, nil])
        #expect(
            events.map(\.kind) == [
                .transition(from: .closed, to: .forcedOpen, .manual),
                .transition(from: .forcedOpen, to: .closed, .manualExpired),
            ]
        )
        #expect(events.map(\.time) == [.seconds(1_000), .seconds(1_060)])
    }

    @Test("shortens waits by chance, never lengthens them") func jitters() {
        var configuration = CircuitBreakerConfiguration.sample()
        configuration.openWait = .seconds(10)
        configuration.openWaitJitter = 0.1
        var wait = OpenWait(configuration)
        var random = SplitMix64(seed: 7)
        let waits = (0..<1_000).map { _ in
            wait.nanoseconds(opening: 1, chance: random.nextUnit())
        }
        #expect(waits.allSatisfy { $0 > 9_000_000_000 && $0 <= 10_000_000_000 })
        #expect(Set(waits).count > 900)
    }

    @Test("a breaker idle for a year catches up at once") func catchesUp() {
        var machine = CircuitBreakerMachine.sample {
            $0.openWait = .milliseconds(1)
            $0.halfOpenTimeLimit = .milliseconds(1)
            $0.opensHalfAutomatically = true
        }
        machine.trip(at: .seconds(1_000))
        let year = MonotonicTime.seconds(31_500_000)
        let snapshot = machine.snapshot(at: year)
        #expect(snapshot.state == .open || snapshot.state == .halfOpen)
        #expect(snapshot.totals.transitions[.waitOver, default: 0] < 1_000)
        #expect(machine.nextDue > year)
    }

    @Test("keeps a bounded number of events") func boundsEvents() {
        var machine = CircuitBreakerMachine.sample { $0.tellsCalls = true }
        machine.call(.success, times: EventBacklog.limit + 5, at: .seconds(1_000))
        #expect(machine.events.lost == 5)
        #expect(machine.events.takeAll().count == EventBacklog.limit)
        #expect(machine.events.takeAll().isEmpty)
    }

    @Test("says whether a call can be permitted") func saysWhetherPermitted() throws {
        var machine = CircuitBreakerMachine.sample()
        #expect(machine.isLikelyToPermit(at: .seconds(1_000)))
        machine.trip(at: .seconds(1_000))
        #expect(!machine.isLikelyToPermit(at: .seconds(1_001)))
        #expect(machine.isLikelyToPermit(at: .seconds(1_001.5)))
        _ = (0..<2).map { _ in machine.acquire(at: .seconds(1_001.5)) }
        #expect(!machine.isLikelyToPermit(at: .seconds(1_001.5)))
        try machine.set(.forcedOpen, by: .test, at: .seconds(1_002))
        #expect(!machine.isLikelyToPermit(at: .seconds(1_002)))
        #expect(machine.refusal(at: .seconds(1_002)).retryAfter == nil)
    }
}

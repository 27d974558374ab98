import Testing

@testable import Resilience

/// The defects of Resilience4j 2.4.0 that were reproduced, and that a breaker must not have.
@Suite("Known defects of breakers") struct CircuitBreakerDefectTests {
    @Test("D1: no time limit of an earlier state fires after a reset") func noStaleTimers() {
        var machine = CircuitBreakerMachine.sample {
            $0.halfOpenTimeLimit = .seconds(2)
            $0.opensHalfAutomatically = true
        }
        machine.trip(at: .seconds(1_000))
        #expect(machine.snapshot(at: .seconds(1_001)).state == .halfOpen)
        machine.reset(by: .test, at: .seconds(1_001.5))
        #expect(machine.snapshot(at: .seconds(2_000)).state == .closed)
        #expect(machine.nextDue == .never)
    }

    @Test(
        "D2: a result under a state without a window is neither lost nor an error",
        arguments: [ManualMode.forcedOpen, .disabled]
    )
    func noDivisionByZero(mode: ManualMode) throws {
        var machine = CircuitBreakerMachine.sample()
        let before = try machine.grant(at: .seconds(1_000))
        try machine.set(mode, by: .test, at: .seconds(1_001))
        let within = machine.acquire(at: .seconds(1_001))
        try machine.set(.open, by: .test, at: .seconds(1_002))
        machine.record(.success, of: before, at: .seconds(1_002))
        if let within { machine.record(.success, of: within, at: .seconds(1_002)) }
        let snapshot = machine.snapshot(at: .seconds(1_002))
        #expect(snapshot.state == .open)
        #expect(snapshot.counts == CallCounts() && snapshot.failureRate == nil)
        #expect(snapshot.totals.late == (within == nil ? 1 : 2))
    }

    @Test("D3: a clock that steps back does not blind the window") func survivesClockSteps() {
        var machine = CircuitBreakerMachine.sample {
            $0.window = .seconds(10)
            $0.minimumCalls = 20
        }
        machine.call(.success, at: .seconds(1_005))
        machine.call(.success, at: .seconds(1_004.999))
        machine.call(.failure, times: 40, at: .seconds(1_004.999))
        #expect(machine.snapshot(at: .seconds(1_004.999)).state == .open)
        #expect(machine.lastTime == .seconds(1_005))
    }

    @Test("D4: a refused transition changes nothing") func keepsStateOnRefusal() throws {
        var machine = CircuitBreakerMachine.sample()
        let generation = machine.generation
        #expect(throws: CircuitBreaker.IllegalTransition(from: .closed, to: .halfOpen)) {
            try machine.set(.halfOpen, by: .test, at: .seconds(1_000))
        }
        #expect(machine.generation == generation)
        #expect(machine.acquire(at: .seconds(1_000)) != nil)
        try machine.set(.metricsOnly, by: .test, at: .seconds(1_000))
        for mode in [ManualMode.open, .openFor(.seconds(5)), .halfOpen] {
            #expect(throws: CircuitBreaker.IllegalTransition.self) {
                try machine.set(mode, by: .test, at: .seconds(1_000))
            }
        }
        #expect(machine.acquire(at: .seconds(1_000)) != nil)
    }

    @Test("D5: ignored results of earlier states give no probes") func leaksNoPermits() {
        var machine = CircuitBreakerMachine.sample { $0.halfOpenPermits = 1 }
        let stale = (0..<10).compactMap { _ in machine.acquire(at: .seconds(1_000)) }
        machine.trip(at: .seconds(1_000))
        #expect(machine.acquire(at: .seconds(1_002)) != nil)
        for (index, grant) in stale.enumerated() {
            if index.isMultiple(of: 2) {
                machine.record(.ignored, of: grant, at: .seconds(1_002))
            } else {
                machine.release(grant, at: .seconds(1_002))
            }
        }
        #expect(machine.acquire(at: .seconds(1_002)) == nil)
        #expect(machine.totals.late == 10)
    }

    @Test("D6: successes of earlier states do not close the breaker") func ignoresLateResults() {
        var machine = CircuitBreakerMachine.sample()
        let stale = (0..<3).compactMap { _ in machine.acquire(at: .seconds(1_000)) }
        machine.trip(at: .seconds(1_000))
        let probe = machine.acquire(at: .seconds(1_002))
        #expect(probe != nil)
        for grant in stale { machine.record(.success, of: grant, at: .seconds(1_002)) }
        let snapshot = machine.snapshot(at: .seconds(1_002))
        #expect(snapshot.state == .halfOpen && snapshot.counts.calls == 0)
        #expect(snapshot.totals.late == 3)
    }

    @Test("D7: lost probes do not keep the breaker half-open") func outlivesLostProbes() {
        var machine = CircuitBreakerMachine.sample { $0.halfOpenLease = .seconds(30) }
        machine.trip(at: .seconds(1_000))
        let probes = (0..<2).compactMap { _ in machine.acquire(at: .seconds(1_002)) }
        #expect(probes.count == 2)
        #expect(machine.snapshot(at: .seconds(1_031.9)).state == .halfOpen)
        let snapshot = machine.snapshot(at: .seconds(1_032))
        #expect(snapshot.state == .open)
        #expect(snapshot.totals.expiredLeases == 2)
        #expect(snapshot.totals.transitions[.probesFailed] == 1)
        // A year later it lets probes through, and late answers change nothing.
        #expect(machine.acquire(at: .seconds(32_000_000)) != nil)
        for probe in probes { machine.record(.success, of: probe, at: .seconds(32_000_000)) }
        #expect(machine.totals.late == 2)
    }

    @Test("a permit that is dropped goes back to a half-open breaker") func releasesPermits() throws
    {
        let clock = TestClock()
        let breaker = try CircuitBreaker(
            name: "test",
            .sample { $0.halfOpenPermits = 1 },
            clock: clock.clock
        )
        for _ in 0..<5 { try breaker.acquire().end(.failure) }
        clock.advance(by: .seconds(2))
        for _ in 0..<10 { _ = try breaker.acquire() }
        try breaker.acquire().end(.success)
        #expect(breaker.snapshot.totals.released == 10)
    }

    @Test("the wait of an open breaker has a cap, however often it opens") func capsWait() {
        var configuration = CircuitBreakerConfiguration.sample()
        configuration.openWait = .seconds(60)
        configuration.openWaitMultiplier = 1.5
        configuration.openWaitCap = .seconds(300)
        var wait = OpenWait(configuration)
        let seconds = [1, 2, 3, 4, 5, 40, 1_000_000_000, 2].map {
            wait.nanoseconds(opening: $0, chance: 0) / 1_000_000_000
        }
        #expect(seconds == [60, 90, 135, 202, 300, 300, 300, 90])
    }
}

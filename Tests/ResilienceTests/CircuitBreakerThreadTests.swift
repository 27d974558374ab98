import Foundation
import Synchronization
import Testing

@testable import Resilience

@Suite("Circuit breaker on threads", .serialized) struct CircuitBreakerThreadTests {
    /// Runs `body` on real threads at once and waits for all.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for thread in 0..<count {
            group.enter()
            Thread.detachNewThread {
                body(thread)
                group.leave()
            }
        }
        group.wait()
    }

    @Test("loses no count on eight threads") func losesNoCount() throws {
        var configuration = CircuitBreakerConfiguration.sample()
        configuration.countsCallsInFlight = true
        configuration.failureRateThreshold = 100
        configuration.window = .calls(1_000)
        configuration.minimumCalls = 1_000
        let breaker = try CircuitBreaker(name: "test", configuration)
        let rounds = 4_000
        onThreads(8) { thread in
            for round in 0..<rounds {
                guard let permit = try? breaker.acquire() else { continue }
                permit.end((round + thread).isMultiple(of: 4) ? .failure : .success)
            }
        }
        let snapshot = breaker.snapshot
        #expect(snapshot.totals.permits == Int64(8 * rounds))
        #expect(snapshot.totals.failed == Int64(2 * rounds))
        #expect(snapshot.totals.succeeded == Int64(6 * rounds))
        #expect(snapshot.inFlight == 0 && snapshot.counts.calls == 1_000)
    }

    @Test("adds up under any schedule", arguments: 1...20 as ClosedRange<UInt64>)
    func addsUp(seed: UInt64) throws {
        let clock = TestClock()
        let breaker = try CircuitBreaker(
            name: "test",
            .sample {
                $0.window = seed.isMultiple(of: 2) ? .calls(10) : .seconds(3)
                $0.countsCallsInFlight = !seed.isMultiple(of: 3)
                $0.slowCallDuration = .milliseconds(50)
                $0.openWait = .milliseconds(20)
                $0.halfOpenPermits = Int(seed % 3) + 1
                $0.halfOpenLease = .milliseconds(300)
            },
            clock: clock.clock,
            seed: seed
        )
        // Probes of a generation that are out or have been answered: never more than permits.
        let probes = Mutex<[UInt64: Int]>([:])
        let most = Atomic(0)
        let refused = Atomic(0)
        onThreads(8) { thread in
            var random = SplitMix64(seed: seed &* 1_000 &+ UInt64(thread))
            for _ in 0..<500 {
                if random.next() % 3 == 0 {
                    clock.advance(by: .milliseconds(Int64(random.next() % 10)))
                }
                guard let permit = try? breaker.acquire() else {
                    refused.add(1, ordering: .relaxed)
                    continue
                }
                let probe = breaker.state.withLock { state in
                    state.machine.generation == permit.generation
                        && state.machine.state == .halfOpen
                }
                let generation = permit.generation
                if probe {
                    let count = probes.withLock { probes in
                        probes[generation, default: 0] += 1
                        return probes[generation, default: 0]
                    }
                    most.max(count, ordering: .relaxed)
                }
                switch random.next() % 10 {
                case 0...3: permit.end(.failure)
                case 4...8: permit.end(.success)
                default:
                    if probe { probes.withLock { $0[generation, default: 0] -= 1 } }
                    _ = consume permit
                }
            }
        }
        let snapshot = breaker.snapshot
        let totals = snapshot.totals
        #expect(totals.permits + totals.notPermitted == 4_000)
        #expect(totals.notPermitted == Int64(refused.load(ordering: .relaxed)))
        let ended = totals.succeeded + totals.failed + totals.ignored + totals.released
        #expect(totals.permits == ended + totals.paused + totals.late)
        #expect(snapshot.inFlight == 0)
        #expect(most.load(ordering: .relaxed) <= Int(seed % 3) + 1)
        let free = breaker.state.withLock { $0.machine.freePermits }
        #expect(free >= 0 && free <= Int(seed % 3) + 1)
    }

    @Test("a consumer that throws loses nothing for others") func survivesThrowingConsumer() throws
    {
        struct Broken: Error {}
        let told = Mutex<[CircuitBreakerEvent.Kind]>([])
        let breaker = try CircuitBreaker(
            name: "test",
            .sample(),
            consumers: [
                { _, _ in throw Broken() },
                { _, event in told.withLock { $0.append(event.kind) } },
            ]
        )
        for _ in 0..<5 { try breaker.acquire().end(.failure) }
        #expect(breaker.waitForDelivery(until: .after(.seconds(30))))
        #expect(
            told.withLock { $0 } == [
                .failureRateExceeded(100),
                .transition(from: .closed, to: .open, .failureRate),
            ]
        )
        #expect(breaker.undelivered == (failed: 2, lost: 0))
    }

    @Test("a consumer that blocks holds up no call and no permit") func survivesBlockingConsumer()
        throws
    {
        let gate = DispatchSemaphore(value: 0)
        let told = Mutex<[CircuitBreakerState]>([])
        let clock = TestClock()
        let breaker = try CircuitBreaker(
            name: "test",
            .sample(),
            clock: clock.clock,
            consumers: [
                { _, event in
                    gate.wait()
                    if case .transition(_, let state, _) = event.kind {
                        told.withLock { $0.append(state) }
                    }
                }
            ]
        )
        for _ in 0..<5 { try breaker.acquire().end(.failure) }
        clock.advance(by: .seconds(2))
        for _ in 0..<2 { try breaker.acquire().end(.success) }
        #expect(breaker.snapshot.state == .closed)
        #expect(told.withLock { $0 }.isEmpty)
        for _ in 0..<4 { gate.signal() }
        #expect(breaker.waitForDelivery(until: .after(.seconds(30))))
        #expect(told.withLock { $0 } == [.open, .halfOpen, .closed])
    }

    @Test("is led by hand, and says so") func isLedByHand() throws {
        let clock = TestClock()
        let breaker = try CircuitBreaker(name: "test", .sample(), clock: clock.clock)
        try breaker.set(.openFor(.seconds(9)), by: .test)
        let error = #expect(throws: CircuitBreaker.Refused.self) {
            _ = try breaker.acquire().generation
        }
        #expect(error == CircuitBreaker.Refused(state: .open, retryAfter: .seconds(9)))
        #expect(!breaker.isLikelyToPermit)
        #expect(throws: CircuitBreaker.IllegalTransition(from: .closed, to: .halfOpen)) {
            breaker.reset(by: .test)
            try breaker.set(.halfOpen, by: .test)
        }
        let permit = try breaker.acquire()
        #expect(permit.start == clock.now)
        permit.end(.success, at: clock.now)
        try breaker.set(.metricsOnly, by: .test)
        try breaker.set(.closed, by: .test)
        #expect(breaker.snapshot.state == .closed)
        #expect(breaker.snapshot.totals.transitions == [.manual: 4])
    }
}

import Testing

@testable import Resilience

@Suite("Window of recent calls") struct RecentWindowTests {
    private static func time(_ seconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: seconds * 1_000_000_000)
    }

    @Test("holds what a list of the last calls within the last seconds holds", arguments: 1...20)
    func model(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let size = Int.random(in: 1...12, using: &random)
        let seconds = Int64.random(in: 1...8, using: &random)
        var window = RecentWindow(size: size, seconds: Int(seconds))
        var all: [(call: EndedCall, second: Int64)] = []
        var now: Int64 = 100
        for _ in 0..<500 {
            now += [0, 0, 0, 1, 2, 9].randomElement(using: &random) ?? 0
            if Bool.random(using: &random) {
                let call = EndedCall(
                    hasFailed: .random(using: &random),
                    wasSlow: .random(using: &random)
                )
                window.record(call, at: Self.time(now))
                all.append((call, now))
            } else {
                window.advance(to: Self.time(now))
            }
            var expected = CallCounts()
            for entry in all.suffix(size) where entry.second > now - seconds {
                expected.add(entry.call)
            }
            #expect(window.counts == expected)
        }
    }

    @Test("opens a breaker after its minimum of failures, however good the minute before was")
    func busyShop() throws {
        let clock = TestClock()
        var configuration = CircuitBreakerConfiguration()
        configuration.window = .recent(calls: 20, seconds: 60)
        let breaker = try CircuitBreaker(name: "test", configuration, clock: clock.clock)
        for _ in 0..<1_000 {
            let permit = try breaker.acquire()
            permit.end(.success)
        }
        var failures = 0
        while let permit = try? breaker.acquire() {
            permit.end(.failure)
            failures += 1
        }
        #expect(failures == configuration.minimumCalls)
    }

    @Test("forgets the failures of long ago") func quietShop() throws {
        let clock = TestClock()
        var configuration = CircuitBreakerConfiguration()
        configuration.window = .recent(calls: 20, seconds: 60)
        let breaker = try CircuitBreaker(name: "test", configuration, clock: clock.clock)
        for _ in 0..<9 {
            let permit = try breaker.acquire()
            permit.end(.failure)
        }
        clock.advance(by: .seconds(61))
        let permit = try breaker.acquire()
        permit.end(.failure)
        #expect(breaker.snapshot.state == .closed && breaker.snapshot.counts.calls == 1)
    }
}

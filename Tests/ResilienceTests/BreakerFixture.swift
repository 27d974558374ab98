import Synchronization

@testable import Resilience

/// A clock that stands still until a test moves it.
final class TestClock: Sendable {
    private let time: Mutex<MonotonicTime>

    init(_ start: MonotonicTime = .seconds(1_000)) {
        time = Mutex(start)
    }

    var clock: MonotonicClock { MonotonicClock { self.now } }

    var now: MonotonicTime { time.withLock { $0 } }

    func advance(by duration: Duration) {
        time.withLock { $0 = $0 + duration }
    }

    /// Steps back, as only a clock that is broken does.
    func stepBack(by duration: Duration) {
        time.withLock {
            $0 = MonotonicTime(nanoseconds: $0.nanoseconds - duration.wholeNanoseconds)
        }
    }
}

extension MonotonicTime {
    static func seconds(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(seconds * 1_000_000_000))
    }
}

extension CircuitBreakerConfiguration {
    /// A small breaker without chance: five calls, half of them failed, one second open, two
    /// probes.
    static func sample(
        _ change: (inout CircuitBreakerConfiguration) -> Void = { _ in }
    ) -> CircuitBreakerConfiguration {
        var configuration = CircuitBreakerConfiguration()
        configuration.window = .calls(5)
        configuration.minimumCalls = 5
        configuration.slowRateThreshold = 100
        configuration.openWait = .seconds(1)
        configuration.openWaitMultiplier = 1
        configuration.openWaitJitter = 0
        configuration.countsCallsInFlight = false
        change(&configuration)
        return configuration
    }
}

extension CircuitBreakerMachine {
    /// A machine at second 1,000.
    static func sample(
        _ change: (inout CircuitBreakerConfiguration) -> Void = { _ in }
    ) -> CircuitBreakerMachine {
        CircuitBreakerMachine(.sample(change), seed: 1, at: .seconds(1_000))
    }

    /// The call was to be permitted.
    struct WasRefused: Error {}

    mutating func grant(at now: MonotonicTime) throws -> Grant {
        guard let grant = acquire(at: now) else { throw WasRefused() }
        return grant
    }

    /// Makes calls that all end at once, as far as they are permitted.
    mutating func call(_ result: CallResult, times: Int = 1, at now: MonotonicTime) {
        for _ in 0..<times {
            guard let grant = acquire(at: now) else { continue }
            record(result, of: grant, at: now)
        }
    }

    /// Fails until open.
    mutating func trip(at now: MonotonicTime) {
        call(.failure, times: 5, at: now)
    }
}

extension ManualOrder {
    static let test = ManualOrder(who: "tester", why: "a test")
}

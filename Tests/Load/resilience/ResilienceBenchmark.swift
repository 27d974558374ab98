import Dispatch
import Resilience

/// Prints what the parts of `Resilience` cost, one line each.
@main struct ResilienceBenchmark {
    static func main() throws {
        let rounds = 100_000
        var watching = CircuitBreakerConfiguration()
        watching.countsCallsInFlight = true
        var plain = CircuitBreakerConfiguration()
        plain.countsCallsInFlight = false
        var counted = plain
        counted.window = .calls(100)

        report("clock", nanoseconds(rounds) { _ = MonotonicClock.system.now })
        try reportPermits("permit + result, time window, calls in flight watched", watching, rounds)
        try reportPermits("permit + result, time window", plain, rounds)
        try reportPermits("permit + result, count window", counted, rounds)
        try reportThreads(watching, threads: 8, rounds: rounds / 8)
        try reportGuard(rounds: rounds / 50)
    }

    private static func reportPermits(
        _ name: String,
        _ configuration: CircuitBreakerConfiguration,
        _ rounds: Int
    ) throws {
        let breaker = try CircuitBreaker(name: "benchmark", configuration)
        let cost = try nanoseconds(rounds) {
            let permit = try breaker.acquire()
            permit.end(.success)
        }
        report(name, cost)
    }

    private static func reportThreads(
        _ configuration: CircuitBreakerConfiguration,
        threads: Int,
        rounds: Int
    ) throws {
        let breaker = try CircuitBreaker(name: "benchmark", configuration)
        let group = DispatchGroup()
        let cost = nanoseconds(1) {
            for thread in 0..<threads {
                DispatchQueue(label: "thread-\(thread)").async(group: group) { @Sendable in
                    for _ in 0..<rounds {
                        guard let permit = try? breaker.acquire() else { continue }
                        permit.end(.success)
                    }
                }
            }
            group.wait()
        }
        let calls = threads * rounds
        report("permit + result, \(threads) threads", cost / Double(calls))
        let totals = breaker.snapshot.totals
        let lost = Int64(calls) - totals.succeeded
        print("calls lost of \(calls) on \(threads) threads: \(lost)")
    }

    private struct Failure: Error {}

    /// A guarded call that does nothing, so that what is left is the guards and the lane.
    private static func reportGuard(rounds: Int) throws {
        let guarded = try Guard<Int, Failure>(
            name: "benchmark",
            GuardConfiguration(),
            lanes: LaneGroup(name: "benchmark", lanes: 4, queueLimit: 4),
            assess: { _ in Assessment(.success) }
        )
        let deadline = Deadline.after(.seconds(3_600))
        let cost = nanoseconds(rounds) {
            _ = guarded.read(until: deadline) { _ in .executed(1) }
        }
        report("guarded call, lane included", cost)
    }

    /// The time of one round of `body`, the best of 40 runs.
    static func nanoseconds(_ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<(rounds > 1 ? 40 : 1) {
            let start = DispatchTime.now().uptimeNanoseconds
            for _ in 0..<rounds { try body() }
            let end = DispatchTime.now().uptimeNanoseconds
            best = min(best, Double(end - start) / Double(rounds))
        }
        return best
    }

    static func report(_ name: String, _ nanoseconds: Double) {
        let tenths = Int((nanoseconds * 10).rounded())
        print("\(name): \(tenths / 10).\(tenths % 10) ns")
    }
}

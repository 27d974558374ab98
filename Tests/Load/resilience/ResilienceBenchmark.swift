import Dispatch
import Resilience

/// Prints what the parts of `Resilience` cost, one line each; with `--json` a line of JSON each.
///
/// Ends with 0 whatever it finds: what is below target is said, not hidden.
@main struct ResilienceBenchmark {
    static func main() throws {
        try Measurement.checkCounter()
        var watching = CircuitBreakerConfiguration()
        watching.countsCallsInFlight = true
        var plain = CircuitBreakerConfiguration()
        plain.countsCallsInFlight = false
        var counted = plain
        counted.window = .calls(100)

        let results = [
            Measurement.rounds("clock") { _ = MonotonicClock.system.now },
            try permits("permit + result, calls in flight watched", watching),
            try permits("permit + result, time window", plain),
            try permits("permit + result, count window", counted),
            try manyThreads(watching, threads: 8),
            try guardedCall(),
        ]
        let isJSON = CommandLine.arguments.contains("--json")
        for result in results { print(isJSON ? result.json : result.text) }
    }

    private static func permits(
        _ name: String,
        _ configuration: CircuitBreakerConfiguration
    ) throws -> Measurement {
        let breaker = try CircuitBreaker(name: "benchmark", configuration)
        var result = Measurement.rounds(name) {
            guard let permit = try? breaker.acquire() else { return }
            permit.end(.success)
        }
        result.require("below 150 ns", result.median < 150)
        result.require("no allocation", result.allocationsPerRound == 0)
        return result
    }

    /// All threads on one breaker: what it costs them, and whether it counts every call.
    private static func manyThreads(
        _ configuration: CircuitBreakerConfiguration,
        threads: Int
    ) throws -> Measurement {
        let breaker = try CircuitBreaker(name: "benchmark", configuration)
        let rounds = 12_500
        let group = DispatchGroup()
        let start = DispatchTime.now().uptimeNanoseconds
        for thread in 0..<threads {
            DispatchQueue(label: "thread-\(thread)").async(group: group) { @Sendable in
                for _ in 0..<rounds {
                    guard let permit = try? breaker.acquire() else { continue }
                    permit.end(.success)
                }
            }
        }
        group.wait()
        let elapsed = DispatchTime.now().uptimeNanoseconds - start
        let calls = threads * rounds
        var result = Measurement(
            name: "permit + result, \(threads) threads",
            threads: threads,
            samples: [Double(elapsed) / Double(calls)]
        )
        result.lost = calls - Int(breaker.snapshot.totals.succeeded)
        result.require("no count lost of \(calls)", result.lost == 0)
        return result
    }

    private struct Failure: Error {}

    /// A guarded call that does nothing, so that what is left is retry, breaker and lane.
    private static func guardedCall() throws -> Measurement {
        let guarded = try Guard<Int, Failure>(
            name: "benchmark",
            GuardConfiguration(),
            lanes: LaneGroup(name: "benchmark", lanes: 4, queueLimit: 4),
            assess: { _ in Assessment(.success) }
        )
        let deadline = Deadline.after(.seconds(3_600))
        var result = Measurement.calls("guarded call: retry, breaker, lane") {
            _ = guarded.read(until: deadline) { _ in .executed(1) }
        }
        result.require("below 60 µs", result.median < 60_000)
        return result
    }
}

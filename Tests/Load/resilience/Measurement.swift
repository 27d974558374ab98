import Allocations
import Dispatch

/// What one part costs.
struct Measurement {
    let name: String
    let threads: Int
    /// Nanoseconds of a round, in ascending order; each the mean of a run, or one call.
    let samples: [Double]
    /// Whether a sample is one call, so that the high percentiles mean something.
    var areSingleCalls = false
    /// Nil where it was not counted.
    var allocationsPerRound: Double?
    /// Calls that were made and not counted.
    var lost = 0
    /// What was wanted, and whether it is so.
    private(set) var targets: [(name: String, isMet: Bool)] = []

    init(name: String, threads: Int = 1, samples: [Double]) {
        self.name = name
        self.threads = threads
        self.samples = samples.sorted()
    }

    var median: Double { percentile(50) }
    var best: Double { samples.first ?? 0 }

    func percentile(_ percent: Double) -> Double {
        let index = Int((Double(samples.count) * percent / 100).rounded(.up)) - 1
        return samples.isEmpty ? 0 : samples[min(max(index, 0), samples.count - 1)]
    }

    mutating func require(_ name: String, _ isMet: Bool) {
        targets.append((name, isMet))
    }

    // MARK: Measuring

    /// The allocation counter does not count.
    struct CounterFailure: Error {}

    private final class Box {
        var value = 0
    }

    /// Makes sure that a known allocation is counted, or «none» would say nothing.
    static func checkCounter() throws {
        let before = allocations_count()
        let boxes = (0..<100).map { _ in Box() }
        for box in boxes { box.value += 1 }
        guard allocations_count() - before >= 100 else { throw CounterFailure() }
    }

    /// Rounds too short to be timed one by one: the means of 40 runs.
    static func rounds(_ name: String, _ body: () -> Void) -> Measurement {
        let (runs, rounds) = (40, 100_000)
        for _ in 0..<rounds { body() }
        var samples: [Double] = []
        samples.reserveCapacity(runs)
        let allocations = allocations_count()
        for _ in 0..<runs {
            let start = DispatchTime.now().uptimeNanoseconds
            for _ in 0..<rounds { body() }
            let end = DispatchTime.now().uptimeNanoseconds
            samples.append(Double(end - start) / Double(rounds))
        }
        let made = allocations_count() - allocations
        var result = Measurement(name: name, samples: samples)
        result.allocationsPerRound = Double(made) / Double(runs * rounds)
        return result
    }

    /// Calls timed one by one.
    static func calls(_ name: String, _ body: () -> Void) -> Measurement {
        let calls = 50_000
        for _ in 0..<(calls / 10) { body() }
        var samples: [Double] = []
        samples.reserveCapacity(calls)
        for _ in 0..<calls {
            let start = DispatchTime.now().uptimeNanoseconds
            body()
            samples.append(Double(DispatchTime.now().uptimeNanoseconds - start))
        }
        var result = Measurement(name: name, samples: samples)
        result.areSingleCalls = true
        return result
    }

    // MARK: Printing

    var text: String {
        var text = "\(name): median \(Self.tenths(median)) ns, best \(Self.tenths(best)) ns"
        if let allocationsPerRound { text += ", \(allocationsPerRound) allocations" }
        for target in targets { text += "; \(target.name): \(target.isMet ? "met" : "NOT met")" }
        return text
    }

    /// Names and words have no character that JSON escapes.
    var json: String {
        let words = targets.map { #"{"target":"\#($0.name)","met":\#($0.isMet)}"# }
        let members = [
            #""subject":"\#(name)""#, #""threads":\#(threads)"#, #""medianNs":\#(median)"#,
            #""bestNs":\#(best)"#,
            #""p99Ns":\#(areSingleCalls ? "\(percentile(99))" : "null")"#,
            #""p999Ns":\#(areSingleCalls ? "\(percentile(99.9))" : "null")"#,
            #""allocations":\#(allocationsPerRound.map { "\($0)" } ?? "null")"#,
            #""lost":\#(lost)"#, #""targets":[\#(words.joined(separator: ","))]"#,
        ]
        return "{\(members.joined(separator: ","))}"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

import Synchronization

/// How durations are spread over fixed buckets.
///
/// An observation is two relaxed atomic additions, so a scrape may see one without the other:
/// the sum can lag behind the count by the observations of that moment.
package final class Histogram: Sendable {
    /// The upper bounds of a histogram's buckets, without the last one, which has none.
    package struct Bounds: Sendable, Equatable {
        package let durations: [Duration]

        /// Makes bounds of durations in ascending order, each above zero.
        package init(_ durations: [Duration]) {
            precondition(
                zip(durations, durations.dropFirst()).allSatisfy(<) && durations.first != nil,
                "a histogram's bounds ascend, and there is at least one"
            )
            self.durations = durations
        }

        /// Bounds for answers to clients: 250 µs to 25 s, close together where hits lie.
        package static let answers = Bounds([
            .microseconds(250), .microseconds(500), .milliseconds(1), .microseconds(2_500),
            .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50),
            .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
            .milliseconds(2_500), .seconds(5), .seconds(10), .seconds(25),
        ])

        /// Bounds for calls to other services: 5 ms to 10 s.
        package static let calls = Bounds([
            .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50),
            .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
            .milliseconds(2_500), .seconds(5), .seconds(10),
        ])
    }

    let bounds: Bounds
    private let limits: [UInt64]
    private let buckets: AtomicCounts
    private let nanoseconds = Atomic<UInt64>(0)

    init(bounds: Bounds) {
        self.bounds = bounds
        limits = bounds.durations.map(\.wholeNanoseconds)
        buckets = AtomicCounts(count: limits.count + 1)
    }

    package func observe(_ duration: Duration) {
        observe(nanoseconds: duration.wholeNanoseconds)
    }

    /// Observes a duration that was measured in nanoseconds, without the detour by `Duration`.
    package func observe(nanoseconds observed: UInt64) {
        buckets.add(1, at: limits.firstIndex { observed <= $0 } ?? limits.count)
        nanoseconds.wrappingAdd(observed, ordering: .relaxed)
    }

    /// How many durations were observed.
    package var count: UInt64 {
        (0..<buckets.count).reduce(0) { $0 + buckets[$1] }
    }

    /// A reading for the exposition: how many lie at or below each bound and in all, and the sum.
    var reading: (cumulative: [UInt64], sumInSeconds: Double) {
        var total: UInt64 = 0
        let cumulative = (0..<buckets.count).map { index in
            total += buckets[index]
            return total
        }
        return (cumulative, Double(nanoseconds.load(ordering: .relaxed)) / 1e9)
    }
}

extension Duration {
    /// Whole nanoseconds, nothing below zero, for metrics and logs.
    var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
    }
}

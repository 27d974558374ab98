/// The calls that ended within the last seconds, this one included.
///
/// A call belongs to the whole second of the clock in which it ended, so the window reaches back
/// between `size - 1` and `size` seconds.
struct TimeWindow: Sendable {
    private(set) var counts = CallCounts()
    private var seconds: [CallCounts]
    private var current: Int64
    // Of the current second in `seconds`; kept, since the remainder is a division a call.
    private var currentPlace: Int

    /// Makes an empty window of `size` seconds, at least 1.
    init(size: Int, at now: MonotonicTime) {
        seconds = Array(repeating: CallCounts(), count: size)
        current = Self.second(of: now)
        currentPlace = Int(current % Int64(size))
    }

    private static func second(of time: MonotonicTime) -> Int64 {
        time.nanoseconds / 1_000_000_000
    }

    private func place(of second: Int64) -> Int {
        Int(second % Int64(seconds.count))
    }

    /// Forgets what has become too old; a time before the last one changes nothing.
    mutating func advance(to now: MonotonicTime) {
        let second = Self.second(of: now)
        guard second > current else { return }
        let passed = min(second - current, Int64(seconds.count))
        for step in 0..<passed {
            let place = place(of: second - step)
            counts -= seconds[place]
            seconds[place] = CallCounts()
        }
        current = second
        currentPlace = place(of: second)
    }

    mutating func record(_ call: EndedCall, at now: MonotonicTime) {
        advance(to: now)
        seconds[currentPlace].add(call)
        counts.add(call)
    }
}

/// The last calls, a fixed number of them, as far as they ended within the last seconds.
///
/// A number alone would let a failure of last night count today; a time alone lets a minute of
/// good business hide the first seconds of an outage.
struct RecentWindow: Sendable {
    private struct Entry {
        var bits: UInt8
        var second: Int64
    }

    private(set) var counts = CallCounts()
    private var ring: [Entry]
    private var oldest = 0
    private let seconds: Int64

    /// Makes an empty window of `size` calls and `seconds` whole seconds, at least 1 each.
    init(size: Int, seconds: Int) {
        ring = Array(repeating: Entry(bits: 0, second: 0), count: size)
        self.seconds = Int64(seconds)
    }

    /// Forgets what has become too old; a time before the last one changes nothing.
    mutating func advance(to now: MonotonicTime) {
        forget(until: now.nanoseconds / 1_000_000_000 - seconds)
    }

    mutating func record(_ call: EndedCall, at now: MonotonicTime) {
        let second = now.nanoseconds / 1_000_000_000
        forget(until: second - seconds)
        if counts.calls == ring.count { forgetOldest() }
        // No remainder: a division costs as much as all the rest.
        var place = oldest + counts.calls
        if place >= ring.count { place -= ring.count }
        ring[place] = Entry(bits: call.bits, second: second)
        counts.add(call)
    }

    private mutating func forget(until limit: Int64) {
        while counts.calls > 0, ring[oldest].second <= limit { forgetOldest() }
    }

    private mutating func forgetOldest() {
        counts.remove(EndedCall(bits: ring[oldest].bits))
        oldest += 1
        if oldest == ring.count { oldest = 0 }
    }
}

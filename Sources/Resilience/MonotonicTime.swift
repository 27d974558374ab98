import Glibc

/// An instant of a clock that never goes back, in nanoseconds from a start that means nothing.
///
/// A plain integer and not a `ContinuousClock.Instant`, whose 128-bit arithmetic costs more than
/// all the rest of a permit.
package struct MonotonicTime: Sendable, Hashable, Comparable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Later than any instant that is ever reached.
    package static let never = MonotonicTime(nanoseconds: .max)

    package static func < (first: MonotonicTime, second: MonotonicTime) -> Bool {
        first.nanoseconds < second.nanoseconds
    }

    /// The instant `nanoseconds` later; `never` where that is past the end of the scale.
    func advanced(byNanoseconds nanoseconds: Int64) -> MonotonicTime {
        let (sum, overflows) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflows ? .never : MonotonicTime(nanoseconds: sum)
    }

    package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        time.advanced(byNanoseconds: duration.wholeNanoseconds)
    }

    package static func - (later: MonotonicTime, earlier: MonotonicTime) -> Duration {
        .nanoseconds(later.nanoseconds - earlier.nanoseconds)
    }
}

/// Where the parts of this module get the time from: the system, or a test.
package struct MonotonicClock: Sendable {
    private let read: @Sendable () -> MonotonicTime

    /// Makes a clock of a function, which has to be fast: it is called for every permit.
    package init(_ read: @escaping @Sendable () -> MonotonicTime) {
        self.read = read
    }

    package var now: MonotonicTime { read() }

    /// The system's monotonic clock as of its last tick, up to 4 ms ago at 250 ticks a second.
    ///
    /// What it is for counts in tenths of seconds at least. The exact clock costs 25 to 60 ns a look
    /// in a virtual machine, this one 12, and a permit looks twice.
    package static let system = MonotonicClock {
        var time = timespec()
        // Fails only for a clock that the kernel does not have; this one came with Linux 2.6.32.
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

extension Duration {
    /// Whole nanoseconds, rounded down; the largest `Int64` for 292 years and more.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflows else { return seconds < 0 ? .min : .max }
        let (sum, exceeds) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return exceeds ? .max : sum
    }
}

/// The instant by which an answer must be there, on the monotonic clock.
///
/// Every wait derives from one: sockets, pools and lanes take what is left of it. A deadline is
/// never extended, only tightened.
package struct Deadline: Sendable, Comparable {
    package let instant: ContinuousClock.Instant

    package init(_ instant: ContinuousClock.Instant) {
        self.instant = instant
    }

    /// A deadline that lies `duration` after now.
    package static func after(_ duration: Duration) -> Deadline {
        Deadline(.now + duration)
    }

    /// Time left until the deadline; zero once it has passed.
    package var remaining: Duration {
        max(.zero, instant - .now)
    }

    package var isExpired: Bool {
        instant <= .now
    }

    /// The earlier of this deadline and `duration` after now.
    package func tightened(to duration: Duration) -> Deadline {
        min(self, .after(duration))
    }

    package static func < (first: Deadline, second: Deadline) -> Bool {
        first.instant < second.instant
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that a wait derived from it is never shorter.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let perMillisecond: Int64 = 1_000_000_000_000_000
        return seconds * 1_000 + (attoseconds + perMillisecond - 1) / perMillisecond
    }

    /// Seconds as a floating-point number, for metrics and logs only.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

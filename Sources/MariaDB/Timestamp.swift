import Glibc

/// An instant in UTC with microsecond precision, as `DATETIME(6)` holds it.
///
/// Covers the years 1 to 9999; what lies outside is clamped, so that every value can be stored
/// and written.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01 00:00:00 UTC, leap seconds not counted.
    package let microseconds: Int64

    /// Makes a timestamp, clamped to the years 1 to 9999.
    package init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, Self.earliest), Self.latest)
    }

    /// Makes a timestamp from whole seconds since 1970, as Stripe and tokens have them.
    package init(seconds: Int64) {
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        self.init(microseconds: overflows ? (seconds < 0 ? .min : .max) : product)
    }

    /// The present instant by the system's real-time clock.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int64 { microseconds.flooredQuotient(by: 1_000_000) }

    package static func < (first: Timestamp, second: Timestamp) -> Bool {
        first.microseconds < second.microseconds
    }

    package static func + (start: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflows) = start.microseconds
            .addingReportingOverflow(duration.wholeMicroseconds)
        return Timestamp(microseconds: overflows ? (duration < .zero ? .min : .max) : sum)
    }

    package static func - (start: Timestamp, duration: Duration) -> Timestamp {
        start + (.zero - duration)
    }

    /// The time from `start` to `end`.
    package static func - (end: Timestamp, start: Timestamp) -> Duration {
        .microseconds(end.microseconds - start.microseconds)
    }

    private static let earliest: Int64 = -62_135_596_800_000_000
    private static let latest: Int64 = 253_402_300_799_999_999
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflows else { return seconds < 0 ? .min : .max }
        return whole + attoseconds / 1_000_000_000_000
    }
}

extension Int64 {
    /// The quotient rounded towards negative infinity.
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

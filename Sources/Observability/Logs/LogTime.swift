import Glibc

/// An instant of the wall clock, as logs write it: RFC 3339 in UTC with milliseconds.
package struct LogTime: Sendable, Equatable {
    package let millisecondsSince1970: Int64

    package init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// The present; the corresponding C function is `clock_gettime`.
    package static var now: LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(
            millisecondsSince1970: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
        )
    }

    /// Appends the time as 24 bytes, such as `2026-03-01T09:05:00.250Z`.
    func write(to bytes: inout [UInt8]) {
        let milliseconds = max(0, millisecondsSince1970)
        let (year, month, day) = Self.date(daysSince1970: milliseconds / 86_400_000)
        let rest = Int(milliseconds % 86_400_000)
        Self.write(year, digits: 4, then: "-", to: &bytes)
        Self.write(month, digits: 2, then: "-", to: &bytes)
        Self.write(day, digits: 2, then: "T", to: &bytes)
        Self.write(rest / 3_600_000, digits: 2, then: ":", to: &bytes)
        Self.write(rest / 60_000 % 60, digits: 2, then: ":", to: &bytes)
        Self.write(rest / 1_000 % 60, digits: 2, then: ".", to: &bytes)
        Self.write(rest % 1_000, digits: 3, then: "Z", to: &bytes)
    }

    // Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last
    // of its year, and 400 years have 146,097 days.
    private static func date(daysSince1970 days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func write(
        _ number: Int,
        digits: Int,
        then separator: Unicode.Scalar,
        to bytes: inout [UInt8]
    ) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: separator))
    }
}

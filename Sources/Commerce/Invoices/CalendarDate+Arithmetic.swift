/// A day of the week; the raw values are those of ISO 8601, Monday first.
package enum Weekday: Int, Sendable, CaseIterable {
    case monday = 1
    case tuesday, wednesday, thursday, friday, saturday, sunday
}

extension CalendarDate {
    /// Days from 1970-01-01 on; negative before it.
    package var daysSinceEpoch: Int {
        Self.daysSinceEpoch(year: year, month: month, day: day)
    }

    /// The day that is so many days after 1970-01-01, at the least 0001-01-01 and at most
    /// 9999-12-31.
    package init(daysSinceEpoch days: Int) {
        let first = -Self.daysToEpoch
        let last = Self.daysBefore(year: 10_000) - Self.daysToEpoch - 1
        // From here on counted from 0001-01-01.
        var rest = min(max(days, first), last) + Self.daysToEpoch
        // The mean length of a year leads to the year or to one beside it.
        var year = rest * 400 / Self.daysOf400Years + 1
        while Self.daysBefore(year: year) > rest { year -= 1 }
        while Self.daysBefore(year: year + 1) <= rest { year += 1 }
        rest -= Self.daysBefore(year: year)
        var month = 1
        while rest >= Self.days(in: month, of: year) {
            rest -= Self.days(in: month, of: year)
            month += 1
        }
        self.init(known: (year, month, rest + 1))
    }

    /// The day that is so many days later, or earlier where they are negative; at the least
    /// 0001-01-01 and at most 9999-12-31.
    package func adding(days: Int) -> CalendarDate {
        let (sum, overflow) = daysSinceEpoch.addingReportingOverflow(days)
        return CalendarDate(daysSinceEpoch: overflow ? days : sum)
    }

    package var weekday: Weekday {
        // 1970-01-01 was a Thursday.
        let place = (daysSinceEpoch + 3) % 7
        return Weekday(rawValue: (place < 0 ? place + 7 : place) + 1) ?? .monday
    }

    /// Days from 1970-01-01 to a day that exists.
    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let months = (1..<month).reduce(0) { $0 + days(in: $1, of: year) }
        return daysBefore(year: year) + months + day - 1 - daysToEpoch
    }

    /// From 0001-01-01 to 1970-01-01.
    private static let daysToEpoch = daysBefore(year: 1_970)
    private static let daysOf400Years = 400 * 365 + 97

    /// Days from 0001-01-01 to the first of January of a year.
    private static func daysBefore(year: Int) -> Int {
        let past = year - 1
        return 365 * past + past / 4 - past / 100 + past / 400
    }
}

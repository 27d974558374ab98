extension CalendarDate {
    /// The day in Romania at an instant.
    ///
    /// Eastern European Time, UTC+2, and UTC+3 from the last Sunday of March until the last
    /// Sunday of October, both at 01:00 UTC (Directive 2000/84/EC, articles 2 and 3). Computed
    /// rather than looked up, so that it does not depend on the machine's zone files; right from
    /// 2002 on, which is when the directive began to apply.
    ///
    /// - Parameter seconds: since 1970-01-01 00:00 UTC.
    /// - Returns: at the least 0001-01-01 and at most 9999-12-31.
    package static func inRomania(secondsSinceEpoch seconds: Int64) -> CalendarDate {
        let utc = day(at: seconds)
        let isSummer =
            seconds >= change(in: 3, of: utc.year) && seconds < change(in: 10, of: utc.year)
        let (local, overflow) = seconds.addingReportingOverflow(isSummer ? 10_800 : 7_200)
        return day(at: overflow ? seconds : local)
    }

    private static let secondsOfDay: Int64 = 86_400

    private static func day(at seconds: Int64) -> CalendarDate {
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: secondsOfDay)
        return CalendarDate(daysSinceEpoch: Int(rest < 0 ? days - 1 : days))
    }

    /// 01:00 UTC on the last Sunday of March or October, in seconds since the epoch.
    private static func change(in month: Int, of year: Int) -> Int64 {
        let last = daysSinceEpoch(year: year, month: month, day: 31)
        // Monday is 1 and Sunday 7; the Sunday before a Sunday is itself.
        let back = CalendarDate(daysSinceEpoch: last).weekday.rawValue % 7
        return Int64(last - back) * secondsOfDay + 3_600
    }
}

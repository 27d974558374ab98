/// The Easter of the Romanian Orthodox Church.
package enum OrthodoxEaster {
    /// Easter Sunday in the Gregorian calendar.
    ///
    /// The paschal rule of the Julian calendar (Meeus, «Astronomical Algorithms», chapter 8), and
    /// then the difference of the two calendars, which is 13 days from 1900 to 2099.
    ///
    /// - Parameter year: from 1 to 9999; otherwise the nearest of them is taken.
    /// - Returns: a Sunday from 22 March, in the Julian calendar, to 25 April.
    package static func sunday(of year: Int) -> CalendarDate {
        let year = min(max(year, 1), 9_999)
        let fullMoon = (19 * (year % 19) + 15) % 30
        let toSunday = (2 * (year % 4) + 4 * (year % 7) - fullMoon + 34) % 7
        // Counted from 22 March, the earliest day of Easter in the Julian calendar.
        let julian = fullMoon + toSunday
        let difference = year / 100 - year / 400 - 2
        let earliest = CalendarDate.daysSinceEpoch(year: year, month: 3, day: 22)
        return CalendarDate(daysSinceEpoch: earliest + julian + difference)
    }
}

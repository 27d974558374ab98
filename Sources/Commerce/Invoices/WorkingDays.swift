/// The working days of Romania: Monday to Friday without the public holidays.
///
/// The holidays are those of the Labour Code (Codul muncii, art. 139 (1)) as it stands since 2024.
/// Days that the government gives its own offices between a holiday and a weekend are no holidays
/// of that article, and shift no deadline.
package enum WorkingDays {
    /// The public holidays of a year from 2024 on; earlier years had fewer.
    package static func holidays(of year: Int) -> Set<CalendarDate> {
        let easter = OrthodoxEaster.sunday(of: year)
        // Good Friday, Easter Sunday and Monday, Pentecost and its Monday.
        let movable = [-2, 0, 1, 49, 50].map(easter.adding(days:))
        let fixed = fixedHolidays.compactMap { month, day in
            CalendarDate(year: year, month: month, day: day)
        }
        return Set(movable + fixed)
    }

    package static func isWorkingDay(_ date: CalendarDate) -> Bool {
        switch date.weekday {
        case .saturday, .sunday: false
        default: !holidays(of: date.year).contains(date)
        }
    }

    /// Counts working days from a day on.
    ///
    /// The day from which it runs is not counted (Regulation 1182/71, art. 3 (1)), so five working
    /// days after a Friday without holidays end on the next Friday.
    ///
    /// - Parameters:
    ///   - date: any day, from which the period runs.
    ///   - count: not negative; none gives the day itself.
    /// - Returns: the last day of the period.
    package static func date(after date: CalendarDate, count: Int) -> CalendarDate {
        var date = date
        var left = count
        while left > 0 {
            let next = date.adding(days: 1)
            // At the calendar's end there is no other day.
            guard next > date else { return date }
            date = next
            if isWorkingDay(date) { left -= 1 }
        }
        return date
    }

    private static let fixedHolidays: [(month: Int, day: Int)] = [
        (1, 1), (1, 2), (1, 6), (1, 7), (1, 24), (5, 1), (6, 1), (8, 15), (11, 30), (12, 1),
        (12, 25), (12, 26),
    ]
}

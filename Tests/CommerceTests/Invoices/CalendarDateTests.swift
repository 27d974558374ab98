import Commerce
import Testing

@Suite("Days of the calendar") struct CalendarDateTests {
    @Test("counts every day of the Gregorian calendar's cycle, one after the other")
    func counts() throws {
        var date = try #require(CalendarDate(year: 1_800, month: 1, day: 1))
        var wrong: [CalendarDate] = []
        // 400 years and a week.
        for _ in 0..<(146_097 + 7) {
            let next = CalendarDate(daysSinceEpoch: date.daysSinceEpoch + 1)
            let isNext =
                next > date && next.daysSinceEpoch == date.daysSinceEpoch + 1
                && next.weekday.rawValue == date.weekday.rawValue % 7 + 1
                && CalendarDate(parsing: next.description) == next
            if !isNext { wrong.append(next) }
            date = next
        }
        #expect(wrong.isEmpty)
        #expect(date.description == "2200-01-08")
    }

    @Test(
        "knows days since the epoch and days of the week",
        arguments: [
            ("1970-01-01", 0, Weekday.thursday), ("1969-12-31", -1, .wednesday),
            ("2000-02-29", 11_016, .tuesday), ("2026-11-20", 20_777, .friday),
            ("0001-01-01", -719_162, .monday), ("9999-12-31", 2_932_896, .friday),
        ]
    )
    func known(text: String, days: Int, weekday: Weekday) throws {
        let date = try #require(CalendarDate(parsing: text))
        #expect(date.daysSinceEpoch == days)
        #expect(date.weekday == weekday)
        #expect(CalendarDate(daysSinceEpoch: days) == date)
    }

    @Test("stays within its years")
    func bounds() {
        #expect(CalendarDate(daysSinceEpoch: .max).description == "9999-12-31")
        #expect(CalendarDate(daysSinceEpoch: .min).description == "0001-01-01")
        let epoch = CalendarDate(daysSinceEpoch: 0)
        #expect(epoch.adding(days: 31).description == "1970-02-01")
        #expect(epoch.adding(days: -1).description == "1969-12-31")
        #expect(epoch.adding(days: 10_000_000).description == "9999-12-31")
        let late = CalendarDate(daysSinceEpoch: 20_777)
        #expect(late.adding(days: .max).description == "9999-12-31")
        #expect(late.adding(days: .min).description == "0001-01-01")
    }

    @Test(
        "refuses what is no day in the one form there is",
        arguments: [
            "2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-4-01",
            "2026-04-01Z", "2026-04-01+02:00", "26-04-01", "2026/04/01", "０026-04-01", "",
            "0000-01-01", "2026-04-00",
        ]
    )
    func refuses(text: String) {
        #expect(CalendarDate(parsing: text) == nil)
    }

    @Test(
        "is that of Romania at an instant",
        arguments: [
            // Winter: midnight is at 22:00 UTC.
            (1_795_125_599, "2026-11-19"), (1_795_125_600, "2026-11-20"),
            // Summer: at 21:00 UTC.
            (1_782_939_599, "2026-07-01"), (1_782_939_600, "2026-07-02"),
            // The clocks go forward on 2026-03-29 …
            (1_774_735_199, "2026-03-28"), (1_774_735_200, "2026-03-29"),
            (1_774_817_999, "2026-03-29"), (1_774_818_000, "2026-03-30"),
            // … and back on 2026-10-25.
            (1_792_875_599, "2026-10-24"), (1_792_875_600, "2026-10-25"),
            (1_792_965_599, "2026-10-25"), (1_792_965_600, "2026-10-26"),
            (-1, "1970-01-01"), (-7_200, "1970-01-01"), (-7_201, "1969-12-31"),
            (.max, "9999-12-31"), (.min, "0001-01-01"),
        ]
    )
    func romania(seconds: Int64, date: String) {
        #expect(CalendarDate.inRomania(secondsSinceEpoch: seconds).description == date)
    }

    @Test(
        "changes its hour on the last Sundays of March and October",
        arguments: [
            ("2024-03-31", "2024-10-27"), ("2025-03-30", "2025-10-26"),
            ("2026-03-29", "2026-10-25"), ("2027-03-28", "2027-10-31"),
            ("2028-03-26", "2028-10-29"), ("2029-03-25", "2029-10-28"),
            ("2030-03-31", "2030-10-27"),
        ]
    )
    func summerTime(forward: String, back: String) throws {
        // At 21:30 UTC it is the next day in summer alone.
        func isSummer(_ text: String, _ days: Int) throws -> Bool {
            let date = try #require(CalendarDate(parsing: text)).adding(days: days)
            let evening = Int64(date.daysSinceEpoch) * 86_400 + 77_400
            return CalendarDate.inRomania(secondsSinceEpoch: evening) > date
        }
        #expect(try !isSummer(forward, -1) && isSummer(forward, 0))
        #expect(try isSummer(back, -1) && !isSummer(back, 0))
    }
}

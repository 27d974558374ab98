import Commerce
import Testing

@Suite("Working days in Romania") struct WorkingDaysTests {
    @Test(
        "knows the Orthodox Easter",
        arguments: [
            "2008-04-27", "2010-04-04", "2016-05-01", "2021-05-02", "2024-05-05", "2025-04-20",
            "2026-04-12", "2027-05-02", "2028-04-16", "2029-04-08", "2030-04-28", "1900-04-22",
        ]
    )
    func easter(text: String) throws {
        let date = try #require(CalendarDate(parsing: text))
        #expect(OrthodoxEaster.sunday(of: date.year) == date)
    }

    @Test("has Easter on a Sunday in spring, in every year")
    func easterIsSunday() {
        let wrong = (1...9_999).filter { year in
            let easter = OrthodoxEaster.sunday(of: year)
            return easter.year != year || easter.weekday != .sunday
        }
        #expect(wrong.isEmpty)
        #expect(OrthodoxEaster.sunday(of: .max) == OrthodoxEaster.sunday(of: 9_999))
        #expect(OrthodoxEaster.sunday(of: .min) == OrthodoxEaster.sunday(of: 1))
    }

    @Test("has the holidays of the Labour Code")
    func holidays() {
        #expect(
            WorkingDays.holidays(of: 2_026).map(\.description).sorted() == [
                "2026-01-01", "2026-01-02", "2026-01-06", "2026-01-07", "2026-01-24",
                "2026-04-10", "2026-04-12", "2026-04-13", "2026-05-01", "2026-05-31",
                "2026-06-01", "2026-08-15", "2026-11-30", "2026-12-01", "2026-12-25",
                "2026-12-26",
            ]
        )
        // Pentecost's Monday is Children's Day in 2026, and is not in 2027.
        #expect(WorkingDays.holidays(of: 2_027).count == 17)
    }

    @Test(
        "ends five working days after a day that is not counted",
        arguments: [
            ("2026-11-20", "2026-11-27"), ("2026-11-27", "2026-12-08"),
            ("2026-12-23", "2026-12-31"), ("2026-04-08", "2026-04-17"),
            ("2026-12-31", "2027-01-12"),
            // From days that are none themselves.
            ("2026-11-21", "2026-11-27"), ("2026-11-22", "2026-11-27"),
            ("2026-11-30", "2026-12-08"),
        ]
    )
    func fiveDays(from: String, to: String) throws {
        let date = try #require(CalendarDate(parsing: from))
        #expect(WorkingDays.date(after: date, count: 5).description == to)
    }

    @Test("ends on working days, with as many between as were counted")
    func properties() throws {
        var date = try #require(CalendarDate(parsing: "2026-01-01"))
        for _ in 0..<370 {
            let end = WorkingDays.date(after: date, count: 5)
            let passed = (date.daysSinceEpoch + 1...end.daysSinceEpoch)
                .count { WorkingDays.isWorkingDay(CalendarDate(daysSinceEpoch: $0)) }
            #expect(passed == 5 && WorkingDays.isWorkingDay(end))
            date = date.adding(days: 1)
        }
    }

    @Test("gives the day itself for no days, and the last day there is at the calendar's end")
    func edges() throws {
        let saturday = try #require(CalendarDate(parsing: "2026-11-21"))
        #expect(WorkingDays.date(after: saturday, count: 0) == saturday)
        let last = try #require(CalendarDate(parsing: "9999-12-31"))
        #expect(WorkingDays.date(after: last, count: 5) == last)
    }
}

/// A date and time of day of the proleptic Gregorian calendar, in UTC.
///
/// The conversions are `days_from_civil` and `civil_from_days` of Howard Hinnant's
/// «chrono-Compatible Low-Level Date Algorithms»: eras of 400 years that begin on 1 March.
struct CivilTime: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64
    var hour: Int64 = 0
    var minute: Int64 = 0
    var second: Int64 = 0
    var microsecond: Int64 = 0

    /// Whether the fields name a day that exists and a time on it.
    var isValid: Bool {
        (1...9_999).contains(year) && (1...12).contains(month) && day >= 1
            && day <= Self.days(inMonth: month, of: year) && (0..<24).contains(hour)
            && (0..<60).contains(minute) && (0..<60).contains(second)
            && (0..<1_000_000).contains(microsecond)
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension CivilTime {
    init(_ timestamp: Timestamp) {
        let perDay: Int64 = 86_400_000_000
        let dayNumber = timestamp.microseconds.flooredQuotient(by: perDay)
        let ofDay = timestamp.microseconds - dayNumber * perDay

        let shifted = dayNumber + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153

        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        hour = ofDay / 3_600_000_000
        minute = ofDay / 60_000_000 % 60
        second = ofDay / 1_000_000 % 60
        microsecond = ofDay % 1_000_000
    }
}

extension Timestamp {
    /// Makes the timestamp of a date and time, or nil if there is no such day or time.
    init?(_ civil: CivilTime) {
        guard civil.isValid else { return nil }
        let year = civil.month <= 2 ? civil.year - 1 : civil.year
        let era = year.flooredQuotient(by: 400)
        let yearOfEra = year - era * 400
        let monthFromMarch = civil.month > 2 ? civil.month - 3 : civil.month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + civil.day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let dayNumber = era * 146_097 + dayOfEra - 719_468
        let seconds =
            dayNumber * 86_400 + civil.hour * 3_600 + civil.minute * 60 + civil.second
        self.init(microseconds: seconds * 1_000_000 + civil.microsecond)
    }
}

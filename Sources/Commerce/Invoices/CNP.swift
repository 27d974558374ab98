/// A Romanian's personal number (cod numeric personal).
package struct CNP: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Accepts thirteen digits with a date that exists, a county and a valid check digit.
    package init?(parsing text: String) {
        let digits = text.utf8.map { Int($0) - 48 }
        guard digits.count == 13, digits.allSatisfy({ (0...9).contains($0) }),
            let century = Self.century(digits[0]),
            CalendarDate(
                year: century + digits[1] * 10 + digits[2],
                month: digits[3] * 10 + digits[4],
                day: digits[5] * 10 + digits[6]
            ) != nil,
            Self.counties.contains(digits[7] * 10 + digits[8])
        else { return nil }
        let weights = [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]
        let remainder = zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 } % 11
        guard digits[12] == (remainder == 10 ? 1 : remainder) else { return nil }
        description = text
    }

    /// 1 to 46 and 51, 52 of the counties, 47 and 48 of the former sectors 7 and 8, 70 of those
    /// who are registered abroad.
    private static let counties = Set(1...48).union([51, 52, 70])

    private static func century(_ digit: Int) -> Int? {
        switch digit {
        case 1, 2, 7, 8, 9: 1900
        case 3, 4: 1800
        case 5, 6: 2000
        default: nil
        }
    }
}

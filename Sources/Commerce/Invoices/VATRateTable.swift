/// Which rates of value added tax Romania has had, and when.
///
/// From the Fiscal Code (Law 227/2015, art. 291), in force since 2016-01-01, and Law 141/2025. Rates
/// of other years are not in it, nor is that of 9 % for housing which some contracts kept until
/// 2026-07-31: a shop sells none.
package enum VATRateTable {
    /// A rate and the days on which it is in force.
    package struct Entry: Sendable, Hashable {
        package let rate: VATRate
        package let from: CalendarDate
        /// The last day; nil while no end is known.
        package let through: CalendarDate?

        package func contains(_ date: CalendarDate) -> Bool {
            guard date >= from else { return false }
            return through.map { date <= $0 } ?? true
        }
    }

    /// Oldest first.
    package static let entries: [Entry] = [
        entry(20, from: (2016, 1, 1), through: (2016, 12, 31)),
        entry(9, from: (2016, 1, 1), through: (2025, 7, 31)),
        entry(5, from: (2016, 1, 1), through: (2025, 7, 31)),
        entry(19, from: (2017, 1, 1), through: (2025, 7, 31)),
        entry(21, from: (2025, 8, 1), through: nil),
        entry(11, from: (2025, 8, 1), through: nil),
    ].compactMap { $0 }

    /// Whether goods that are supplied on a day can bear a rate.
    package static func isInForce(_ rate: VATRate, on date: CalendarDate) -> Bool {
        entries.contains { $0.rate == rate && $0.contains(date) }
    }

    /// The rates of a day, lowest first; none before 2016.
    package static func rates(on date: CalendarDate) -> [VATRate] {
        entries.filter { $0.contains(date) }.map(\.rate).sorted()
    }

    private typealias Day = (year: Int, month: Int, day: Int)

    private static func entry(_ percent: Int, from: Day, through: Day?) -> Entry? {
        guard let rate = VATRate(percent: percent),
            let first = CalendarDate(year: from.year, month: from.month, day: from.day)
        else { return nil }
        let last = through.flatMap { CalendarDate(year: $0.year, month: $0.month, day: $0.day) }
        return Entry(rate: rate, from: first, through: last)
    }
}

/// Durations as settings write them: a whole number and a unit, such as `250ms` or `15min`.
package enum DurationText {
    package static let acceptedForms = "250ms, 30s, 15min, 24h or 30d"

    /// A hundred years, so that no reckoning with what was read overflows.
    private static let longest = Duration.days(36_500)

    private static let units: [(suffix: String, length: Duration)] = [
        ("d", .days(1)), ("h", .hours(1)), ("min", .minutes(1)), ("s", .seconds(1)),
        ("ms", .milliseconds(1)),
    ]

    /// The duration that `text` writes; nil if it has another form or does not fit.
    package static func duration(of text: String) -> Duration? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let suffix = text[digits.endIndex...]
        guard let count = Int64(digits), count <= 1_000_000_000_000,
            let unit = units.first(where: { $0.suffix == suffix })
        else { return nil }
        let duration = unit.length * count
        return duration <= longest ? duration : nil
    }

    /// The shortest form of whole milliseconds, in the largest unit that divides it.
    static func text(of duration: Duration) -> String {
        guard duration != .zero else { return "0s" }
        for (suffix, length) in units {
            // The quotient is a Double, which may lie just below a whole number.
            let count = Int64((duration / length).rounded())
            if length * count == duration { return "\(count)\(suffix)" }
        }
        return "\(Int64(duration / .milliseconds(1)))ms"
    }
}

extension Duration {
    static func minutes(_ count: Int) -> Duration { .seconds(count * 60) }

    static func hours(_ count: Int) -> Duration { .seconds(count * 3_600) }

    static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}

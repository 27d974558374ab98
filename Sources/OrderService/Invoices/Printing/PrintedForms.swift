import Commerce

// How people in Romania write amounts, days and accounts; for pages, never for programs.

extension Money {
    /// With dots between thousands and two decimals: `1.234,50`.
    var printed: String { Self.printed(minor, decimals: 2) }

    /// The price of one of `count`, to four decimals, of which the last two are left out where they
    /// are zeros: `8,2562`, `8,256` or `8,25`.
    func printed(dividedBy count: Int) -> String {
        guard count > 0 else { return printed }
        let (hundredfold, overflows) = minor.multipliedReportingOverflow(by: 200)
        guard !overflows else { return Self.printed(minor / Int64(count), decimals: 2) }
        // Rounded half away from zero.
        let half = Int64(count) * (minor < 0 ? -1 : 1)
        let price = (hundredfold + half) / (2 * Int64(count))
        let text = Self.printed(price, decimals: 4)
        return String(text.dropLast(price % 100 == 0 ? 2 : price % 10 == 0 ? 1 : 0))
    }

    private static func printed(_ number: Int64, decimals: Int) -> String {
        let digits = String(number.magnitude)
        let filled = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let whole = Array(filled.dropLast(decimals))
        var grouped = number < 0 ? "\u{2212}" : ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index).isMultiple(of: 3) { grouped.append(".") }
            grouped.append(digit)
        }
        return "\(grouped),\(filled.suffix(decimals))"
    }
}

extension Currency {
    /// `lei`, and the code of any other.
    var printed: String { self == .ron ? "lei" : rawValue }
}

extension VATRate {
    var printed: String { "\(percent)%" }
}

extension CalendarDate {
    /// Day, month and year: `05.11.2026`.
    var printed: String { description.split(separator: "-").reversed().joined(separator: ".") }
}

extension IBAN {
    /// In groups of four.
    var printed: String {
        var text = ""
        for (index, character) in description.enumerated() {
            if index > 0, index.isMultiple(of: 4) { text.append(" ") }
            text.append(character)
        }
        return text
    }
}

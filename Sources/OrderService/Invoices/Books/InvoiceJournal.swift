package import Commerce

/// The journal of issued documents as CSV (RFC 4180): a line a document, by day and number, amounts
/// in lei with a point, those of credit notes with plus signs as they stand on them.
struct InvoiceJournal {
    private var text = line(header)
    private var day: CalendarDate?
    private var ofDay: [(number: InvoiceNumber, line: String)] = []

    /// Adds an issued document, of the day of the one before it or of a later one.
    ///
    /// Those of a day come as they were made: one that was rejected first has a later number.
    mutating func add(_ item: InvoiceArchive.Item) throws {
        guard let number = item.record.number else { return }
        if item.record.issueDate != day { endDay() }
        day = item.record.issueDate
        ofDay.append((number, Self.line(try Self.columns(of: item))))
    }

    /// The whole, once all have been added.
    mutating func finish() -> String {
        endDay()
        return text
    }

    private mutating func endDay() {
        ofDay.sort {
            ($0.number.series, $0.number.ordinal) < ($1.number.series, $1.number.ordinal)
        }
        text += ofDay.lazy.map(\.line).joined()
        ofDay = []
    }

    /// Every rate that there has been, so that the columns do not depend on the period.
    private static let rates = Set(VATRateTable.entries.map(\.rate)).sorted(by: >)

    static let header: [String] =
        [
            "kind", "number", "issueDate", "credits", "orderNumber", "buyer", "cui", "currency",
        ] + rates.flatMap { ["net\($0.percent)", "vat\($0.percent)"] } + ["net", "vat", "gross"]

    /// The columns of a document; what only its text would tell is empty once that is gone.
    static func columns(of item: InvoiceArchive.Item) throws -> [String] {
        let record = item.record
        let groups = try item.document?.vat ?? []
        let ofRates = try rates.flatMap { rate in
            let ofRate = groups.filter { $0.rate == rate }
            guard !ofRate.isEmpty else { return ["", ""] }
            return [try sum(ofRate, \.base), try sum(ofRate, \.vat)]
        }
        return [
            record.kind.rawValue, record.number?.description ?? "",
            record.issueDate?.description ?? "", item.creditedNumber ?? "", record.orderNumber,
            record.buyerName, record.buyerCUI ?? "", record.gross.currency.rawValue,
        ] + ofRates + [
            record.net.decimalText, record.vat.decimalText, record.gross.decimalText,
        ]
    }

    private static func sum(
        _ groups: [InvoiceVAT],
        _ part: KeyPath<InvoiceVAT, Money>
    ) throws -> String {
        guard let minor = groups.map({ $0[keyPath: part].minor }).checkedSum else {
            throw Money.Failure.overflow
        }
        return Money(minor: minor, .ron).decimalText
    }

    /// One line with its end.
    static func line(_ columns: [String]) -> String {
        columns.map(field).joined(separator: ",") + "\r\n"
    }

    /// Looks at scalars, as programs that read CSV do: a mark behind a comma or a quote makes one
    /// character of both.
    private static func field(_ text: String) -> String {
        let shown = harmless(text)
        guard shown.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else {
            return shown
        }
        var quoted = String.UnicodeScalarView()
        for scalar in shown.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        return "\"" + String(quoted) + "\""
    }

    /// With a `'` before all that a spreadsheet would take for a formula: a buyer may be called
    /// anything.
    ///
    /// One that reads the journal by another separator has cells that begin within a text, and takes
    /// quotes there off.
    private static func harmless(_ text: String) -> String {
        let scalars = text.unicodeScalars
        var shown = String.UnicodeScalarView()
        var isStart = true
        for index in scalars.indices {
            if isStart {
                let next = shown.isEmpty ? scalars[index...] : scalars[index...].drop { $0 == "\"" }
                if next.first.map(formulaSigns.contains) ?? false { shown.append("'") }
            }
            shown.append(scalars[index])
            isStart = separators.contains(scalars[index])
        }
        return String(shown)
    }

    /// Behind which a cell begins for some.
    private static let separators = Set(";\t\r\n".unicodeScalars)

    /// With the wide ones, which some spreadsheets take for the narrow.
    private static let formulaSigns = Set("=+-@\t\r＝＋－＠".unicodeScalars)
}

extension Money {
    /// As a decimal number with two places, such as `-0.05`.
    package var decimalText: String {
        let digits = String(minor.magnitude)
        let filled = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        return (minor < 0 ? "-" : "") + filled.dropLast(2) + "." + filled.suffix(2)
    }
}

/// A Romanian company's fiscal code (cod unic de înregistrare), without the prefix `RO`.
package struct CUI: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// Whether it was written with the prefix `RO`, which marks a payer of value added tax.
    package let hasVATPrefix: Bool

    /// Reads two to ten digits with a valid check digit, with or without the prefix.
    package init?(parsing text: String) {
        var digits = Array(text.uppercased().utf8.filter { $0 != UInt8(ascii: " ") })
        hasVATPrefix = digits.starts(with: "RO".utf8)
        if hasVATPrefix { digits.removeFirst(2) }
        guard (2...10).contains(digits.count), digits.first != UInt8(ascii: "0") else {
            return nil
        }
        let values = digits.compactMap { byte in
            (48...57).contains(byte) ? Int(byte) - 48 : nil
        }
        guard values.count == digits.count else { return nil }
        let body = Array(repeating: 0, count: 10 - values.count) + values.dropLast()
        let sum = zip(body, [7, 5, 3, 2, 1, 7, 5, 3, 2]).reduce(0) { $0 + $1.0 * $1.1 }
        guard sum * 10 % 11 % 10 == values[values.count - 1] else { return nil }
        description = String(decoding: digits, as: UTF8.self)
    }
}

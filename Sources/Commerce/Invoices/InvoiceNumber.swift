/// The number of an issued document (BT-1): its series and its place in it, without gaps.
package struct InvoiceNumber: Sendable, Hashable, CustomStringConvertible {
    /// Letters and digits, such as `MEX`; 1 to 20.
    package let series: String
    /// From 1.
    package let ordinal: Int64

    /// Digits that an ordinal is filled up to with zeros.
    package static let width = 6

    /// Accepts a series of 1 to 20 upper-case letters and digits that begins with a letter, and an
    /// ordinal from 1.
    package init?(series: String, ordinal: Int64) {
        guard Self.isSeries(series), ordinal >= 1 else { return nil }
        self.series = series
        self.ordinal = ordinal
    }

    package static func isSeries(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return (1...20).contains(bytes.count) && (65...90).contains(bytes[0])
            && bytes.allSatisfy { (65...90).contains($0) || (48...57).contains($0) }
    }

    /// The series and the ordinal of at least six digits, such as `MEX000124`.
    package var description: String {
        let digits = String(ordinal)
        return series + String(repeating: "0", count: max(0, Self.width - digits.utf8.count))
            + digits
    }
}

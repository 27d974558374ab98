/// The digits of a telephone number with its country's code, in one form for all ways to write it.
///
/// A number without such a code is Romanian (40): `0722 123 456`, `+40 722 123 456`, `0040722123456`
/// and `+40 (0)722 123 456` are one. The column `orders.phone_digits` has the same form.
struct PhoneDigits: Sendable, Equatable {
    let text: String

    /// How many digits a number has at least, and how long it may be written, as at checkout.
    private static let fewestDigits = 6
    private static let longest = 32

    /// Reads a number; nil for what is none.
    init?(_ number: String) {
        var digits = Array(number.utf8.filter { (48...57).contains($0) })
        let isNumber = number.utf8.allSatisfy {
            (48...57).contains($0) || "+ -./()".utf8.contains($0)
        }
        guard isNumber, number.utf8.count <= Self.longest, digits.count >= Self.fewestDigits else {
            return nil
        }
        if digits.starts(with: "00".utf8) { digits.removeFirst(2) }
        if digits.starts(with: "400".utf8) {
            digits.replaceSubrange(0..<3, with: "40".utf8)
        } else if digits.starts(with: "0".utf8) {
            digits.replaceSubrange(0..<1, with: "40".utf8)
        }
        text = String(decoding: digits, as: UTF8.self)
    }
}

/// The public number of an order, such as `RO-7Q4K-92MX-3`: not guessable, no sequence, with a
/// check character.
///
/// Eight characters of Crockford's base 32 (40 random bits; no I, L, O, U) and a Luhn check
/// character modulo 32, which finds every single wrong character and nearly every swap of two.
package struct OrderNumber: Sendable, Hashable, CustomStringConvertible {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    package let description: String

    /// Makes a number of random bytes; the caller sees to it that no other order has it.
    package init(random: UInt64) {
        let symbols = (0..<8).map { Int(random >> (5 * UInt64($0)) & 31) }
        description = Self.text(symbols)
    }

    /// Reads a number as a person may write it: any case, blanks around, O for 0, I and L for 1.
    ///
    /// - Returns: nil if the form or the check character is wrong.
    package init?(parsing text: String) {
        var body = Array(text.uppercased().utf8)
        body.removeAll { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") }
        guard body.count == 11, body.starts(with: "RO".utf8) else { return nil }
        let symbols = body.dropFirst(2).compactMap { byte -> Int? in
            switch byte {
            case UInt8(ascii: "O"): 0
            case UInt8(ascii: "I"), UInt8(ascii: "L"): 1
            default: Self.alphabet.firstIndex(of: byte)
            }
        }
        guard symbols.count == 9 else { return nil }
        let canonical = Self.text(Array(symbols.prefix(8)))
        guard canonical.utf8.last == Self.alphabet[symbols[8]] else { return nil }
        description = canonical
    }

    private static func text(_ symbols: [Int]) -> String {
        let characters = (symbols + [checkSymbol(symbols)]).map { alphabet[$0] }
        func group(_ range: Range<Int>) -> String {
            String(decoding: characters[range], as: UTF8.self)
        }
        return "RO-\(group(0..<4))-\(group(4..<8))-\(group(8..<9))"
    }

    private static func checkSymbol(_ symbols: [Int]) -> Int {
        var sum = 0
        for (place, symbol) in symbols.reversed().enumerated() {
            let factor = place.isMultiple(of: 2) ? 2 : 1
            let product = symbol * factor
            sum += product / 32 + product % 32
        }
        return (32 - sum % 32) % 32
    }
}

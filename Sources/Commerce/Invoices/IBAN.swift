/// An international bank account number (ISO 13616), without blanks.
package struct IBAN: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Accepts 15 to 34 letters and digits whose remainder modulo 97 is 1 (ISO 7064); one of
    /// Romania has 24: `RO`, two digits, four letters and 16 letters and digits.
    package init?(parsing text: String) {
        let bytes = text.uppercased().utf8.filter { $0 != UInt8(ascii: " ") }
        guard (15...34).contains(bytes.count), bytes[0..<2].allSatisfy(Self.isLetter),
            bytes[2..<4].allSatisfy(Self.isDigit),
            bytes.allSatisfy({ Self.isLetter($0) || Self.isDigit($0) })
        else { return nil }
        if bytes.starts(with: "RO".utf8) {
            guard bytes.count == 24, bytes[4..<8].allSatisfy(Self.isLetter) else { return nil }
        }
        let remainder = (bytes[4...] + bytes[..<4]).reduce(0) { remainder, byte in
            Self.isDigit(byte)
                ? (remainder * 10 + Int(byte) - 48) % 97
                : (remainder * 100 + Int(byte) - 55) % 97
        }
        guard remainder == 1 else { return nil }
        description = String(decoding: bytes, as: UTF8.self)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

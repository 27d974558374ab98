/// Hexadecimal text: two lower-case digits a byte.
package enum Hex {
    private static let digits: StaticString = "0123456789abcdef"

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Writes the digits of `bytes` to the end of `buffer`.
    package static func append(_ bytes: some Collection<UInt8>, to buffer: inout [UInt8]) {
        let table = digits.utf8Start
        for byte in bytes {
            buffer.append(table[Int(byte >> 4)])
            buffer.append(table[Int(byte & 0x0F)])
        }
    }

    /// The bytes that `text` stands for; nil unless it is pairs of digits of either case.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for character in text.utf8 {
            guard let value = value(of: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

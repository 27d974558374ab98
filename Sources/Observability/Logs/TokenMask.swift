/// Finds what looks like a token or key in a text, and takes it out.
///
/// ```
/// | begins with            | at least        | becomes                       |
/// |------------------------|-----------------|-------------------------------|
/// | st_ gt_ cs_            | 16 characters   | st_[redacted]                 |
/// | sk_ rk_ whsec_         | 4 characters    | sk_[redacted]                 |
/// | pi_<id>_secret_        | 1 character     | pi_<id>_secret_[redacted]     |
/// | Bearer, Basic, a space | 8 characters    | Bearer [redacted]             |
/// ```
/// A token's characters are those of base64url. It begins at the text's start or after a byte
/// that is neither a letter nor a digit.
enum TokenMask {
    private struct Mark {
        let prefix: [UInt8]
        let minimum: Int

        init(_ prefix: StaticString, atLeast minimum: Int) {
            self.prefix = Array(
                UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
            )
            self.minimum = minimum
        }
    }

    private static let marks = [
        Mark("st_", atLeast: 16), Mark("gt_", atLeast: 16), Mark("cs_", atLeast: 16),
        Mark("sk_", atLeast: 4), Mark("rk_", atLeast: 4), Mark("whsec_", atLeast: 4),
        Mark("Bearer ", atLeast: 8), Mark("bearer ", atLeast: 8), Mark("Basic ", atLeast: 8),
    ]
    private static let secretPart = Array("_secret_".utf8)
    private static let replacement = Array("[redacted]".utf8)

    /// The text without its tokens; the text itself where it has none.
    static func masked(_ text: String) -> String {
        // Every mark but two has an underscore, and those two a space: most values have neither.
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: " ") })
        else { return text }
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var position = 0
        var copied = 0
        while position < bytes.count {
            if position == 0 || !isAlphanumeric(bytes[position - 1]),
                let secret = secret(in: bytes, at: position)
            {
                output += bytes[copied..<secret.lowerBound] + replacement
                position = secret.upperBound
                copied = position
            } else {
                position += 1
            }
        }
        guard copied > 0 else { return text }
        return String(decoding: output + bytes[copied...], as: UTF8.self)
    }

    /// What is to be taken out of a token that begins at `start`; nil if none begins there.
    private static func secret(in bytes: [UInt8], at start: Int) -> Range<Int>? {
        for mark in marks where bytes[start...].starts(with: mark.prefix) {
            let first = start + mark.prefix.count
            let end = endOfToken(in: bytes, from: first)
            return end - first >= mark.minimum ? first..<end : nil
        }
        guard bytes[start...].starts(with: "pi_".utf8) else { return nil }
        let end = endOfToken(in: bytes, from: start)
        guard end - start > secretPart.count else { return nil }
        for position in start..<(end - secretPart.count)
        where bytes[position...].starts(with: secretPart) {
            return (position + secretPart.count)..<end
        }
        return nil
    }

    private static func endOfToken(in bytes: [UInt8], from start: Int) -> Int {
        bytes[start...].firstIndex { byte in
            !isAlphanumeric(byte) && byte != UInt8(ascii: "_") && byte != UInt8(ascii: "-")
        } ?? bytes.count
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}

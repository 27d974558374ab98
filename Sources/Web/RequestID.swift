/// The id that a request carries through logs and answers.
package enum RequestID {
    /// The web server's id if it is sane (8 to 64 letters, digits, `-` and `_`), else a new one.
    package static func of(_ parameters: Parameters) -> String {
        if let given = parameters[.requestID], (8...64).contains(given.count),
            given.allSatisfy(isAllowed)
        {
            return String(decoding: given, as: UTF8.self)
        }
        return hexadecimal(.random(in: .min ... .max)) + hexadecimal(.random(in: .min ... .max))
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}

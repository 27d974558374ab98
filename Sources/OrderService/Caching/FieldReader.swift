/// Reads the `|`-separated fields at the front of a cached value, over its bytes.
struct FieldReader {
    /// All that follows the fields read so far.
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next field; nil if there is no separator any more.
    mutating func field() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "|")) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// The next field as a number without sign; nil if it is none.
    mutating func number() -> Int64? {
        guard let digits = field(), (1...18).contains(digits.count) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return value
    }
}

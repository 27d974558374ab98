/// Reads the `|`-separated fields of a cached value, over its bytes.
struct FieldReader {
    private let bytes: [UInt8]
    /// Where what follows the fields read so far begins.
    private(set) var position: Int

    init(_ bytes: [UInt8], from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// Where the next field is; nil if there is no separator any more.
    mutating func field() -> Range<Int>? {
        var end = position
        while end < bytes.count {
            if bytes[end] == UInt8(ascii: "|") {
                defer { position = end + 1 }
                return position..<end
            }
            end += 1
        }
        return nil
    }

    /// The next field as a number without sign; nil if it is none.
    mutating func number() -> Int64? {
        guard let digits = field(), (1...18).contains(digits.count) else { return nil }
        var value: Int64 = 0
        for index in digits {
            guard (48...57).contains(bytes[index]) else { return nil }
            value = value * 10 + Int64(bytes[index] - 48)
        }
        return value
    }
}

/// The variable segments of a matched path, in order; at most three.
package struct Captures: Sendable {
    private let path: ArraySlice<UInt8>
    // Offsets from the path's beginning; the first `count` of them count.
    private var ranges = InlineArray<3, Range<Int>>(repeating: 0..<0)
    private var count = 0

    package init() {
        self.init(path: [])
    }

    init(path: ArraySlice<UInt8>) {
        self.path = path
    }

    /// The bytes of a segment; empty if there are fewer.
    package subscript(_ index: Int) -> ArraySlice<UInt8> {
        guard index < count else { return [] }
        let range = ranges[index]
        let start = path.startIndex
        return path[start + range.lowerBound..<start + range.upperBound]
    }

    /// A segment as text; nil if it is not ASCII.
    ///
    /// Whatever has a name in a path is: MariaDB refuses to compare an ASCII column with anything
    /// else.
    package func text(_ index: Int) -> String? {
        let segment = self[index]
        return segment.allSatisfy { $0 < 0x80 } ? String(decoding: segment, as: UTF8.self) : nil
    }

    /// A segment as a positive decimal number without sign, blanks or leading zeros.
    package func number(_ index: Int) -> Int64? {
        let digits = self[index]
        guard (1...18).contains(digits.count), digits.first != UInt8(ascii: "0") else {
            return nil
        }
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// - Returns: false if there is no room.
    mutating func append(_ range: Range<Int>) -> Bool {
        guard count < ranges.count else { return false }
        ranges[count] = range
        count += 1
        return true
    }

    mutating func removeLast() {
        count -= 1
    }
}

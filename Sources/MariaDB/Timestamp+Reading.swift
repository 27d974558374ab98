extension Timestamp {
    /// Reads a time by RFC 3339 in UTC, such as `2026-02-28T23:59:59.123Z`; digits of the second's
    /// fraction beyond the sixth are cut.
    ///
    /// - Returns: nil for another form or offset, and for a time that does not exist.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 30, bytes[10] | 0x20 == UInt8(ascii: "t"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            bytes.last == UInt8(ascii: "Z"),
            var civil = CivilTime(day: bytes[0..<10]), let hour = bytes[11..<13].number,
            let minute = bytes[14..<16].number, let second = bytes[17..<19].number
        else { return nil }
        (civil.hour, civil.minute, civil.second) = (hour, minute, second)
        let fraction = bytes[19..<bytes.count - 1]
        if !fraction.isEmpty {
            guard fraction.first == UInt8(ascii: "."), fraction.dropFirst().number != nil else {
                return nil
            }
            let digits = fraction.dropFirst().prefix(6)
            let missing = repeatElement(UInt8(ascii: "0"), count: 6 - digits.count)
            guard let microsecond = (digits + missing).number else { return nil }
            civil.microsecond = microsecond
        }
        self.init(civil)
    }

    /// Reads a day such as `2026-02-28`, as its beginning in UTC; nil for what is none.
    package init?(day text: String) {
        guard let civil = CivilTime(day: Array(text.utf8)[...]) else { return nil }
        self.init(civil)
    }
}

extension CivilTime {
    fileprivate init?(day bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        guard bytes.count == 10, bytes[start + 4] == UInt8(ascii: "-"),
            bytes[start + 7] == UInt8(ascii: "-"), let year = bytes[start..<start + 4].number,
            let month = bytes[start + 5..<start + 7].number,
            let day = bytes[start + 8..<start + 10].number
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

extension ArraySlice<UInt8> {
    /// The number of decimal digits, 18 at most; nil if there is another character, or none.
    fileprivate var number: Int64? {
        guard (1...18).contains(count), allSatisfy({ (48...57).contains($0) }) else { return nil }
        return reduce(0) { $0 * 10 + Int64($1 - 48) }
    }
}

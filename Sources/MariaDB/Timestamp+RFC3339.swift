extension Timestamp {
    /// How many digits of the second's fraction are written; the rest is cut, not rounded.
    package enum Precision: Int, Sendable {
        case seconds = 0
        case milliseconds = 3
        case microseconds = 6
    }

    /// The timestamp by RFC 3339 in UTC with milliseconds: `2026-02-28T23:59:59.123Z`.
    package var rfc3339: String { rfc3339(.milliseconds) }

    /// The timestamp by RFC 3339 in UTC, with the fraction cut to `precision`.
    package func rfc3339(_ precision: Precision) -> String {
        let civil = CivilTime(self)
        var text: [UInt8] = []
        text.reserveCapacity(27)
        text.appendDigits(of: civil.year, width: 4)
        text.append(UInt8(ascii: "-"))
        text.appendDigits(of: civil.month, width: 2)
        text.append(UInt8(ascii: "-"))
        text.appendDigits(of: civil.day, width: 2)
        text.append(UInt8(ascii: "T"))
        text.appendDigits(of: civil.hour, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendDigits(of: civil.minute, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendDigits(of: civil.second, width: 2)
        switch precision {
        case .seconds:
            break
        case .milliseconds:
            text.append(UInt8(ascii: "."))
            text.appendDigits(of: civil.microsecond / 1_000, width: 3)
        case .microseconds:
            text.append(UInt8(ascii: "."))
            text.appendDigits(of: civil.microsecond, width: 6)
        }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate mutating func appendDigits(of number: Int64, width: Int) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}

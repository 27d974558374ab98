/// JSON objects, one a line, written piece by piece into one array of bytes.
///
/// Field names are the caller's own words and written as they are if they are literals; values are
/// escaped, and what looks like one of our tokens is masked wherever it stands.
struct LogLine {
    private(set) var bytes: [UInt8] = []

    /// Values are cut after this many bytes of UTF-8.
    static let valueLimit = 1_024
    /// Messages are cut after this many bytes of UTF-8.
    static let messageLimit = 4_096

    private static let hexDigits: StaticString = "0123456789abcdef"

    init(reserving capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func begin(time: LogTime, level: StaticString) {
        append("{\"time\":\"")
        time.write(to: &bytes)
        append("\",\"level\":\"")
        append(level)
        append("\"")
    }

    mutating func end() {
        append("}\n")
    }

    mutating func field(_ name: StaticString, _ value: String, limit: Int = valueLimit) {
        append(",\"")
        append(name)
        append("\":")
        quoted(value, limit: limit)
    }

    mutating func field(_ name: StaticString, _ value: Int) {
        append(",\"")
        append(name)
        append("\":")
        number(value)
    }

    /// A field whose value is a duration in milliseconds with three decimals.
    mutating func field(_ name: StaticString, milliseconds nanoseconds: UInt64) {
        append(",\"")
        append(name)
        append("\":")
        self.milliseconds(nanoseconds)
    }

    /// A field with a name that is not a literal.
    mutating func field(named name: String, _ value: String) {
        append(",")
        quoted(name, limit: Self.valueLimit)
        append(":")
        quoted(value, limit: Self.valueLimit)
    }

    mutating func upstreamCalls(_ calls: some Collection<UpstreamCall>) {
        append(",\"upstream\":[")
        var separator: StaticString = "{\"name\":"
        for call in calls {
            append(separator)
            quoted(call.name, limit: Self.valueLimit)
            append(",\"ms\":")
            milliseconds(call.duration.wholeNanoseconds)
            append(",\"outcome\":")
            quoted(call.outcome, limit: Self.valueLimit)
            append("}")
            separator = ",{\"name\":"
        }
        append("]")
    }

    /// Hands the lines over and forgets them, keeping the memory.
    mutating func move(to other: inout [UInt8]) {
        other.append(contentsOf: bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Forgets the lines, keeping the memory.
    mutating func drop() {
        bytes.removeAll(keepingCapacity: true)
    }

    private mutating func milliseconds(_ nanoseconds: UInt64) {
        let microseconds = Int(clamping: nanoseconds / 1_000)
        number(microseconds / 1_000)
        bytes.append(UInt8(ascii: "."))
        let rest = microseconds % 1_000
        bytes.append(UInt8(ascii: "0") + UInt8(rest / 100))
        bytes.append(UInt8(ascii: "0") + UInt8(rest / 10 % 10))
        bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
    }

    private mutating func number(_ value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }

    private mutating func quoted(_ text: String, limit: Int) {
        // Masked before it is cut, or the cut could leave a token too short to be known as one.
        let masked = TokenMask.masked(text)
        bytes.append(UInt8(ascii: "\""))
        let kept = Self.prefix(of: masked, limit: limit)
        for byte in kept.utf8 { escape(byte) }
        if kept.endIndex != masked.endIndex { append("…") }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func prefix(of text: String, limit: Int) -> Substring {
        guard text.utf8.count > limit else { return text[...] }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while UTF8.isContinuation(text.utf8[end]) { end = text.utf8.index(before: end) }
        return text[..<end]
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0..<0x20, 0x7F:
            append("\\u00")
            for digit in [byte >> 4, byte & 0x0F] {
                bytes.append(Self.hexDigits.utf8Start[Int(digit)])
            }
        default: bytes.append(byte)
        }
    }
}

import Web

/// The head of a CGI answer (RFC 3875, section 6), written into a buffer that is used again.
struct ResponseHead {
    private(set) var bytes: [UInt8] = []
    /// Fields left out of the last head because their value would have ended the line.
    private(set) var droppedFields = 0

    init() {
        bytes.reserveCapacity(2_048)
    }

    /// Writes the head of `response` over the former one.
    mutating func write(_ response: Response) {
        bytes.removeAll(keepingCapacity: true)
        droppedFields = 0
        append("Status: ")
        append(response.status.rawValue)
        append(" ")
        append(response.status.phrase)
        append("\r\n")
        append(response.readyLines)
        for field in response.fields { append(field) }
        if response.status.isBodiless {
            append("\r\n")
        } else {
            append("Content-Length: ")
            append(response.body.count)
            append("\r\n\r\n")
        }
    }

    private mutating func append(_ field: Response.Field) {
        let start = bytes.count
        append(field.name)
        append(": ")
        let valueStart = bytes.count
        bytes.append(contentsOf: field.value.utf8)
        // A value with a line break would be read as further fields by the web server.
        guard !bytes[valueStart...].contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F })
        else {
            bytes.removeSubrange(start...)
            droppedFields += 1
            return
        }
        append("\r\n")
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ number: Int) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = digits.count
        var rest = number.magnitude
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        for index in first..<digits.count { bytes.append(digits[index]) }
    }
}

/// What can stand as an argument of a command: bytes of any content, text, or a whole number.
package protocol RedisArgument: Sendable {
    /// Writes the argument as a bulk string of the protocol to the end of `request`.
    func appendBulkString(to request: inout [UInt8])
}

extension [UInt8]: RedisArgument {
    package func appendBulkString(to request: inout [UInt8]) {
        request.appendLine(marker: UInt8(ascii: "$"), number: count)
        request.append(contentsOf: self)
        request.appendLineEnd()
    }
}

extension ArraySlice<UInt8>: RedisArgument {
    package func appendBulkString(to request: inout [UInt8]) {
        request.appendLine(marker: UInt8(ascii: "$"), number: count)
        request.append(contentsOf: self)
        request.appendLineEnd()
    }
}

extension String: RedisArgument {
    package func appendBulkString(to request: inout [UInt8]) {
        request.appendLine(marker: UInt8(ascii: "$"), number: utf8.count)
        request.append(contentsOf: utf8)
        request.appendLineEnd()
    }
}

extension Substring: RedisArgument {
    package func appendBulkString(to request: inout [UInt8]) {
        request.appendLine(marker: UInt8(ascii: "$"), number: utf8.count)
        request.append(contentsOf: utf8)
        request.appendLineEnd()
    }
}

extension Int: RedisArgument {
    package func appendBulkString(to request: inout [UInt8]) {
        String(self).appendBulkString(to: &request)
    }
}

extension Int64: RedisArgument {
    package func appendBulkString(to request: inout [UInt8]) {
        String(self).appendBulkString(to: &request)
    }
}

extension [UInt8] {
    /// Writes a length line of the protocol, such as `*3` or `$12`.
    package mutating func appendLine(marker: UInt8, number: Int) {
        append(marker)
        // Lengths are short, and stand in every command.
        if number < 10 {
            append(UInt8(ascii: "0") + UInt8(number))
        } else if number < 100 {
            append(UInt8(ascii: "0") + UInt8(number / 10))
            append(UInt8(ascii: "0") + UInt8(number % 10))
        } else {
            append(contentsOf: String(number).utf8)
        }
        appendLineEnd()
    }

    package mutating func appendLineEnd() {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
    }
}

/// The CGI parameters of a request, kept as the bytes of FastCGI name-value pairs.
///
/// A handful that nearly every request needs are found in one pass and kept as offsets; the rest
/// are looked for on demand. No `String` is made of a value that nobody asks for.
package struct Parameters: Sendable {
    /// The parameters that are located while the block is read.
    package enum Known: Int, CaseIterable, Sendable {
        case requestMethod
        case requestURI
        case contentLength
        case contentType
        case remoteAddress
        case https
        case authorization
        case cookie
        case ifNoneMatch
        case ifMatch
        case idempotencyKey
        case requestID
        case traceParent
        case origin
        case csrfToken
    }

    /// The block: pairs of FastCGI 1.0, section 3.4, without record headers.
    package let bytes: [UInt8]

    // Offset in the upper half, length in the lower; absent is all ones.
    private var slots: InlineArray<15, UInt64>
    private static let absent = UInt64.max
    // A bit for each located parameter that came more than once.
    private var repeated: UInt32 = 0

    /// Reads a block of name-value pairs.
    ///
    /// - Returns: nil if a length runs past the block's end or a pair is cut off.
    package init?(pairs bytes: [UInt8]) {
        self.bytes = bytes
        slots = InlineArray(repeating: Self.absent)
        var found = InlineArray<15, UInt64>(repeating: Self.absent)
        var repeated: UInt32 = 0
        let isWhole = bytes.withUnsafeBufferPointer { buffer in
            var cursor = PairCursor(buffer)
            while let pair = cursor.next() {
                guard let known = Known(name: buffer[pair.name]) else { continue }
                guard found[known.rawValue] == Self.absent else {
                    repeated |= 1 << UInt32(known.rawValue)
                    continue
                }
                found[known.rawValue] =
                    UInt64(pair.value.lowerBound) << 32 | UInt64(pair.value.count)
            }
            return cursor.isAtEnd
        }
        guard isWhole else { return nil }
        slots = found
        self.repeated = repeated
    }

    /// Whether the parameter is there, even if empty.
    package func contains(_ known: Known) -> Bool {
        slots[known.rawValue] != Self.absent
    }

    /// Whether the parameter came more than once: web servers pass a repeated header field as it is.
    package func isRepeated(_ known: Known) -> Bool {
        repeated & 1 << UInt32(known.rawValue) != 0
    }

    /// The bytes of a located parameter; nil if the request does not have it.
    package subscript(_ known: Known) -> ArraySlice<UInt8>? {
        let slot = slots[known.rawValue]
        guard slot != Self.absent else { return nil }
        let start = Int(slot >> 32)
        return bytes[start..<start + Int(slot & 0xFFFF_FFFF)]
    }

    /// The bytes of the first parameter with this name, for instance `HTTP_ACCEPT`.
    package subscript(name name: String) -> ArraySlice<UInt8>? {
        let range = bytes.withUnsafeBufferPointer { buffer -> Range<Int>? in
            var cursor = PairCursor(buffer)
            while let pair = cursor.next() {
                if buffer[pair.name].elementsEqual(name.utf8) { return pair.value }
            }
            return nil
        }
        return range.map { bytes[$0] }
    }

    /// Lays out pairs as a block, for tests and stand-ins.
    package static func encoded(_ pairs: [(name: String, value: String)]) -> [UInt8] {
        func length(_ count: Int) -> [UInt8] {
            if count < 128 { return [UInt8(count)] }
            let long = UInt32(count) | 0x8000_0000
            return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: long >> $0) }
        }
        return pairs.flatMap { pair in
            length(pair.name.utf8.count) + length(pair.value.utf8.count)
                + Array(pair.name.utf8) + Array(pair.value.utf8)
        }
    }
}

extension Parameters.Known {
    /// The parameter of this name; nil for all that are looked up on demand only.
    fileprivate init?(name: Slice<UnsafeBufferPointer<UInt8>>) {
        func matches(_ candidate: StaticString) -> Bool {
            candidate.withUTF8Buffer { $0.elementsEqual(name) }
        }
        switch name.count {
        case 5 where matches("HTTPS"): self = .https
        case 11 where matches("REQUEST_URI"): self = .requestURI
        case 11 where matches("REMOTE_ADDR"): self = .remoteAddress
        case 11 where matches("HTTP_COOKIE"): self = .cookie
        case 11 where matches("HTTP_ORIGIN"): self = .origin
        case 12 where matches("CONTENT_TYPE"): self = .contentType
        case 13 where matches("HTTP_IF_MATCH"): self = .ifMatch
        case 14 where matches("REQUEST_METHOD"): self = .requestMethod
        case 14 where matches("CONTENT_LENGTH"): self = .contentLength
        case 16 where matches("HTTP_TRACEPARENT"): self = .traceParent
        case 17 where matches("HTTP_X_CSRF_TOKEN"): self = .csrfToken
        case 17 where matches("HTTP_X_REQUEST_ID"): self = .requestID
        case 18 where matches("HTTP_AUTHORIZATION"): self = .authorization
        case 18 where matches("HTTP_IF_NONE_MATCH"): self = .ifNoneMatch
        case 20 where matches("HTTP_IDEMPOTENCY_KEY"): self = .idempotencyKey
        default: return nil
        }
    }
}

/// Walks the name-value pairs of FastCGI 1.0, section 3.4: each length is one byte below 128, or
/// four with the highest bit set.
private struct PairCursor {
    private let buffer: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ buffer: UnsafeBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    /// Whether every byte belonged to a whole pair; asked after `next()` returned nil.
    var isAtEnd: Bool { position == buffer.count }

    mutating func next() -> (name: Range<Int>, value: Range<Int>)? {
        var cursor = position
        guard let nameLength = length(at: &cursor), let valueLength = length(at: &cursor),
            nameLength + valueLength <= buffer.count - cursor
        else { return nil }
        let name = cursor..<cursor + nameLength
        let value = name.upperBound..<name.upperBound + valueLength
        position = value.upperBound
        return (name, value)
    }

    private func length(at cursor: inout Int) -> Int? {
        guard cursor < buffer.count else { return nil }
        let first = Int(buffer[cursor])
        guard first >= 128 else {
            cursor += 1
            return first
        }
        guard cursor + 4 <= buffer.count else { return nil }
        defer { cursor += 4 }
        return (first & 0x7F) << 24 | Int(buffer[cursor + 1]) << 16
            | Int(buffer[cursor + 2]) << 8 | Int(buffer[cursor + 3])
    }
}

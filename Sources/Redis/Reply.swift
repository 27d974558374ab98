/// An answer of Redis to one command.
package enum Reply: Sendable, Equatable {
    /// No such key, or nothing there.
    case null

    /// A short word such as `OK` or `PONG`.
    case status(String)

    case integer(Int64)

    /// A value, of any content.
    case bytes([UInt8])

    case array([Reply])

    /// The command was refused; only inside of a pipeline's or a transaction's replies.
    case error(RedisServerError)

    package var isNull: Bool { self == .null }

    package var isOK: Bool { self == .status("OK") }

    /// The value's bytes; nil if this is not a value.
    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    /// The value or status as text; nil if it is neither, or not UTF-8.
    package var string: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The number; nil if this is not an integer reply.
    package var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// The elements; nil if this is not an array.
    package var array: [Reply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The server's refusal; nil if this is none.
    package var error: RedisServerError? {
        if case .error(let error) = self { error } else { nil }
    }
}

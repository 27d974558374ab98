/// A value as the binary protocol carries it, bound to a statement or read from a row.
package enum SQLValue: Sendable, Hashable {
    case null
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    /// Text in UTF-8; also a `DECIMAL` with a fraction and a `TIME`, as the server writes them.
    case string(String)
    case bytes([UInt8])
    case dateTime(Timestamp)
}

/// A type whose values can be bound to a statement.
///
/// A type of the domain conforms by naming the value that its column holds:
/// ```swift
/// extension OrderID: SQLBindable {
///     package var sqlValue: SQLValue { .string(text) }
/// }
/// ```
package protocol SQLBindable {
    var sqlValue: SQLValue { get }
}

extension SQLValue: SQLBindable {
    package var sqlValue: SQLValue { self }
}

extension Int: SQLBindable {
    package var sqlValue: SQLValue { .int(Int64(self)) }
}

extension Int64: SQLBindable {
    package var sqlValue: SQLValue { .int(self) }
}

extension UInt64: SQLBindable {
    package var sqlValue: SQLValue { .uint(self) }
}

extension Double: SQLBindable {
    package var sqlValue: SQLValue { .double(self) }
}

extension Bool: SQLBindable {
    package var sqlValue: SQLValue { .int(self ? 1 : 0) }
}

extension String: SQLBindable {
    package var sqlValue: SQLValue { .string(self) }
}

extension [UInt8]: SQLBindable {
    package var sqlValue: SQLValue { .bytes(self) }
}

extension Timestamp: SQLBindable {
    package var sqlValue: SQLValue { .dateTime(self) }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    package var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

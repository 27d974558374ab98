/// One row of a result, read by column name or position.
///
/// Each getter throws `MariaDBError.decoding` if the column is missing, null or of another type;
/// its `optional…` form returns nil for null.
package struct Row: Sendable {
    /// A column's name, or its position counted from 0.
    package enum Column: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case name(String)
        case index(Int)

        package init(stringLiteral name: String) {
            self = .name(name)
        }

        package init(integerLiteral index: Int) {
            self = .index(index)
        }
    }

    /// The column names, shared by all rows of a result.
    final class Header: Sendable {
        let names: [String]

        init(names: [String]) {
            self.names = names
        }
    }

    let header: Header
    package let values: [SQLValue]

    package var columnNames: [String] { header.names }

    /// The value as it was read.
    package func value(_ column: Column) throws(MariaDBError) -> SQLValue {
        let position =
            switch column {
            case .name(let name): header.names.firstIndex(of: name)
            case .index(let index): values.indices.contains(index) ? index : nil
            }
        guard let position else { throw .decoding(column, "there is no such column") }
        return values[position]
    }

    package func int(_ column: Column) throws(MariaDBError) -> Int {
        try required(column, Int.init(sqlValue:))
    }

    package func optionalInt(_ column: Column) throws(MariaDBError) -> Int? {
        try optional(column, Int.init(sqlValue:))
    }

    package func int64(_ column: Column) throws(MariaDBError) -> Int64 {
        try required(column, Int64.init(sqlValue:))
    }

    package func optionalInt64(_ column: Column) throws(MariaDBError) -> Int64? {
        try optional(column, Int64.init(sqlValue:))
    }

    package func uint64(_ column: Column) throws(MariaDBError) -> UInt64 {
        try required(column, UInt64.init(sqlValue:))
    }

    package func optionalUInt64(_ column: Column) throws(MariaDBError) -> UInt64? {
        try optional(column, UInt64.init(sqlValue:))
    }

    package func double(_ column: Column) throws(MariaDBError) -> Double {
        try required(column, Double.init(sqlValue:))
    }

    package func optionalDouble(_ column: Column) throws(MariaDBError) -> Double? {
        try optional(column, Double.init(sqlValue:))
    }

    /// An integer as a truth value: 0 is false, anything else true.
    package func bool(_ column: Column) throws(MariaDBError) -> Bool {
        try required(column, Bool.init(sqlValue:))
    }

    package func optionalBool(_ column: Column) throws(MariaDBError) -> Bool? {
        try optional(column, Bool.init(sqlValue:))
    }

    package func string(_ column: Column) throws(MariaDBError) -> String {
        try required(column, String.init(sqlValue:))
    }

    package func optionalString(_ column: Column) throws(MariaDBError) -> String? {
        try optional(column, String.init(sqlValue:))
    }

    /// The bytes of a binary column, or of a text one in UTF-8.
    package func bytes(_ column: Column) throws(MariaDBError) -> [UInt8] {
        try required(column, [UInt8].init(sqlValue:))
    }

    package func optionalBytes(_ column: Column) throws(MariaDBError) -> [UInt8]? {
        try optional(column, [UInt8].init(sqlValue:))
    }

    package func timestamp(_ column: Column) throws(MariaDBError) -> Timestamp {
        try required(column, Timestamp.init(sqlValue:))
    }

    package func optionalTimestamp(_ column: Column) throws(MariaDBError) -> Timestamp? {
        try optional(column, Timestamp.init(sqlValue:))
    }

    private func required<Value>(
        _ column: Column,
        _ convert: (SQLValue) -> Value?
    ) throws(MariaDBError) -> Value {
        guard let value = try optional(column, convert) else {
            throw .decoding(column, "it is null")
        }
        return value
    }

    private func optional<Value>(
        _ column: Column,
        _ convert: (SQLValue) -> Value?
    ) throws(MariaDBError) -> Value? {
        let value = try value(column)
        if case .null = value { return nil }
        guard let converted = convert(value) else {
            throw .decoding(column, "it does not hold a \(Value.self)")
        }
        return converted
    }
}

extension MariaDBError {
    fileprivate static func decoding(_ column: Row.Column, _ reason: String) -> MariaDBError {
        let name =
            switch column {
            case .name(let name): name
            case .index(let index): "#\(index)"
            }
        return .decoding(DecodingFailure(column: name, reason: reason))
    }
}

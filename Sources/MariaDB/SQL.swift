/// A statement: text with `?` for each value, and the values bound to them.
///
/// Interpolation can only bind, so no value becomes text:
/// ```swift
/// let orders: SQL = "SELECT id FROM orders WHERE user = \(user) AND status IN (\(list: all))"
/// ```
/// The text is the key of the statement cache, so it must not vary with the values.
package struct SQL: Sendable, Hashable {
    package private(set) var text: String
    package private(set) var values: [SQLValue]
    /// Whether a connection keeps it prepared for the next time.
    private(set) var isKept = true

    /// Makes a statement of text alone.
    package init(_ text: StaticString) {
        self.text = text.description
        values = []
    }

    /// Adds `other`, text and values, at the end; for conditions that a caller may leave out.
    package mutating func append(_ other: SQL) {
        text += other.text
        values += other.values
    }

    /// The same statement, prepared each time that it runs; costs another round trip.
    ///
    /// For searches along an index that has generated columns. MariaDB 10.11 takes them from the index
    /// alone when the statement runs for the first time; later on, once another statement has used the
    /// table, it reads the whole row for each of the index's entries.
    package var preparedAnew: SQL {
        var statement = self
        statement.isKept = false
        return statement
    }

    /// Whether the statement only reads, by its first word; a locking read counts as reading.
    var isReadOnly: Bool {
        let start = text.utf8.drop { $0 <= UInt8(ascii: " ") || $0 == UInt8(ascii: "(") }
        let word = start.prefix(6).map { $0 | 0x20 }
        return word.elementsEqual("select".utf8) || word.prefix(4).elementsEqual("with".utf8)
    }

    private init(text: String, values: [SQLValue]) {
        self.text = text
        self.values = values
    }
}

extension SQL: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init(text: value, values: [])
    }

    package init(stringInterpolation: StringInterpolation) {
        self.init(text: stringInterpolation.text, values: stringInterpolation.values)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var values: [SQLValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount)
            values.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Binds a value: `\(id)` becomes `?`.
        package mutating func appendInterpolation(_ value: some SQLBindable) {
            text += "?"
            values.append(value.sqlValue)
        }

        /// Binds a value or NULL.
        package mutating func appendInterpolation<Value: SQLBindable>(_ value: Value?) {
            text += "?"
            values.append(value?.sqlValue ?? .null)
        }

        /// Inserts another statement's text and values, such as a list of columns in common use.
        package mutating func appendInterpolation(_ fragment: SQL) {
            text += fragment.text
            values += fragment.values
        }

        /// Inserts text known at compile time, such as a table's name.
        package mutating func appendInterpolation(unescaped text: StaticString) {
            self.text += text.description
        }

        /// Binds the values of an `IN` list, without its parentheses.
        ///
        /// The list is filled up with its last value to the next power of two, so that lists of
        /// all lengths share a few texts in the statement cache. An empty list becomes `NULL`,
        /// which no row matches, neither with `IN` nor with `NOT IN`.
        package mutating func appendInterpolation(list: [some SQLBindable]) {
            guard let last = list.last else {
                text += "NULL"
                return
            }
            var count = 1
            while count < list.count { count *= 2 }
            text += "?" + String(repeating: ",?", count: count - 1)
            values += list.map(\.sqlValue)
            values += repeatElement(last.sqlValue, count: count - list.count)
        }

        /// Inserts conditions, joined by `AND`; there is one at least.
        package mutating func appendInterpolation(all conditions: [SQL]) {
            precondition(!conditions.isEmpty, "nothing is no condition")
            text += conditions.map(\.text).joined(separator: " AND ")
            values += conditions.flatMap(\.values)
        }

        /// Binds rows for a `VALUES` list: `\(rows: two)` becomes `(?,?),(?,?)`.
        ///
        /// Each count of rows is a text of its own in the statement cache, so a caller with many
        /// rows keeps to a few counts. A statement holds 65,535 values at most.
        package mutating func appendInterpolation(rows: some Collection<[SQLValue]>) {
            guard let width = rows.first?.count, width > 0 else {
                preconditionFailure("a list of rows has a row, and a row a value")
            }
            precondition(width * rows.count <= 65_535, "a statement holds 65,535 values")
            let row = "(?" + String(repeating: ",?", count: width - 1) + ")"
            text += row + String(repeating: "," + row, count: rows.count - 1)
            for row in rows {
                precondition(row.count == width, "all rows have the same columns")
                values += row
            }
        }
    }
}

/// A JSON value (RFC 8259) whose objects keep the order of their members.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(name: String, value: JSON)])

    /// A member of an object; nil for other values and for members that are not there.
    package subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// An element of an array; nil for other values and outside the bounds.
    package subscript(_ index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else {
            return nil
        }
        return elements[index]
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// An integer, also one that is written like `2.0` or `2e0`; nil for one so written that a
    /// `Double` may not hold it exactly.
    package var wholeNumber: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value) where abs(value) < 0x1p53: Int64(exactly: value)
        default: nil
        }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var members: [(name: String, value: JSON)]? {
        if case .object(let value) = self { value } else { nil }
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }
}

extension JSON: Equatable {
    /// Objects are equal if their members are, in any order.
    package static func == (first: JSON, second: JSON) -> Bool {
        switch (first, second) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count && a.allSatisfy { member in second[member.name] == member.value }
        default: false
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { (name: $0.0, value: $0.1) })
    }

    /// The string, or null where there is none.
    package init(_ value: String?) { self = value.map(JSON.string) ?? .null }

    /// The number, or null where there is none.
    package init(_ value: Int64?) { self = value.map(JSON.integer) ?? .null }

    /// The count as a number.
    package init(_ value: Int) { self = .integer(Int64(value)) }
}

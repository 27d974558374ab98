/// The fields of a query string or of a form body (`application/x-www-form-urlencoded`).
package struct Query: Sendable {
    package let fields: [(name: String, value: String)]
    /// Whether all there is could be decoded, and stands in `fields`.
    private let isWhole: Bool

    /// Why nobody can tell what is asked for.
    package enum Fault: Sendable, Equatable {
        /// Something is not percent-encoded UTF-8.
        case undecodable
        /// The field of this name has several values.
        case ambiguous(String)
    }

    /// Reads the fields; what is not valid UTF-8 once decoded is left out.
    package init(_ bytes: ArraySlice<UInt8>) {
        let parts = bytes.split(separator: UInt8(ascii: "&"))
        fields = parts.compactMap { field in
            let parts = field.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = parts.first.flatMap(Self.decoded) else { return nil }
            guard let value = parts.count > 1 ? Self.decoded(parts[1]) : "" else { return nil }
            return (name, value)
        }
        isWhole = fields.count == parts.count
    }

    /// The first value of a field.
    package subscript(_ name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// Nil if every field can be read and has one value, however often it is given.
    package var fault: Fault? {
        guard isWhole else { return .undecodable }
        let values = Dictionary(fields.map { ($0.name, $0.value) }) { first, _ in first }
        return fields.first { values[$0.name] != $0.value }.map { .ambiguous($0.name) }
    }

    /// All values of a field, in order.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"):
                result.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexValue),
                    let low = iterator.next().flatMap(hexValue)
                else { return nil }
                result.append(high << 4 | low)
            default:
                result.append(byte)
            }
        }
        return String(validating: result, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

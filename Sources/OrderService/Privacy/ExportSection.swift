import MariaDB
import Signing
import Web

/// One part of an export: rows of a table, as a list of objects.
///
/// `ExportSection+All.swift` has them all; a table more is an element more.
struct ExportSection<Key: Sendable>: Sendable {
    let name: String
    /// The rows that are about `Key`; nil where the table has none of its kind.
    let rows: @Sendable (Key) -> SQL?

    init(_ name: String, _ rows: @escaping @Sendable (Key) -> SQL?) {
        self.name = name
        self.rows = rows
    }
}

/// Columns whose text or bytes are JSON.
private let documents: Set<String> = [
    "billing", "shipping", "document", "outcome", "payload", "counts",
]

extension JSON {
    /// A row as an object: its columns in their order, in the API's way of writing names.
    init(exporting row: Row) {
        let members = zip(row.columnNames, row.values).map { column, value in
            (name: Self.camelCase(column), value: JSON(exporting: value, column))
        }
        self = .object(members)
    }

    private init(exporting value: SQLValue, _ column: String) {
        switch value {
        case .null: self = .null
        case .int(let number): self = .integer(number)
        case .uint(let number): self = .integer(Int64(clamping: number))
        case .double(let number): self = .number(number)
        case .string(let text):
            let parsed = documents.contains(column) ? try? JSON(parsing: Array(text.utf8)) : nil
            self = parsed?.withoutSecrets ?? .string(text)
        case .bytes(let bytes):
            let parsed = documents.contains(column) ? try? JSON(parsing: bytes) : nil
            self = parsed?.withoutSecrets ?? .string(Hex.encode(bytes))
        case .dateTime(let time): self = .string(time.rfc3339)
        }
    }

    /// The same without what opens a payment at Stripe.
    private var withoutSecrets: JSON {
        switch self {
        case .object(let members):
            .object(
                members.filter { $0.name != "client_secret" }
                    .map { (name: $0.name, value: $0.value.withoutSecrets) }
            )
        case .array(let elements): .array(elements.map(\.withoutSecrets))
        case .null, .bool, .integer, .number, .string: self
        }
    }

    private static func camelCase(_ column: String) -> String {
        let words = column.split(separator: "_")
        return words.dropFirst().reduce(String(words.first ?? "")) { name, word in
            name + word.prefix(1).uppercased() + word.dropFirst()
        }
    }
}

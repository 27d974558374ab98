import Web

/// Builds a JSON object member by member, in the order of the statements.
struct ObjectBuilder {
    private var members: [(name: String, value: JSON)] = []

    /// Appends a member; no name may be set twice.
    subscript(_ name: String) -> JSON {
        get { JSON.object(members)[name] ?? .null }
        set { members.append((name, newValue)) }
    }

    var json: JSON { .object(members) }
}

extension JSON {
    /// The number as JSON.
    init(_ value: Int64) { self = .integer(value) }

    /// Metadata and the like: an object of strings, names in their order.
    init(strings: [String: String]) {
        self = .object(strings.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    /// The object with one member replaced, or appended if it was not there.
    func replacing(_ name: String, with value: JSON) -> JSON {
        guard case .object(var members) = self else { return self }
        if let index = members.firstIndex(where: { $0.name == name }) {
            members[index].value = value
        } else {
            members.append((name, value))
        }
        return .object(members)
    }

    /// The object with only the members whose names are listed.
    func keeping(_ names: Set<String>) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { names.contains($0.name) })
    }
}

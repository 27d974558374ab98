import Web

/// The parameters of a call to Stripe: form fields whose names may have brackets, such as
/// `metadata[order]` and `expand[]`.
struct StripeForm: Sendable {
    let fields: [(name: String, value: String)]

    init(_ query: Query) {
        fields = query.fields
    }

    /// The last value of a field, as Stripe takes it; nil if absent.
    subscript(_ name: String) -> String? {
        fields.last { $0.name == name }?.value
    }

    /// Whether a field of this name, or one within it, is there.
    func contains(_ name: String) -> Bool {
        fields.contains { $0.name == name || $0.name.hasPrefix(name + "[") }
    }

    /// The elements of `name[]=a&name[]=b` or `name[0]=a&name[1]=b`.
    func list(_ name: String) -> [String] {
        fields.filter { field in
            guard field.name.hasPrefix(name + "["), field.name.hasSuffix("]") else { return false }
            return field.name.dropFirst(name.count + 1).dropLast().allSatisfy(\.isNumber)
        }.map(\.value)
    }

    /// The members of `name[key]=value`, one level deep.
    func dictionary(_ name: String) -> [String: String] {
        var members: [String: String] = [:]
        for field in fields where field.name.hasPrefix(name + "[") && field.name.hasSuffix("]") {
            let key = field.name.dropFirst(name.count + 1).dropLast()
            if !key.isEmpty, !key.contains("]") { members[String(key)] = field.value }
        }
        return members
    }

    /// The object of `name[…]` as JSON, however deep; null if there is none.
    func object(_ name: String) -> JSON {
        var root = JSON.object([])
        for field in fields where field.name.hasPrefix(name + "[") {
            let path = field.name.dropFirst(name.count).split(separator: "[")
                .map { String($0.prefix { $0 != "]" }) }
            root = Self.setting(root, path[...], field.value)
        }
        return root.members?.isEmpty == true ? .null : root
    }

    private static func setting(_ json: JSON, _ path: ArraySlice<String>, _ value: String) -> JSON {
        guard let name = path.first else { return .string(value) }
        let object = json.members == nil ? JSON.object([]) : json
        return object.replacing(name, with: setting(object[name] ?? .null, path.dropFirst(), value))
    }

    /// The top-level names, each once.
    var names: Set<String> {
        Set(fields.map { String($0.name.prefix { $0 != "[" }) })
    }

    /// What the idempotency layer compares: all fields in a fixed order.
    var fingerprint: String {
        fields.map { "\($0.name)=\($0.value)" }.sorted().joined(separator: "&")
    }
}

extension StripeForm {
    func integer(_ name: String) throws(StripeError) -> Int64? {
        guard let text = self[name] else { return nil }
        guard !text.isEmpty else { throw .emptyParameter(name) }
        guard let value = Int64(text) else {
            throw .invalidParameter(
                name,
                code: "parameter_invalid_integer",
                "Invalid integer: \(text)"
            )
        }
        return value
    }

    func requiredInteger(_ name: String) throws(StripeError) -> Int64 {
        guard let value = try integer(name) else { throw .missingParameter(name) }
        return value
    }

    func bool(_ name: String) throws(StripeError) -> Bool? {
        switch self[name] {
        case nil: return nil
        case "true": return true
        case "false": return false
        case let text?:
            throw .invalidParameter(name, code: nil, "Invalid boolean: \(text)")
        }
    }

    /// One of a few words; absent is nil.
    func word(_ name: String, of words: [String]) throws(StripeError) -> String? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard words.contains(text) else {
            let list = words.joined(separator: ", ")
            throw .invalidParameter(
                name,
                code: nil,
                "Invalid \(name): must be one of \(list)"
            )
        }
        return text
    }

    /// Refuses names that the endpoint does not know.
    func require(onlyNames known: Set<String>) throws(StripeError) {
        let strangers = names.subtracting(known).subtracting(["expand", "key"])
        guard let stranger = strangers.min() else { return }
        throw .invalidParameter(
            stranger,
            code: "parameter_unknown",
            "Received unknown parameter: \(stranger)"
        )
    }

    /// The metadata after this call: given keys are set, empty values remove theirs.
    func metadata(over old: [String: String]) throws(StripeError) -> [String: String] {
        if self["metadata"]?.isEmpty == true { return [:] }
        var metadata = old
        for (key, value) in dictionary("metadata") {
            guard key.count <= 40, value.count <= 500 else {
                throw .invalidParameter(
                    "metadata",
                    code: nil,
                    "Metadata keys can have up to 40 characters and values up to 500."
                )
            }
            metadata[key] = value.isEmpty ? nil : value
        }
        guard metadata.count <= 50 else {
            throw .invalidParameter("metadata", code: nil, "Metadata can have up to 50 keys.")
        }
        return metadata
    }
}

/// Reads the members of a JSON object and collects every fault with its pointer.
///
/// A reader never throws on a fault: it returns nil and goes on, so that a client learns of all
/// faults at once. `finish()` reports the members that nobody asked for, and throws if anything
/// was wrong. The readers of nested objects share the collection.
package final class BodyReader {
    private final class Faults {
        var list: [Problem.Fault] = []
    }

    private let members: [(name: String, value: JSON)]
    private let pointer: String
    private let faults: Faults
    private var known: Set<String> = []

    /// A reader of a whole body.
    ///
    /// - Throws: a `Problem` with 400 if the bytes are not JSON, 422 if they are not an object.
    package init(_ body: [UInt8]) throws(Problem) {
        let value: JSON
        do {
            value = try JSON(parsing: body)
        } catch {
            throw Problem(
                .badRequest,
                "invalid_request",
                "The body is not JSON that can be read.",
                faults: [
                    Problem.Fault(
                        pointer: "",
                        code: "syntax",
                        detail: "At byte \(error.offset): \(error.detail)."
                    )
                ]
            )
        }
        guard let members = value.members else {
            throw Problem(
                .unprocessableContent,
                "invalid_request",
                "The body must be a JSON object.",
                faults: [
                    Problem.Fault(pointer: "", code: "type", detail: "An object is expected.")
                ]
            )
        }
        self.members = members
        pointer = ""
        faults = Faults()
    }

    private init(members: [(name: String, value: JSON)], pointer: String, faults: Faults) {
        self.members = members
        self.pointer = pointer
        self.faults = faults
    }

    /// Reports a fault of a member, or of the object itself.
    package func report(_ name: String? = nil, _ code: String, _ detail: String) {
        let pointer = name.map { self.pointer(of: $0) } ?? pointer
        faults.list.append(Problem.Fault(pointer: pointer, code: code, detail: detail))
    }

    /// Whether the member stands there, even as null.
    package func has(_ name: String) -> Bool {
        known.insert(name)
        return members.contains { $0.name == name }
    }

    /// Whether the member stands there as null, which a merge patch (RFC 7396) removes by.
    package func isNull(_ name: String) -> Bool {
        known.insert(name)
        return members.first { $0.name == name }?.value.isNull ?? false
    }

    private func member(_ name: String, required: Bool) -> JSON? {
        known.insert(name)
        guard let value = members.first(where: { $0.name == name })?.value, !value.isNull else {
            if required { report(name, "required", "This member is required.") }
            return nil
        }
        return value
    }

    private func pointer(of name: String) -> String {
        // RFC 6901, section 3.
        pointer + "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
    }

    /// A string of `length` Unicode scalars, of which something is seen, without control characters and
    /// without blanks around.
    package func string(
        _ name: String,
        length: ClosedRange<Int> = 1...255,
        required: Bool = false
    ) -> String? {
        guard let value = member(name, required: required) else { return nil }
        guard let raw = value.string else {
            report(name, "type", "A string is expected.")
            return nil
        }
        guard !raw.unicodeScalars.contains(where: \.isControl)
        else {
            report(name, "characters", "Control characters are not allowed.")
            return nil
        }
        let text = raw.trimmed
        guard length.contains(text.unicodeScalars.count) else {
            let limits = "\(length.lowerBound) to \(length.upperBound)"
            report(name, "length", "The text must have \(limits) characters.")
            return nil
        }
        guard text.isEmpty || !text.showsNothing else {
            report(name, "characters", "Something of the text must be seen.")
            return nil
        }
        return text
    }

    /// One of the words of an enumeration.
    package func word<Word: RawRepresentable & CaseIterable>(
        _ name: String,
        as type: Word.Type,
        required: Bool = false
    ) -> Word? where Word.RawValue == String {
        guard let value = member(name, required: required) else { return nil }
        guard let word = value.string.flatMap(Word.init(rawValue:)) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            report(name, "value", "One of these is expected: \(words).")
            return nil
        }
        return word
    }

    /// A whole number in a range; `2.0` is one (JSON Schema 2020-12, validation, section 6.1.1).
    package func integer(
        _ name: String,
        in range: ClosedRange<Int64>,
        required: Bool = false
    ) -> Int64? {
        guard let value = member(name, required: required) else { return nil }
        guard let number = value.wholeNumber else {
            report(name, "type", "A whole number is expected.")
            return nil
        }
        guard range.contains(number) else {
            let limits = "\(range.lowerBound) to \(range.upperBound)"
            report(name, "range", "The number must lie in \(limits).")
            return nil
        }
        return number
    }

    package func bool(_ name: String, required: Bool = false) -> Bool? {
        guard let value = member(name, required: required) else { return nil }
        guard let bool = value.bool else {
            report(name, "type", "true or false is expected.")
            return nil
        }
        return bool
    }

    /// A nested object, read by `read`; its unknown members are reported, too.
    package func object<Value>(
        _ name: String,
        required: Bool = false,
        _ read: (BodyReader) -> Value?
    ) -> Value? {
        guard let value = member(name, required: required) else { return nil }
        guard let members = value.members else {
            report(name, "type", "An object is expected.")
            return nil
        }
        return Self.read(members, at: pointer(of: name), faults, read)
    }

    /// An array of objects, each read by `read`.
    ///
    /// - Returns: the elements without fault; nil if the array itself is at fault.
    package func objects<Value>(
        _ name: String,
        count: ClosedRange<Int>,
        required: Bool = false,
        _ read: (BodyReader) -> Value?
    ) -> [Value]? {
        guard let elements = array(name, count: count, required: required) else { return nil }
        return elements.enumerated().compactMap { index, element in
            let place = pointer(of: name) + "/\(index)"
            guard let members = element.members else {
                faults.list.append(
                    Problem.Fault(pointer: place, code: "type", detail: "An object is expected.")
                )
                return nil
            }
            return Self.read(members, at: place, faults, read)
        }
    }

    /// An array of positive whole numbers, such as ids; `2.0` is one, as `integer` says.
    package func integers(
        _ name: String,
        count: ClosedRange<Int>,
        required: Bool = false
    ) -> [Int64]? {
        guard let elements = array(name, count: count, required: required) else { return nil }
        return elements.enumerated().compactMap { index, element in
            if let number = element.wholeNumber, number > 0 { return number }
            faults.list.append(
                Problem.Fault(
                    pointer: pointer(of: name) + "/\(index)",
                    code: "type",
                    detail: "A positive whole number is expected."
                )
            )
            return nil
        }
    }

    /// An array of words.
    package func words<Word: RawRepresentable & CaseIterable>(
        _ name: String,
        as type: Word.Type,
        count: ClosedRange<Int>,
        required: Bool = false
    ) -> [Word]? where Word.RawValue == String {
        guard let elements = array(name, count: count, required: required) else { return nil }
        return elements.enumerated().compactMap { index, element in
            if let word = element.string.flatMap(Word.init(rawValue:)) { return word }
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            faults.list.append(
                Problem.Fault(
                    pointer: pointer(of: name) + "/\(index)",
                    code: "value",
                    detail: "One of these is expected: \(words)."
                )
            )
            return nil
        }
    }

    private func array(_ name: String, count: ClosedRange<Int>, required: Bool) -> [JSON]? {
        guard let value = member(name, required: required) else { return nil }
        guard let elements = value.array else {
            report(name, "type", "An array is expected.")
            return nil
        }
        guard count.contains(elements.count) else {
            let limits = "\(count.lowerBound) to \(count.upperBound)"
            report(name, "length", "The array must have \(limits) elements.")
            return nil
        }
        return elements
    }

    private static func read<Value>(
        _ members: [(name: String, value: JSON)],
        at pointer: String,
        _ faults: Faults,
        _ read: (BodyReader) -> Value?
    ) -> Value? {
        let reader = BodyReader(members: members, pointer: pointer, faults: faults)
        let value = read(reader)
        reader.reportUnknownMembers()
        return value
    }

    private func reportUnknownMembers() {
        for member in members where !known.contains(member.name) {
            report(member.name, "unknown", "This member is not known here.")
        }
    }

    /// Ends the reading of the whole body.
    ///
    /// - Throws: a `Problem` with 422 and all faults, if there is any.
    package func finish() throws(Problem) {
        reportUnknownMembers()
        guard !faults.list.isEmpty else { return }
        throw Problem(
            .unprocessableContent,
            "invalid_request",
            "The body has faults; see errors.",
            faults: Array(faults.list.prefix(100))
        )
    }
}

extension String {
    /// The text without blanks at both ends.
    package var trimmed: String {
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        var scalars = unicodeScalars[...]
        while let first = scalars.first, isBlank(first) { scalars.removeFirst() }
        while let last = scalars.last, isBlank(last) { scalars.removeLast() }
        return String(scalars)
    }
}

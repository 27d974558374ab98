/// One HTTP request, as the web server handed it over: its CGI parameters and its whole body.
package struct Request: Sendable {
    package let parameters: Parameters
    package let method: Method
    package let body: [UInt8]

    /// Makes a request of a parameter block and the body that came with it.
    package init(parameters: Parameters, body: [UInt8] = []) {
        self.parameters = parameters
        self.body = body
        method = Method(bytes: parameters[.requestMethod] ?? [])
    }

    /// Makes a request as a web server would, for tests and for calls within the process.
    package init(
        _ method: Method,
        _ target: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        remoteAddress: String = "127.0.0.1"
    ) {
        var pairs = [
            (name: "REQUEST_METHOD", value: method.rawValue),
            (name: "REQUEST_URI", value: target),
            (name: "REMOTE_ADDR", value: remoteAddress),
            (name: "CONTENT_LENGTH", value: body.isEmpty ? "" : String(body.count)),
        ]
        for header in headers {
            let name = header.name.uppercased().replacing("-", with: "_")
            pairs.append((name == "CONTENT_TYPE" ? name : "HTTP_" + name, header.value))
        }
        // What `encoded` lays out is whole by construction.
        let parameters = Parameters(pairs: Parameters.encoded(pairs))
        self.init(parameters: parameters ?? .none, body: body)
    }

    /// The bytes of the path, without the query and as the client sent them, not decoded.
    package var path: ArraySlice<UInt8> {
        let target = parameters[.requestURI] ?? []
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return target[..<mark]
    }

    /// The query's fields, decoded.
    package var query: Query {
        let target = parameters[.requestURI] ?? []
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return Query([]) }
        return Query(target[(mark + 1)...])
    }

    /// What is wrong with the query: `query.fault` at less cost, as most have one field and nothing to be
    /// decoded.
    package var queryFault: Query.Fault? {
        let target = parameters[.requestURI] ?? []
        let isPlain = target.allSatisfy { byte in
            byte != UInt8(ascii: "%") && byte != UInt8(ascii: "&") && byte < 0x80
        }
        return isPlain ? nil : query.fault
    }

    /// The value of a header field, by its usual name; nil if absent or not UTF-8.
    package func header(_ name: String) -> String? {
        let name = "HTTP_" + name.uppercased().replacing("-", with: "_")
        return parameters[name: name].flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A located parameter as text; nil if absent, empty or not UTF-8.
    package func text(_ known: Parameters.Known) -> String? {
        guard let bytes = parameters[known], !bytes.isEmpty else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The media type of the body in lower case, without its parameters.
    package var mediaType: String? {
        guard let value = text(.contentType) else { return nil }
        let type = value.prefix { $0 != ";" }
        return type.filter { $0 != " " && $0 != "\t" }.lowercased()
    }

    /// Whether the body is of one of these media types, which are in lower case.
    package func isOfType(_ types: [String]) -> Bool {
        guard let value = parameters[.contentType] else { return false }
        // Mostly it is written so itself.
        if types.contains(where: { value.elementsEqual($0.utf8) }) { return true }
        return mediaType.map(types.contains) ?? false
    }

    /// The client's address as the web server established it.
    package var remoteAddress: String {
        text(.remoteAddress) ?? ""
    }

    /// Whether the client's connection is encrypted, as the web server says.
    package var isSecure: Bool {
        parameters[.https]?.elementsEqual("on".utf8) ?? false
    }
}

extension Parameters {
    /// A block without any parameter.
    package static let none: Parameters = {
        guard let none = Parameters(pairs: []) else {
            preconditionFailure("an empty block of pairs is whole")
        }
        return none
    }()
}

/// One HTTP answer: status, header fields and the whole body as ready bytes.
package struct Response: Sendable {
    /// A header field; its name is known when the program is written.
    package struct Field: Sendable {
        package let name: StaticString
        package let value: String

        package init(_ name: StaticString, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Status
    /// Ready header lines, each ended by CRLF, copied as they are: for fields that never vary.
    package var readyLines: StaticString
    package var fields: [Field]
    package var body: [UInt8]

    package init(
        _ status: Status,
        readyLines: StaticString = "",
        fields: [Field] = [],
        body: [UInt8] = []
    ) {
        self.status = status
        self.readyLines = readyLines
        self.fields = fields
        self.body = body
    }

    /// An answer of JSON bytes that no cache may keep, unless told otherwise.
    package static func json(
        _ status: Status = .ok,
        _ body: [UInt8],
        caching: Caching = .noStore
    ) -> Response {
        Response(status, readyLines: caching.jsonLines, body: body)
    }

    /// What browsers and proxies may do with an answer.
    package enum Caching: Sendable {
        /// Nobody keeps it: secrets, and everything that is not a look-up.
        case noStore
        /// The browser keeps it and asks with `If-None-Match` before each use.
        case revalidate

        fileprivate var jsonLines: StaticString {
            switch self {
            case .noStore:
                "Content-Type: application/json\r\nCache-Control: no-store\r\n"
            case .revalidate:
                """
                Content-Type: application/json\r\nCache-Control: private, no-cache\r\n\
                Vary: Authorization, Cookie\r\n
                """
            }
        }
    }

    /// The answer to a look-up whose asker has the current version already.
    package static func notModified(tag: String) -> Response {
        Response(
            .notModified,
            readyLines: "Cache-Control: private, no-cache\r\nVary: Authorization, Cookie\r\n",
            fields: [Field("ETag", tag)]
        )
    }

    /// Adds a field; no field is ever replaced.
    package mutating func add(_ name: StaticString, _ value: String) {
        fields.append(Field(name, value))
    }

    /// The same answer with one more field.
    package func with(_ name: StaticString, _ value: String) -> Response {
        var response = self
        response.add(name, value)
        return response
    }

    /// The first value of a field that is not among the ready lines.
    package func field(_ name: String) -> String? {
        fields.first { "\($0.name)".lowercased() == name.lowercased() }?.value
    }
}

/// An error answer in the form of RFC 9457 (`application/problem+json`).
package struct Problem: Error, Sendable {
    /// One fault of a request's body, located by a JSON pointer (RFC 6901).
    package struct Fault: Sendable, Hashable {
        package let pointer: String
        package let code: String
        package let detail: String

        package init(pointer: String, code: String, detail: String) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    package let status: Status
    /// A stable word for programs, one of the list in the OpenAPI document.
    package let code: String
    /// A sentence for people; never upstream text, SQL or a stack.
    package let detail: String
    package var faults: [Fault]
    /// More members of the problem object, for instance the new totals.
    package var extensions: [(name: String, value: JSON)]
    package var fields: [Response.Field]

    package init(
        _ status: Status,
        _ code: String,
        _ detail: String,
        faults: [Fault] = [],
        extensions: [(name: String, value: JSON)] = [],
        fields: [Response.Field] = []
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = faults
        self.extensions = extensions
        self.fields = fields
    }

    /// The answer that carries this problem.
    package func response(requestID: String) -> Response {
        var members: [(name: String, value: JSON)] = [
            ("type", .string("urn:order-service:problem:\(code)")),
            ("title", .string("\(status.phrase)")),
            ("status", .integer(Int64(status.rawValue))),
            ("detail", .string(detail)),
            ("code", .string(code)),
            ("requestId", .string(requestID)),
        ]
        if !faults.isEmpty {
            let errors = faults.map { fault in
                JSON.object([
                    ("pointer", .string(fault.pointer)),
                    ("code", .string(fault.code)),
                    ("detail", .string(fault.detail)),
                ])
            }
            members.append(("errors", .array(errors)))
        }
        members += extensions
        return Response(
            status,
            readyLines: "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n",
            fields: fields,
            body: JSON.object(members).serialized()
        )
    }
}

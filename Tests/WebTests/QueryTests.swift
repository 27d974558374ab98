import Testing
import Web

@Suite("Query, cookies and problems") struct QueryTests {
    private func fields(_ text: String) -> [String] {
        Query(Array(text.utf8)[...]).fields.map { "\($0.name)=\($0.value)" }
    }

    @Test(
        "reads fields in order, decoded",
        arguments: [
            ("", []), ("a=1", ["a=1"]), ("a=1&b=2&a=3", ["a=1", "b=2", "a=3"]),
            ("a", ["a="]), ("a=", ["a="]), ("=1", ["=1"]), ("&&a=1&", ["a=1"]),
            ("a=b=c", ["a=b=c"]), ("a+b=c+d", ["a b=c d"]), ("a=%C8%9B", ["a=ț"]),
            ("%61=%3d%26", ["a==&"]), ("a=%00", ["a=\0"]),
            ("a=%", []), ("a=%4", []), ("a=%zz", []), ("a=%FF", []), ("%ff=1", []),
            ("a=%&b=2", ["b=2"]),
        ]
    )
    func reads(text: String, expected: [String]) {
        #expect(fields(text) == expected)
    }

    @Test(
        "tells what cannot be decoded, and what has two values",
        arguments: [
            ("", nil), ("&&a=1&", nil), ("a=%00", nil), ("a=1&b=1&A=2", nil), ("a=1&%61=1", nil),
            ("a=%", .undecodable), ("a=1&b=%FF", .undecodable), ("%zz", .undecodable),
            ("a=1&a=2", .ambiguous("a")), ("b&a=1&b=2&%61=3", .ambiguous("b")),
            ("a=1&%61=2", .ambiguous("a")), ("a=1&a=%", .undecodable),
        ] as [(String, Query.Fault?)]
    )
    func fault(text: String, expected: Query.Fault?) {
        #expect(Query(Array(text.utf8)[...]).fault == expected)
        #expect(Request(.get, "/v1/orders?\(text)").queryFault == expected)
    }

    @Test("gives the first value of a name, and all of them")
    func values() {
        let query = Query(Array("a=1&b=2&a=3".utf8)[...])
        #expect(query["a"] == "1")
        #expect(query["c"] == nil)
        #expect(query.all("a") == ["1", "3"])
    }

    @Test("stands after the path of a request")
    func request() {
        let request = Request(.get, "/v1/orders?page=2?x&size=5")
        #expect(Array(request.path) == Array("/v1/orders".utf8))
        #expect(request.query["page"] == "2?x")
        #expect(Request(.get, "/v1/orders").query.fields.isEmpty)
    }

    @Test(
        "finds a cookie by its whole name",
        arguments: [
            ("session=a", "a"), ("x=1; session=b", "b"), ("session=", ""),
            ("session=a=b", "a=b"), ("  session=c", "c"), ("x=1;\tsession=d;", "d"),
            ("session=e ; y=session=f", "e "),
            ("xsession=a", nil), ("sessionx=a", nil), ("session", nil), ("", nil),
            ("SESSION=a", nil), ("x=session=a", nil),
        ] as [(String, String?)]
    )
    func cookies(header: String, expected: String?) {
        switch Cookie.find("session", in: Array(header.utf8)[...]) {
        case .none: #expect(expected == nil)
        case .one(let value): #expect(String(decoding: value, as: UTF8.self) == expected)
        case .several: Issue.record("«\(header)» has several")
        }
    }

    @Test(
        "does not choose one of two cookies with the same name",
        arguments: [
            "session=a; session=b", "session=a;session=a", "session=; x=1; session=b",
            "session=a; session=b; session=c",
        ]
    )
    func repeatedCookies(header: String) {
        guard case .several = Cookie.find("session", in: Array(header.utf8)[...]) else {
            Issue.record("«\(header)» has one")
            return
        }
        if case .none = Cookie.find("sess", in: Array(header.utf8)[...]) { return }
        Issue.record("half a name is found")
    }

    @Test("writes cookies that scripts and other sites cannot use")
    func writesCookies() {
        let plain = Cookie.strict(name: "session", value: "st_1", maximumAge: 60, isSecure: false)
        #expect(plain == "session=st_1; Path=/; Max-Age=60; HttpOnly; SameSite=Strict")
        let secure = Cookie.strict(
            name: "__Host-session",
            value: "",
            maximumAge: 0,
            isSecure: true
        )
        #expect(secure.hasSuffix("; Max-Age=0; HttpOnly; SameSite=Strict; Secure"))
    }

    @Test("makes a problem of RFC 9457, with faults only where there are any")
    func problems() throws {
        let plain = Problem(.notFound, "not_found", "There is nothing here.")
            .response(requestID: "r-1")
        let text = String(decoding: plain.body, as: UTF8.self)
        #expect(
            text == """
                {"type":"urn:order-service:problem:not_found","title":"Not Found","status":404,\
                "detail":"There is nothing here.","code":"not_found","requestId":"r-1"}
                """
        )
        #expect("\(plain.readyLines)".contains("Content-Type: application/problem+json\r\n"))
        #expect("\(plain.readyLines)".contains("Cache-Control: no-store\r\n"))

        var problem = Problem(.conflict, "totals_changed", "Changed.")
        problem.faults = [.init(pointer: "/a", code: "x", detail: "d")]
        problem.extensions = [("totals", 5)]
        problem.fields = [.init("Retry-After", "1")]
        let full = problem.response(requestID: "r-2")
        let json = try JSON(parsing: full.body)
        #expect(json["errors"] == [["pointer": "/a", "code": "x", "detail": "d"]])
        #expect(json["totals"] == 5)
        #expect(full.field("retry-after") == "1")
    }

    @Test(
        "reads the media type without its parameters",
        arguments: [
            ("application/json", "application/json"),
            ("Application/JSON; charset=utf-8", "application/json"),
            (" application/json ;x=1", "application/json"), ("", nil),
        ] as [(String, String?)]
    )
    func mediaTypes(header: String, expected: String?) {
        let request = Request(.post, "/", headers: [("Content-Type", header)])
        #expect(request.mediaType == expected)
    }

    @Test(
        "reads methods by their exact name",
        arguments: [
            ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put),
            ("PATCH", .patch), ("DELETE", .delete), ("OPTIONS", .options), ("get", .other),
            ("GETX", .other), ("", .other), ("PURGE", .other), ("P", .other),
        ]
    )
    func methods(text: String, expected: Method) {
        #expect(Method(bytes: Array(text.utf8)) == expected)
    }
}

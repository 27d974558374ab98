import Testing

@testable import Curl

@Suite("HTTP headers and requests") struct HTTPHeadersTests {
    @Test("finds a field by its name in any case") func findsFields() {
        var headers: HTTPHeaders = ["Retry-After": "1", "X": "a"]
        headers.append("x", "b")
        #expect(headers["retry-AFTER"] == "1")
        #expect(headers["X"] == "a")
        #expect(headers.values(of: "x") == ["a", "b"])
        #expect(headers["X-"] == nil)
    }

    @Test("replaces all fields of a name") func replacesFields() {
        var headers: HTTPHeaders = ["X": "a", "x": "b", "Y": "c"]
        headers["x"] = "d"
        #expect(headers.fields.map(\.value) == ["c", "d"])
        headers["Y"] = nil
        #expect(headers.fields.map(\.value) == ["d"])
    }

    @Test(
        "may repeat what is idempotent by its method or its key",
        arguments: [
            (HTTPRequest.Method.get, nil, true), (.head, nil, true), (.put, nil, true),
            (.delete, nil, true), (.post, nil, false), (.patch, nil, false), (.post, "", false),
            (.post, "k", true),
        ] as [(HTTPRequest.Method, String?, Bool)]
    )
    func tellsRepeatable(method: HTTPRequest.Method, key: String?, expected: Bool) {
        var request = HTTPRequest(method: method, url: "http://localhost/")
        request.headers["idempotency-key"] = key
        #expect(request.isRepeatable == expected)
    }
}

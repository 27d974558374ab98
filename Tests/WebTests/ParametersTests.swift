import Testing
import Web

@Suite("Parameters") struct ParametersTests {
    private func text(_ bytes: ArraySlice<UInt8>?) -> String? {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("locates the known and finds the others by name")
    func finds() throws {
        let long = String(repeating: "x", count: 70_000)
        let block = Parameters.encoded([
            ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/a?b"), ("HTTP_X_THING", long),
            ("HTTP_AUTHORIZATION", ""), (String(repeating: "N", count: 300), "v"),
        ])
        let parameters = try #require(Parameters(pairs: block))
        #expect(text(parameters[.requestMethod]) == "GET")
        #expect(text(parameters[.requestURI]) == "/a?b")
        #expect(text(parameters[name: "HTTP_X_THING"]) == long)
        #expect(text(parameters[name: String(repeating: "N", count: 300)]) == "v")
        #expect(parameters.contains(.authorization))
        #expect(parameters[.authorization]?.isEmpty == true)
        #expect(!parameters.contains(.cookie))
        #expect(parameters[.cookie] == nil)
        #expect(parameters[name: "NONE"] == nil)
    }

    @Test("reads a length of four bytes where one would do")
    func longLengths() throws {
        let block: [UInt8] = [0x80, 0, 0, 6, 0x80, 0, 0, 2] + Array("COOKIEab".utf8)
        let parameters = try #require(Parameters(pairs: block))
        #expect(text(parameters[name: "COOKIE"]) == "ab")
    }

    @Test("takes the first of two with the same name, and says that there are two")
    func duplicates() throws {
        let block = Parameters.encoded([
            ("HTTP_COOKIE", "a"), ("HTTP_COOKIE", "b"), ("X", "1"), ("X", "2"),
        ])
        let parameters = try #require(Parameters(pairs: block))
        #expect(text(parameters[.cookie]) == "a")
        #expect(text(parameters[name: "HTTP_COOKIE"]) == "a")
        #expect(text(parameters[name: "X"]) == "1")
        for known in Parameters.Known.allCases {
            #expect(parameters.isRepeated(known) == (known == .cookie))
        }
    }

    @Test("refuses a block that is cut anywhere but between pairs")
    func truncated() {
        let pairs = [
            (name: "REQUEST_METHOD", value: "GET"),
            (name: "REQUEST_URI", value: String(repeating: "u", count: 200)), (name: "", value: ""),
        ]
        let block = Parameters.encoded(pairs)
        let ends = Set((0...pairs.count).map { Parameters.encoded(Array(pairs.prefix($0))).count })
        for length in 0...block.count {
            let isWhole = Parameters(pairs: Array(block[..<length])) != nil
            #expect(isWhole == ends.contains(length), "cut at \(length)")
        }
    }

    @Test(
        "refuses lengths that run past the block",
        arguments: [
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [1], [0x80], [0x80, 0, 0],
            [0, 0x80, 0, 0, 1], [0x7F, 0x7F, 0x41], [0xFF, 0xFF, 0xFF, 0xFF, 0],
        ] as [[UInt8]]
    )
    func tooLong(block: [UInt8]) {
        #expect(Parameters(pairs: block) == nil)
    }

    @Test("knows every located parameter by its CGI name, and near misses by none")
    func names() throws {
        let names: [(Parameters.Known, String)] = [
            (.requestMethod, "REQUEST_METHOD"), (.requestURI, "REQUEST_URI"),
            (.contentLength, "CONTENT_LENGTH"), (.contentType, "CONTENT_TYPE"),
            (.remoteAddress, "REMOTE_ADDR"), (.https, "HTTPS"),
            (.authorization, "HTTP_AUTHORIZATION"), (.cookie, "HTTP_COOKIE"),
            (.ifNoneMatch, "HTTP_IF_NONE_MATCH"), (.ifMatch, "HTTP_IF_MATCH"),
            (.idempotencyKey, "HTTP_IDEMPOTENCY_KEY"), (.requestID, "HTTP_X_REQUEST_ID"),
            (.traceParent, "HTTP_TRACEPARENT"), (.origin, "HTTP_ORIGIN"),
            (.csrfToken, "HTTP_X_CSRF_TOKEN"),
        ]
        #expect(Set(names.map(\.0)) == Set(Parameters.Known.allCases))
        for (known, name) in names {
            let parameters = try #require(Parameters(pairs: Parameters.encoded([(name, "v")])))
            #expect(text(parameters[known]) == "v")
            let lower = try #require(
                Parameters(pairs: Parameters.encoded([(name.lowercased(), "v")]))
            )
            #expect(!Parameters.Known.allCases.contains { lower.contains($0) })
        }
    }

    @Test("answers nil for a header that is not UTF-8")
    func invalidText() throws {
        let block: [UInt8] = [6, 2] + Array("HTTP_A".utf8) + [0xC3, 0x28]
        let request = Request(parameters: try #require(Parameters(pairs: block)))
        #expect(request.header("A") == nil)
        #expect(request.parameters[name: "HTTP_A"].map(Array.init) == [0xC3, 0x28])
    }
}

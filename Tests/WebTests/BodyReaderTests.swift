import Testing
import Web

@Suite("Body reader") struct BodyReaderTests {
    private enum Colour: String, CaseIterable {
        case red
        case blue
    }

    /// Reads a body, and tells the faults as `pointer code`.
    private func faults(
        _ text: String,
        _ read: (BodyReader) -> Void = { _ in }
    ) throws -> [String] {
        do {
            let reader = try BodyReader(Array(text.utf8))
            read(reader)
            try reader.finish()
            return []
        } catch {
            return error.faults.map { "\($0.pointer) \($0.code)" }
        }
    }

    @Test("answers 400 to what is not JSON, and says where")
    func unreadable() {
        let problem = #expect(throws: Problem.self) { try BodyReader(Array("{\"a\":}".utf8)) }
        #expect(problem?.status == .badRequest)
        #expect(problem?.faults.first?.pointer == "")
        #expect(problem?.faults.first?.detail.contains("byte 5") == true)
    }

    @Test("answers 422 to JSON that is no object", arguments: ["[]", "1", "\"a\"", "null", "true"])
    func noObject(text: String) {
        let problem = #expect(throws: Problem.self) { try BodyReader(Array(text.utf8)) }
        #expect(problem?.status == .unprocessableContent)
        #expect(problem?.faults.first?.code == "type")
    }

    @Test("collects every fault with its pointer")
    func collects() throws {
        let found = try faults(
            #"{"name":7,"items":[{"n":1},{"n":"x"},5,{"m":1}],"deep":{"a/b":{"~":null}},"x":1}"#
        ) { body in
            _ = body.string("name")
            _ = body.string("missing", required: true)
            _ = body.objects("items", count: 1...9) { $0.integer("n", in: 1...9, required: true) }
            _ = body.object("deep") { deep in
                deep.object("a/b") { $0.integer("~", in: 0...1, required: true) }
            }
        }
        #expect(
            found == [
                "/name type", "/missing required", "/items/1/n type", "/items/2 type",
                "/items/3/n required", "/items/3/m unknown", "/deep/a~1b/~0 required",
                "/x unknown",
            ]
        )
    }

    @Test(
        "reads strings within their limits, without blanks around",
        arguments: [
            (#""ab""#, "ab", nil), (#""  ab ""#, "ab", nil), (#""abcd""#, "abcd", nil),
            (#""abcde""#, nil, "length"), (#""  ""#, nil, "length"), (#""""#, nil, "length"),
            (#""😀😀😀😀""#, "😀😀😀😀", nil), (#""a\u0000b""#, nil, "characters"),
            (#""a\nb""#, nil, "characters"), (#""a\u007f""#, nil, "characters"),
            (#""a\u0085""#, nil, "characters"), ("1", nil, "type"), ("[\"a\"]", nil, "type"),
            ("null", nil, nil), (#""\u200d\ufe0f""#, nil, "characters"),
            (#""\u2800""#, nil, "characters"), (#""\u200b \u200b""#, nil, "characters"),
            (#""\u0301\u0302""#, nil, "characters"), (#""\ufff9""#, nil, "characters"),
            (#""\ud834\udd59""#, nil, "characters"),
            (#""❤\ufe0f""#, "❤\u{fe0f}", nil),
        ] as [(String, String?, String?)]
    )
    func strings(text: String, expected: String?, fault: String?) throws {
        var value: String?
        let found = try faults("{\"s\":\(text)}") { value = $0.string("s", length: 1...4) }
        #expect(value == expected)
        #expect(found == (fault.map { ["/s \($0)"] } ?? []))
    }

    @Test(
        "reads whole numbers only, within their range",
        arguments: [
            ("1", 1, nil), ("9", 9, nil), ("0", nil, "range"), ("10", nil, "range"),
            ("-1", nil, "range"), ("1.0", 1, nil), ("9e0", 9, nil), ("1.5", nil, "type"),
            ("9e99", nil, "type"), ("9007199254740993.0", nil, "type"),
            ("\"1\"", nil, "type"), ("true", nil, "type"), ("null", nil, nil),
            ("9223372036854775807", nil, "range"),
        ] as [(String, Int64?, String?)]
    )
    func integers(text: String, expected: Int64?, fault: String?) throws {
        var value: Int64?
        let found = try faults("{\"n\":\(text)}") { value = $0.integer("n", in: 1...9) }
        #expect(value == expected)
        #expect(found == (fault.map { ["/n \($0)"] } ?? []))
    }

    @Test("reads words, truth values and arrays")
    func others() throws {
        let found = try faults(
            #"{"c":"red","d":"green","t":"yes","i":[1,0,"2",3.0],"w":["blue","Blue"],"l":[1,2,3]}"#
        ) { body in
            #expect(body.word("c", as: Colour.self) == .red)
            #expect(body.word("d", as: Colour.self) == nil)
            #expect(body.bool("t") == nil)
            #expect(body.integers("i", count: 1...4) == [1, 3])
            #expect(body.words("w", as: Colour.self, count: 1...2) == [.blue])
            #expect(body.integers("l", count: 1...2) == nil)
        }
        #expect(
            found == ["/d value", "/t type", "/i/1 type", "/i/2 type", "/w/1 value", "/l length"]
        )
    }

    @Test("tells null from absent, as a merge patch needs it")
    func nulls() throws {
        let reader = try BodyReader(Array(#"{"a":null,"b":1}"#.utf8))
        #expect(reader.has("a") && reader.isNull("a"))
        #expect(reader.has("b") && !reader.isNull("b"))
        #expect(!reader.has("c") && !reader.isNull("c"))
        #expect(throws: Never.self) { try reader.finish() }
    }

    @Test("reports a hundred faults at most")
    func isBounded() throws {
        let members = (0..<500).map { "\"m\($0)\":1" }.joined(separator: ",")
        #expect(try faults("{\(members)}").count == 100)
    }

    @Test("trims any white space, and nothing else")
    func trims() {
        #expect("\u{A0}\t a b \u{2003}\n".trimmed == "a b")
        #expect("   ".trimmed == "")
        #expect("a".trimmed == "a")
    }
}

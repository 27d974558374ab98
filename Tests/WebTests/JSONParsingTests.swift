import Testing
import Web

@Suite("JSON parser") struct JSONParsingTests {
    private func parse(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    @Test(
        "reads what RFC 8259 allows",
        arguments: [
            ("null", .null), ("true", true), ("false", false), (" \t\r\n1 \n", 1),
            ("0", 0), ("-0", 0), ("-1", -1),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("1.5", .number(1.5)), ("1e3", .number(1_000)), ("1E+2", .number(100)),
            ("-2.5e-1", .number(-0.25)), ("0.0", .number(0)), ("0e1", .number(0)),
            ("\"\"", ""), ("\"a\"", "a"), ("\"ăîșț\"", "ăîșț"), ("\"\u{7F}\"", "\u{7F}"),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u00E9""#, "Aéé"), (#""\u0000""#, "\0"),
            (#""\uD83D\uDE00""#, "😀"), (#""\ud83d\ude00""#, "😀"),
            (#""\uFFFF""#, "\u{FFFF}"), (#""\u2028""#, "\u{2028}"),
            ("[]", []), ("[ ]", []), ("[1,2]", [1, 2]), ("[[],[null]]", [[], [.null]]),
            ("{}", [:]), ("{ }", [:]), (#"{"a":1,"b":[true]}"#, ["a": 1, "b": [true]]),
            (#"{"":0}"#, ["": 0]), (#"{"a":{"a":1}}"#, ["a": ["a": 1]]),
            (#"{"A":1,"a":2}"#, ["A": 1, "a": 2]),
        ] as [(String, JSON)]
    )
    func reads(text: String, expected: JSON) throws {
        #expect(try parse(text) == expected)
    }

    @Test(
        "refuses everything else",
        arguments: [
            "", " ", "nul", "True", "NULL", "nullx", "1 2", "[1]]", "{}x", "undefined", "NaN",
            "Infinity", "-Infinity", "-", "+1", "01", "-01", "1.", ".5", "1.e1", "1e", "1e+",
            "0x10", "1_000", "1,5", "1e400", "-1e400", "9223372036854775808",
            "-9223372036854775809", "100000000000000000000",
            "\"", "\"a", "'a'", "a", #""\"#, #""\a""#, #""\x41""#, #""\u""#, #""\u12""#,
            #""\u12G4""#, #""\u 123""#, #""\U0041""#, #""\uD800""#, #""\uDC00""#, #""\uD800x""#,
            #""\uD800\n""#, #""\uD800\uD800""#, #""\uD800\u0041""#, #""\uDC00\uD800""#,
            "\"\n\"", "\"\t\"", "\"\0\"", "\"\u{1F}\"",
            "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1:2]", "]",
            "{", "{a:1}", "{'a':1}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#,
            #"{"a" 1}"#, #"{"a":1 "b":2}"#, #"{1:1}"#, #"{"a":1"#, #"{"a"::1}"#, #"{null:1}"#,
            "/**/1", "1//", "\u{FEFF}1", "\u{A0}1", "\u{C}1",
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test(
        "refuses a repeated member name, also one that is spelt in another way",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#,
            #"[{"x":{"a":1,"a":2}}]"#,
        ]
    )
    func refusesDuplicates(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test("tells names apart that only a normalisation makes equal")
    func keepsScalarsApart() throws {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        let value = try parse("{\"\(composed)\":1,\"x\(decomposed)\":2}")
        #expect(value.members?.count == 2)
    }

    @Test(
        "refuses bytes that are not UTF-8",
        arguments: [
            [0xFF], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82],
        ] as [[UInt8]]
    )
    func refusesInvalidUTF8(bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError.self) {
            try JSON(parsing: [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")])
        }
        #expect(throws: JSONSyntaxError.self) {
            try JSON(parsing: Array("{\"".utf8) + bytes + Array("\":1}".utf8))
        }
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: bytes) }
    }

    @Test("reads a nesting of 32 and refuses one of 33, and of 100,000")
    func limitsDepth() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(31, "[", "]")) }
        #expect(throws: JSONSyntaxError.self) { try parse(nested(32, "[", "]")) }
        #expect(throws: Never.self) { try parse(nested(31, "{\"a\":", "}")) }
        #expect(throws: JSONSyntaxError.self) { try parse(nested(32, "{\"a\":", "}")) }
        #expect(throws: JSONSyntaxError.self) { try parse(nested(100_000, "[", "")) }
    }

    @Test(
        "says where it stopped",
        arguments: [("[1,x]", 3), ("{\"a\":1}x", 7), ("", 0), ("[1", 2)]
    )
    func saysWhere(text: String, offset: Int) {
        do {
            _ = try JSON(parsing: Array(text.utf8))
            Issue.record("the text is read")
        } catch {
            #expect(error.offset == offset)
        }
    }

    @Test("never reads the start of a text as the whole")
    func refusesPrefixes() throws {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\uD83D\uDE00",true,null],"b":{"c":"d"}}"#.utf8)
        #expect(throws: Never.self) { try JSON(parsing: text) }
        for length in 0..<text.count {
            #expect(throws: JSONSyntaxError.self) { try JSON(parsing: Array(text[..<length])) }
        }
    }
}

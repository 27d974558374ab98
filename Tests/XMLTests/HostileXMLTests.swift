import Testing
import XML

@Suite("Hostile XML") struct HostileXMLTests {
    private func parse(_ bytes: [UInt8], limit: Int = 1_000_000) throws -> XMLDocument {
        try XMLDocument(parsing: bytes, limit: limit, namespaces: [:])
    }

    @Test(
        "refuses a document type before any entity is declared",
        arguments: [
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/'>%x;]><a/>",
            "<?xml version='1.0'?><!-- c --><!DOCTYPE a [<!ENTITY x '&#38;#38;'>]><a x='&x;'/>",
            // Not even well-formed from there on.
            "<!DOCTYPE a [<!ENTITY",
        ]
    )
    func doctype(text: String) {
        #expect(throws: XMLError.hasDoctype) { try parse(Array(text.utf8)) }
    }

    @Test("refuses entities that multiply, at once")
    func laughs() {
        var text = "<!DOCTYPE a [<!ENTITY x0 'ha'>"
        for level in 1...30 {
            text += "<!ENTITY x\(level) '&x\(level - 1);&x\(level - 1);'>"
        }
        text += "]><a>&x30;</a>"
        #expect(throws: XMLError.hasDoctype) { try parse(Array(text.utf8)) }
    }

    @Test(
        "refuses what is not well-formed",
        arguments: [
            "", " ", "a", "<a>", "<a></b>", "<a/><b/>", "<a>&x;</a>", "<a x='&x;'/>", "<a b/>",
            "<a x='1' x='2'/>", "<a>\u{1}</a>", "<a>&#0;</a>", "<x:a/>", "<a>\u{FFFF}</a>",
        ]
    )
    func malformed(text: String) {
        #expect(
            performing: {
                try parse(Array(text.utf8))
            },
            throws: { error in
                if case .malformed? = error as? XMLError { true } else { false }
            }
        )
    }

    private static let otherEncodings: [[UInt8]] = [
        Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>".utf8) + [0xE9]
            + Array("</a>".utf8),
        Array("<a>".utf8) + [0xC3] + Array("</a>".utf8),
        // Written with more bytes than needed, so that filters for `<` see none.
        Array("<a>".utf8) + [0xC0, 0xBC] + Array("</a>".utf8),
        // The half of a pair.
        Array("<a>".utf8) + [0xED, 0xA0, 0x80] + Array("</a>".utf8),
        [0xFF, 0xFE, 0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E, 0],
    ]

    @Test("refuses what is not UTF-8, whatever it declares", arguments: otherEncodings)
    func encodings(bytes: [UInt8]) {
        #expect(
            performing: {
                try parse(bytes)
            },
            throws: { error in
                if case .malformed? = error as? XMLError { true } else { false }
            }
        )
    }

    @Test("refuses more bytes than the limit")
    func size() throws {
        let bytes = Array("<a>1</a>".utf8)
        let read = try parse(bytes, limit: bytes.count).root.text
        #expect(read == "1")
        #expect(throws: XMLError.tooLarge(limit: bytes.count - 1)) {
            try parse(bytes, limit: bytes.count - 1)
        }
    }

    @Test("reads 200 levels and refuses 100,000")
    func depth() throws {
        func nested(_ levels: Int) -> [UInt8] {
            let opening = String(repeating: "<a>", count: levels)
            let closing = String(repeating: "</a>", count: levels)
            return Array((opening + closing).utf8)
        }
        let count = try parse(nested(200)).nodes("//a").count
        #expect(count == 200)
        #expect(throws: XMLError.self) { try parse(nested(100_000)) }
    }

    @Test("says the line and why")
    func message() {
        #expect(
            performing: {
                try parse(Array("<a>\n<b>\n</a>".utf8))
            },
            throws: { error in
                guard case .malformed(line: 3, let text)? = error as? XMLError else { return false }
                return !text.isEmpty && !text.contains("\n")
            }
        )
    }
}

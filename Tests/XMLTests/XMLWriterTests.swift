import Testing
import XML

@Suite("Writing XML") struct XMLWriterTests {
    private func written(
        limit: Int = 10_000,
        _ content: (inout XMLWriter) -> Void
    ) throws -> String {
        var writer = XMLWriter(limit: limit)
        content(&writer)
        return String(decoding: try writer.finish(), as: UTF8.self)
    }

    @Test("writes elements in elements, indented, with the encoding's name")
    func nesting() throws {
        let text = try written { writer in
            writer.element("a", attributes: [("x", "1"), ("y", "2")]) { writer in
                writer.element("b", text: "c")
                writer.element("d") { $0.element("e", text: "") }
            }
        }
        #expect(
            text == """
                <?xml version="1.0" encoding="UTF-8"?>
                <a x="1" y="2">
                  <b>c</b>
                  <d>
                    <e></e>
                  </d>
                </a>

                """
        )
    }

    @Test("writes letters as they are and what is markup as references")
    func escaping() throws {
        let text = try written { $0.element("a", text: "Șapte & <țări> „\u{1F600}”") }
        #expect(text.contains("<a>Șapte &amp; &lt;țări&gt; „\u{1F600}”</a>"))
    }

    @Test(
        "refuses what XML cannot hold, in texts and in attributes",
        arguments: ["\u{0}", "\u{1}", "\u{8}", "\u{B}", "\u{1F}", "\u{FFFE}", "\u{FFFF}"]
            as [Unicode.Scalar]
    )
    func unwritable(scalar: Unicode.Scalar) {
        let text = "a\(scalar)b"
        #expect(throws: XMLError.unwritable(scalar)) {
            try written { $0.element("a", text: text) }
        }
        #expect(throws: XMLError.unwritable(scalar)) {
            try written { $0.element("a", attributes: [("x", text)], text: "") }
        }
    }

    @Test("writes up to the limit, to the byte")
    func limit() throws {
        let count = try written { $0.element("a", text: "bcd") }.utf8.count
        let exact = try written(limit: count) { $0.element("a", text: "bcd") }
        #expect(exact.utf8.count == count)
        #expect(throws: XMLError.tooLarge(limit: count - 1)) {
            try written(limit: count - 1) { $0.element("a", text: "bcd") }
        }
    }

    @Test("is read as it was written, whatever the text", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            let text = Self.text(&random)
            var writer = XMLWriter(limit: 100_000)
            writer.element("a", attributes: [("x", text)]) { $0.element("b", text: text) }
            let document = try XMLDocument(
                parsing: try writer.finish(),
                limit: 100_000,
                namespaces: [:]
            )
            let read = try document.root.text(at: "b")
            #expect(read == text)
            let attribute = try document.root.text(at: "@x")
            #expect(attribute == text)
        }
    }

    private static func text(_ random: inout SeededRandom) -> String {
        let special: [Unicode.Scalar] = [
            "<", ">", "&", "\"", "'", "]", "\t", "\n", "\r", " ", "\u{85}", "\u{2028}",
        ]
        var text = String.UnicodeScalarView()
        while text.count < 40 {
            let scalar =
                Bool.random(using: &random)
                ? special.randomElement(using: &random)
                : Unicode.Scalar(UInt32.random(in: 0x20...0x10_FFFF, using: &random))
            if let scalar, XMLCharacters.contains(scalar) { text.append(scalar) }
        }
        return String(text)
    }
}

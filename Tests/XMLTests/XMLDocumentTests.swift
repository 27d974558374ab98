import Testing
import XML

@Suite("Reading XML") struct XMLDocumentTests {
    private func document(_ text: String) throws -> XMLDocument {
        try XMLDocument(
            parsing: Array(text.utf8),
            limit: 1_000_000,
            namespaces: ["p": "urn:one"]
        )
    }

    @Test("selects elements and attributes in the document's order")
    func order() throws {
        let document = try document("<a><c>1</c><b x='2'>3</b><c>4</c></a>")
        let texts = try document.nodes("b/@x | b | c").map(\.text)
        #expect(texts == ["1", "3", "2", "4"])
        let names = try document.nodes("/*/*").map(\.name)
        #expect(names == ["c", "b", "c"])
    }

    @Test("asks relative to a node, and from the root without one")
    func relative() throws {
        let document = try document("<a><b><c>1</c></b><b><c>2</c></b></a>")
        let texts = try document.nodes("b").map { try $0.text(at: "c") }
        #expect(texts == ["1", "2"])
        let absolute = try document.nodes("b").map { try $0.nodes("/a/b").count }
        #expect(absolute == [2, 2])
        let none = try document.nodes("c")
        #expect(none.isEmpty)
    }

    @Test("knows namespaces by their names, not by the document's prefixes")
    func namespaces() throws {
        let text = "<q:a xmlns:q='urn:one'><b xmlns='urn:one'>1</b><b>2</b></q:a>"
        let document = try document(text)
        #expect(document.root.name == "a")
        #expect(document.root.namespace == "urn:one")
        let texts = try document.nodes("p:b").map(\.text)
        #expect(texts == ["1"])
        let plain = try document.nodes("b")
        #expect(plain.map(\.namespace) == [nil])
    }

    @Test("says where a node is")
    func path() throws {
        let document = try document("<a><b/><b><c/></b></a>")
        let paths = try document.nodes("//c | //b").map(\.path)
        #expect(paths == ["/a/b[1]", "/a/b[2]", "/a/b[2]/c"])
    }

    @Test("reads texts with references, sections of character data, comments and parts")
    func texts() throws {
        let document = try document("<a>1 &lt; &#x32;<![CDATA[ & 3]]><!-- 4 --><b> 5</b></a>")
        #expect(document.root.text == "1 < 2 & 3 5")
    }

    @Test("outlives nothing that its nodes need")
    func lifetime() throws {
        let nodes = try document("<a><b>1</b></a>").nodes("b")
        #expect(nodes.map(\.text) == ["1"])
    }

    @Test(
        "refuses what is no expression, or selects no nodes",
        arguments: ["", "///", "count(b)", "'b'", "unknown:b", "nothing(b)", "$b", "b["]
    )
    func expressions(path: String) throws {
        let document = try document("<a><b/></a>")
        #expect(throws: XMLError.invalidExpression(path)) { try document.nodes(path) }
        // The next one is asked as if nothing had been.
        let count = try document.nodes("b").count
        #expect(count == 1)
    }

    @Test("gives no namespace's declaration away")
    func declarations() throws {
        let nodes = try document("<a xmlns:x='urn:two'/>").nodes("namespace::*")
        #expect(nodes.isEmpty)
    }

    @Test("is read by many threads, each one with its own")
    func threads() async throws {
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...64 {
                group.addTask {
                    let text = "<a>" + String(repeating: "<b>x</b>", count: number) + "</a>"
                    let document = try XMLDocument(
                        parsing: Array(text.utf8),
                        limit: 10_000,
                        namespaces: [:]
                    )
                    return try document.nodes("b[string-length(.)=1]").count
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(counts == Set(1...64))
    }
}

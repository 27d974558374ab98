import Testing
import Web

@Suite("Router") struct RouterTests {
    private let router: Router<String> = {
        var router = Router<String>()
        router.add(.get, "/v1/orders", "list")
        router.add(.get, "/v1/orders/{id}", "order")
        router.add(.patch, "/v1/orders/{id}", "change")
        router.add(.get, "/v1/orders/{id}/items", "items")
        router.add(.post, "/v1/orders/bulk/status", "bulk")
        router.add(.get, "/v1/a/{x}/b/{y}/c/{z}", "three")
        return router
    }()

    private func match(_ method: Method, _ path: String) -> Router<String>.Match {
        router.match(method, Array(path.utf8)[...])
    }

    /// The endpoint's name and captures, joined, or what was said instead.
    private func outcome(_ method: Method, _ path: String) -> String {
        switch match(method, path) {
        case .found(let name, let captures):
            let texts = (0..<3).compactMap { captures.text($0) }.filter { !$0.isEmpty }
            return ([name] + texts).joined(separator: " ")
        case .methodNotAllowed(let allow): return "allow \(allow)"
        case .notFound: return "none"
        }
    }

    @Test(
        "finds endpoints and captures segments as they were sent",
        arguments: [
            ("/v1/orders", "list"),
            ("/v1/orders/17", "order 17"),
            ("/v1/orders/a%2fb", "order a%2fb"),
            ("/v1/orders/..", "order .."),
            ("/v1/orders/17;v=1", "order 17;v=1"),
            ("/v1/orders/17/items", "items 17"),
            ("/v1/orders/bulk/items", "items bulk"),
            ("/v1/a/1/b/2/c/3", "three 1 2 3"),
        ]
    )
    func finds(path: String, expected: String) {
        #expect(outcome(.get, path) == expected)
    }

    @Test(
        "knows one spelling of a path only",
        arguments: [
            "", "v1/orders", "/", "/v1", "/v1/", "/v1/orders/", "//v1/orders", "/v1//orders",
            "/v1/./orders", "/v1/x/../orders", "/v1%2forders", "/v1/orders;", "/V1/orders",
            "/v1/orders//items", "/v1/orders/1/items/", "/v1/orders/1/items/2", "/v1/orders/1//",
            "/v1/a//b/2/c/3",
        ]
    )
    func isStrict(path: String) {
        #expect(outcome(.get, path) == "none")
    }

    @Test("answers HEAD by GET's endpoint, and prefers a literal segment")
    func headAndLiterals() {
        #expect(outcome(.head, "/v1/orders/17") == "order 17")
        #expect(outcome(.post, "/v1/orders/bulk/status") == "bulk")
    }

    @Test(
        "names the methods that a path has",
        arguments: [
            (Method.delete, "/v1/orders/17", "allow GET, HEAD, OPTIONS, PATCH"),
            (.get, "/v1/orders/bulk/status", "allow OPTIONS, POST"),
            (.head, "/v1/orders/bulk/status", "allow OPTIONS, POST"),
            (.other, "/v1/orders", "allow GET, HEAD, OPTIONS"),
            (.options, "/v1/orders", "allow GET, HEAD, OPTIONS"),
        ]
    )
    func namesMethods(method: Method, path: String, expected: String) {
        #expect(outcome(method, path) == expected)
    }

    @Test(
        "reads a capture as a number only in its plain form",
        arguments: [
            ("1", 1), ("17", 17), ("999999999999999999", 999_999_999_999_999_999),
            ("0", nil), ("01", nil), ("+1", nil), ("-1", nil), ("1.0", nil), ("1e3", nil),
            ("%31", nil), (" 1", nil), ("١", nil), ("9223372036854775808", nil),
            ("1000000000000000000", nil),
        ] as [(String, Int64?)]
    )
    func readsNumbers(text: String, expected: Int64?) throws {
        guard case .found(_, let captures) = match(.get, "/v1/orders/\(text)") else {
            Issue.record("the path is not found")
            return
        }
        #expect(captures.number(0) == expected)
    }

    @Test(
        "does not make text of a capture that is not ASCII",
        arguments: [[0xC3, 0x28], [0xC3, 0xA9], [0x41, 0x80]] as [[UInt8]]
    )
    func refusesInvalidText(segment: [UInt8]) {
        let path = Array("/v1/orders/".utf8) + segment
        guard case .found(_, let captures) = router.match(.get, path[...]) else {
            Issue.record("the path is not found")
            return
        }
        #expect(captures.text(0) == nil)
        #expect(Array(captures[0]) == segment)
    }

    @Test("falls back to a variable segment where a literal one leads nowhere")
    func fallsBack() {
        var router = Router<String>()
        router.add(.get, "/a/b/c", "literal")
        router.add(.get, "/a/{x}/d", "variable")
        guard case .found(let name, let captures) = router.match(.get, Array("/a/b/d".utf8)[...])
        else {
            Issue.record("the path is not found")
            return
        }
        #expect(name == "variable")
        #expect(captures.text(0) == "b")
    }
}

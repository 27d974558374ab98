import Testing
import XML

@Suite("XML errors") struct XMLErrorTests {
    @Test("have a word for metrics each")
    func labels() {
        let labels = [
            XMLError.tooLarge(limit: 1), .malformed(line: 1, ""), .hasDoctype, .unwritable("\u{0}"),
            .invalidExpression(""), .failed(code: 1, ""),
        ].map { $0.label.description }
        #expect(Set(labels).count == 6)
    }
}

import FoundationEssentials
import Testing

@testable import Commerce

/// Where a table's document differs, take the new one from the failure's lines.
@Suite("Documentation of states") struct StatesDocumentTests {
    private static let documents = [
        "order": OrderStatus.transitions.document,
        "payment": PaymentStatus.transitions.document,
        "refund": RefundStatus.transitions.document,
        "reservation": ReservationStatus.transitions.document,
    ]

    @Test(
        "has every machine's diagram and table as the code has them",
        arguments: ["order", "payment", "refund", "reservation"]
    )
    func document(name: String) throws {
        let expected = try #require(Self.documents[name]).split(separator: "\n")
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = "Sources/OrderService/Documentation.docc/States.md"
        let data = try Data(contentsOf: root.appending(path: path))
        let text = String(decoding: data, as: UTF8.self)
        let start = try #require(text.firstRange(of: "<!-- states: \(name) -->"))
        let end = try #require(text.firstRange(of: "<!-- /states: \(name) -->"))
        try #require(start.upperBound < end.lowerBound)
        let found = text[start.upperBound..<end.lowerBound].split(separator: "\n")
        // Line by line, so that a failure shows the one that differs.
        for (line, expectedLine) in zip(found, expected) { #expect(line == expectedLine) }
        #expect(found.count == expected.count)
    }

    @Test("draws every move once, from its start to its end")
    func diagram() {
        #expect(
            ReservationStatus.transitions.diagram == """
                stateDiagram-v2
                    [*] --> held
                    [*] --> optimistic
                    held --> committed : commit
                    held --> released : release
                    held --> lost : lose, replace
                    optimistic --> held : hold
                    optimistic --> committed : commit
                    optimistic --> released : release
                    optimistic --> lost : lose, replace
                    committed --> [*]
                    released --> [*]
                    lost --> [*]
                """
        )
    }

    @Test("has a row a state, which names every event once")
    func rows() {
        let rows = PaymentStatus.transitions.markdown.split(separator: "\n").dropFirst(2)
        #expect(rows.count == PaymentStatus.allCases.count)
        for row in rows {
            let words = row.split { " |,`".contains($0) }.map(String.init)
            for event in PaymentEvent.allCases {
                #expect(words.count { $0 == event.rawValue } == 1, "\(event) in \(row)")
            }
        }
    }
}

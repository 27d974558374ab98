import FoundationEssentials
import Testing

@testable import OrderService

@Suite("README's tables of settings") struct SettingsReadmeTests {
    @Test(
        "are the code's",
        arguments: [
            (Setting.readmeMarkers, Setting.readmeTable),
            (PolicyPart.readmeMarkers, PolicyPart.readmeTable),
        ]
    )
    func table(markers: (start: String, end: String), expected: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: root.appending(path: "README.md"))
        let readme = String(decoding: data, as: UTF8.self)
        let start = try #require(readme.firstRange(of: markers.start))
        let end = try #require(readme.firstRange(of: markers.end))
        try #require(start.upperBound < end.lowerBound)
        let table = readme[start.upperBound..<end.lowerBound].split(separator: "\n")
        let expected = expected.split(separator: "\n")
        // Line by line, so that a failure shows the one that differs.
        for (line, expectedLine) in zip(table, expected) { #expect(line == expectedLine) }
        #expect(table.count == expected.count)
    }

    @Test("has one row a setting, none of which breaks the table")
    func rows() {
        let rows = Setting.readmeTable.split(separator: "\n").dropFirst(2)
        #expect(rows.count == Setting.allCases.count)
        #expect(rows.allSatisfy { row in row.count { $0 == "|" } == 5 })
    }
}

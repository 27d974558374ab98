import Commerce
import FoundationEssentials
import Testing
import Web

@testable import OrderService

/// Holds the files of `nginx/html/events` against the code.
///
/// That real events obey them is seen by `Tests/OpenAPIAnswers`.
@Suite("Schemas of events") struct EventSchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let directory = root.appending(path: "nginx/html/events")
    private static let envelope = "envelope.v1.json"

    private func schema(_ name: String) throws -> JSON {
        try JSON(parsing: Array(Data(contentsOf: Self.directory.appending(path: name))))
    }

    private func words(_ schema: JSON?) -> [String] {
        schema?["enum"]?.array?.compactMap(\.string) ?? []
    }

    @Test("are one a type, and no others")
    func files() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path())
        let topics = OutboxMessage.Topic.allCases.map(\.schemaFile)
        #expect(names.sorted() == (topics + [Self.envelope]).sorted())
    }

    @Test("name their type and version", arguments: OutboxMessage.Topic.allCases)
    func type(topic: OutboxMessage.Topic) throws {
        let schema = try schema(topic.schemaFile)
        #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["title"]?.string == topic.rawValue)
        #expect(schema["$ref"]?.string == Self.envelope)
        let members = schema["properties"]
        #expect(members?["type"]?["const"]?.string == topic.rawValue)
        #expect(members?["schemaVersion"]?["const"] == JSON(topic.schemaVersion))
        #expect(schema["description"]?.string?.isEmpty == false)
    }

    @Test("require every member that they know, and allow no other")
    func closed() throws {
        for name in [Self.envelope] + OutboxMessage.Topic.allCases.map(\.schemaFile) {
            let objects = objects(in: try schema(name))
            #expect(!objects.isEmpty)
            for object in objects {
                let known = object["properties"]?.members?.map(\.name)
                let required = object["required"]?.array?.compactMap(\.string)
                #expect(known == required && object["additionalProperties"] == false)
            }
        }
    }

    /// Every part that describes the members of an object.
    private func objects(in schema: JSON) -> [JSON] {
        let inner = (schema.members ?? []).flatMap { objects(in: $0.value) }
        let isWhole = schema["type"] == "object" && schema["properties"] != nil
        return isWhole ? [schema] + inner : inner
    }

    @Test("know the words of the code")
    func words() throws {
        let definitions = try schema(Self.envelope)["$defs"]
        let order = definitions?["order"]?["properties"]
        #expect(words(order?["status"]) == OrderStatus.allCases.map(\.rawValue))
        #expect(words(order?["paymentStatus"]) == PaymentStatus.allCases.map(\.rawValue))
        #expect(words(order?["paymentMethod"]) == PaymentMethod.allCases.map(\.rawValue))
        let refund = definitions?["refund"]?["properties"]
        let known = Set(RefundStatus.allCases.map(\.rawValue))
        #expect(known.isSuperset(of: words(refund?["status"])))
    }

    @Test("stand in the table of Events.md, whose rows these are")
    func documented() throws {
        let rows = try OutboxMessage.Topic.allCases.map { topic in
            let schema = try schema(topic.schemaFile)
            let data = schema["properties"]?["data"]?["properties"]?.members ?? []
            let parts = try data.map { part in
                let members = try members(of: part.value)
                return "`\(part.name)`" + (part.name == "order" ? "" : ": \(members)")
            }
            let text = schema["description"]?.string ?? ""
            return "| `\(topic.rawValue)` | \(text) | \(parts.joined(separator: "; ")) |"
        }
        let path = "Sources/OrderService/Documentation.docc/Events.md"
        let data = try Data(contentsOf: Self.root.appending(path: path))
        let article = String(decoding: data, as: UTF8.self)
        let start = try #require(article.firstRange(of: "<!-- types -->"))
        let end = try #require(article.firstRange(of: "<!-- /types -->"))
        let table = article[start.upperBound..<end.lowerBound].split(separator: "\n")
        let expected = ["| type | when | `data` |", "|---|---|---|"] + rows
        // Line by line, so that a failure shows the one that differs.
        for (line, expectedLine) in zip(table, expected) { #expect(line == expectedLine) }
        #expect(table.count == expected.count)
    }

    /// The names of an object's members, which may stand in the envelope's file.
    private func members(of object: JSON) throws -> String {
        var object = object
        if let name = object["$ref"]?.string?.split(separator: "/").last {
            object = try schema(Self.envelope)["$defs"]?[String(name)] ?? .null
        }
        let names = object["properties"]?.members?.map(\.name) ?? []
        return names.map { "`\($0)`" }.joined(separator: ", ")
    }
}

import Testing
import Yams

/// `nginx/html/openapi.yaml`, as far as tests ask it.
struct OpenAPIDocument {
    private static let methods = ["get", "put", "post", "delete", "patch"]

    let root: Node

    init() throws {
        let text = try Repository.text("nginx/html/openapi.yaml")
        root = try #require(try Yams.compose(yaml: text))
    }

    /// Every operation as «METHOD /path».
    var operations: [String] {
        get throws {
            let paths = try #require(root["paths"]?.mapping)
            return paths.flatMap { path, item in
                Self.methods.filter { item[$0] != nil }.map { method in
                    "\(method.uppercased()) \(path.string ?? "")"
                }
            }
        }
    }

    /// Who may use each operation, by its `x-access`.
    var accesses: [String: [String]] {
        get throws {
            let paths = try #require(root["paths"]?.mapping)
            let pairs = paths.flatMap { path, item in
                Self.methods.compactMap { method in
                    item[method].map { operation in
                        (
                            "\(method.uppercased()) \(path.string ?? "")",
                            operation["x-access"]?.sequence?.compactMap(\.string) ?? []
                        )
                    }
                }
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
    }

    /// The words of a schema that is an enumeration.
    func words(of schema: String) throws -> [String] {
        let words = try #require(root["components"]?["schemas"]?[schema]?["enum"]?.sequence)
        return words.compactMap(\.string)
    }

    /// The words that the description of such a schema explains, a line each.
    func explainedWords(of schema: String) throws -> [String] {
        let text = root["components"]?["schemas"]?[schema]?["description"]?.string
        return try #require(text).matches(of: /(?m)^\* `(\w+)`/).map { String($0.output.1) }
    }
}

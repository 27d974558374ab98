import FoundationEssentials

/// The files of this checkout that the document is held against.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }

    /// The Swift sources under a directory, one text.
    static func swiftSources(under directory: String) throws -> String {
        let directory = root.appending(path: directory).path()
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory)
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let data = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
            return String(decoding: data, as: UTF8.self)
        }.joined(separator: "\n")
    }
}

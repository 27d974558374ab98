import Foundation

/// Where documents are left for the rules of EN 16931, which `scripts/test-en16931` runs on them: the
/// folder that `TEST_UBL_DOCUMENTS` names, if it does.
enum DocumentFolder {
    static func leave(_ bytes: [UInt8], as name: String) throws {
        guard let path = ProcessInfo.processInfo.environment["TEST_UBL_DOCUMENTS"] else { return }
        let folder = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: folder.appendingPathComponent(name + ".xml"))
    }
}

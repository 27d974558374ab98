import Foundation
import Testing

@Suite("Writes without an idempotency key", .serialized) struct WriteNeedsKeyTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/Resilience").resolvingSymlinksInPath().path

    /// Runs the compiler.
    ///
    /// - Returns: its status and what it said.
    private func compile(_ arguments: [String]) throws -> (status: Int32, said: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["swiftc", "-swift-version", "6", "-package-name", "shop"] + arguments
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = pipe
        try process.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }

    private func snippet(_ call: String) -> String {
        """
        import Resilience

        struct Lost: Error {}

        func pay(_ stripe: Guard<Int, Lost>, _ key: IdempotencyKey) {
            _ = \(call)
        }
        """
    }

    @Test("do not compile") func doNotCompile() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("write-needs-key-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Built here and not taken from the build folder, whose place and package name depend on
        // who builds.
        let names = try FileManager.default.subpathsOfDirectory(atPath: Self.sources)
        let files = names.filter { $0.hasSuffix(".swift") }.map { "\(Self.sources)/\($0)" }
        let module = try compile(
            [
                "-emit-module", "-module-name", "Resilience", "-parse-as-library",
                "-enable-upcoming-feature", "InternalImportsByDefault", "-o",
                folder.path + "/Resilience.swiftmodule",
            ] + files
        )
        #expect(module.status == 0, "\(module.said)")
        func check(_ call: String) throws -> (status: Int32, said: String) {
            let file = folder.appendingPathComponent("Pay.swift")
            try snippet(call).write(to: file, atomically: true, encoding: .utf8)
            return try compile(["-typecheck", "-I", folder.path, file.path])
        }
        let attempt = "until: .after(.seconds(1))) { _, _ in .executed(1) }"
        let withKey = try check("stripe.write(key, \(attempt)")
        #expect(withKey.status == 0, "\(withKey.said)")
        let withoutKey = try check("stripe.write(\(attempt)")
        #expect(withoutKey.status != 0)
        #expect(withoutKey.said.contains("missing argument for parameter #1"))
        let withText = try check("stripe.write(\"key\", \(attempt)")
        #expect(withText.status != 0)
        #expect(withText.said.contains("'IdempotencyKey'"))
    }
}

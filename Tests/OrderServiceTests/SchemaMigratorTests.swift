import Foundation
import MariaDB
import OrderService
import OrderServiceTesting
import Resilience
import Testing

@Suite("Migrations", .enabled(if: TestDatabase.isAvailable))
struct SchemaMigratorTests {
    private static let soon = Deadline.after(.seconds(120))

    /// The project's own files.
    private static let project = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("sql").path

    /// Runs `body` with a directory of these files and an empty schema.
    private func run(
        _ files: [String: String],
        _ body: @escaping @Sendable (SchemaMigrator, String, Database) throws -> Void
    ) async throws {
        try await TestDatabase.withSchema { database in
            let directory = NSTemporaryDirectory() + "migrations-\(UUID().uuidString)"
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true
            )
            defer { try? FileManager.default.removeItem(atPath: directory) }
            for (name, text) in files { try Self.write(text, "\(directory)/\(name)") }
            try body(SchemaMigrator(database: database), directory, database)
        }
    }

    private static func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test("apply the project's files once, which `check` then accepts")
    func project() async throws {
        try await TestDatabase.withSchema { database in
            let migrator = SchemaMigrator(database: database)
            #expect(throws: SchemaMigrator.Failure.missing(names: SchemaMigrator.known)) {
                try migrator.check(until: Self.soon)
            }
            let applied = try migrator.migrate(from: Self.project, until: Self.soon)
            #expect(applied == SchemaMigrator.known)
            let again = try migrator.migrate(from: Self.project, until: Self.soon)
            #expect(again == [])
            try migrator.check(until: Self.soon)
        }
    }

    @Test("add what is new, in the order of names")
    func adds() async throws {
        try await run(["0001_a.sql": "CREATE TABLE a (x INT);"]) { migrator, directory, database in
            let first = try migrator.migrate(from: directory, until: Self.soon)
            #expect(first == ["0001_a"])
            try Self.write("ALTER TABLE b ADD y INT;", "\(directory)/0003_c.sql")
            try Self.write("CREATE TABLE b (x INT);", "\(directory)/0002_b.sql")
            let second = try migrator.migrate(from: directory, until: Self.soon)
            #expect(second == ["0002_b", "0003_c"])
            _ = try database.query("SELECT y FROM b", until: Self.soon)
            #expect(throws: SchemaMigrator.Failure.missing(names: SchemaMigrator.known)) {
                try migrator.check(until: Self.soon)
            }
        }
    }

    @Test("name a file that was changed after it had been applied")
    func changed() async throws {
        try await run(["0001_a.sql": "CREATE TABLE a (x INT);"]) { migrator, directory, _ in
            _ = try migrator.migrate(from: directory, until: Self.soon)
            try Self.write("CREATE TABLE a (x INT) ;", "\(directory)/0001_a.sql")
            #expect(throws: SchemaMigrator.Failure.changed(file: "0001_a.sql")) {
                try migrator.migrate(from: directory, until: Self.soon)
            }
        }
    }

    @Test("name a file that was half applied, until somebody mends it")
    func halfApplied() async throws {
        let text = "CREATE TABLE a (x INT); CREATE TABLE a (x INT);"
        try await run(["0001_a.sql": text]) { migrator, directory, database in
            let error = #expect(throws: SchemaMigrator.Failure.self) {
                try migrator.migrate(from: directory, until: Self.soon)
            }
            #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("0001_a.sql failed: "))
            for _ in 0..<2 {
                #expect(throws: SchemaMigrator.Failure.unfinished(name: "0001_a")) {
                    try migrator.migrate(from: directory, until: Self.soon)
                }
                #expect(throws: SchemaMigrator.Failure.unfinished(name: "0001_a")) {
                    try migrator.check(until: Self.soon)
                }
            }
            _ = try database.execute("DELETE FROM schema_migrations", until: Self.soon)
            try Self.write("CREATE TABLE b (x INT);", "\(directory)/0001_a.sql")
            let mended = try migrator.migrate(from: directory, until: Self.soon)
            #expect(mended == ["0001_a"])
        }
    }

    @Test("refuse a schema that knows more than this version")
    func unknown() async throws {
        try await TestDatabase.withSchema { database in
            let migrator = SchemaMigrator(database: database)
            _ = try migrator.migrate(from: Self.project, until: Self.soon)
            _ = try database.execute(
                """
                INSERT INTO schema_migrations
                VALUES ('9999_future', REPEAT('x', 32), UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))
                """,
                until: Self.soon
            )
            #expect(throws: SchemaMigrator.Failure.unknown(names: ["9999_future"])) {
                try migrator.check(until: Self.soon)
            }
        }
    }

    @Test(
        "refuse files without the form of a name, and a directory without files",
        arguments: [
            "1_a.sql", "0001a.sql", "0001_.sql", "a.sql", "000x_a.sql",
        ]
    )
    func misnamed(file: String) async throws {
        try await run([file: "SELECT 1;"]) { migrator, directory, _ in
            #expect(throws: SchemaMigrator.Failure.misnamed(file: file)) {
                try migrator.migrate(from: directory, until: Self.soon)
            }
            try FileManager.default.removeItem(atPath: "\(directory)/\(file)")
            for place in [directory, "\(directory)/none"] {
                #expect(throws: SchemaMigrator.Failure.unreadable(directory: place)) {
                    try migrator.migrate(from: place, until: Self.soon)
                }
            }
        }
    }

    @Test("are applied once by several processes at a time")
    func concurrent() async throws {
        try await TestDatabase.withSchema { database in
            let runs = try (0..<3).map { _ in
                Companion {
                    try SchemaMigrator(database: database).migrate(
                        from: Self.project,
                        until: Self.soon
                    )
                }
            }.map { try $0.join(within: 180) }
            #expect(runs.flatMap { $0 }.sorted() == SchemaMigrator.known)
        }
    }
}

import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing

/// The program under test, at `ORDERD_BINARY`, run with settings of its own.
enum Program {
    /// How a run ended.
    struct Run: Sendable {
        let status: Int
        let output: String
        let errors: String
    }

    private static let binary = ProcessInfo.processInfo.environment["ORDERD_BINARY"]

    static var isAvailable: Bool { binary != nil }

    /// The project's `sql`, found by where this file was compiled.
    static let migrations = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("sql").path

    /// Settings that are whole, on this schema.
    static func settings(
        schema: String,
        _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "LISTEN": "unix:/tmp/orderd-\(UUID().uuidString.prefix(8)).sock",
            "MARIADB_SOCKET": TestDatabase.socketPath, "MARIADB_USER": TestDatabase.userName,
            "MARIADB_DATABASE": schema,
            "REDIS_CACHE_SOCKET": ProcessInfo.processInfo.environment["TEST_REDIS_SOCKET"] ?? "",
            "REDIS_TIMEOUT": "5s", "STRIPE_SECRET_KEY": "sk_test_1",
            "STRIPE_WEBHOOK_SECRET": "whsec_1", "USER_SERVICE_URL": "http://127.0.0.1:9",
            "PRODUCT_SERVICE_URL": "http://127.0.0.1:9",
            "SEALING_KEY": String(repeating: "0f", count: 32), "PATH": "/usr/bin:/bin",
            "SELLER_NAME": "Magazin Exemplu SRL",
            "SELLER_CUI": "RO90123459",
            "SELLER_STREET": "Strada Exemplului nr. 10",
            "SELLER_CITY": "Cluj-Napoca",
            "SELLER_COUNTY": "RO-CJ",
            "SELLER_POSTAL_CODE": "400001",
        ].merging(changes) { $1 }
    }

    /// Settings on the database's schema, as it is.
    static func settings(
        on database: Database,
        _ changes: [String: String] = [:]
    ) throws -> [String: String] {
        let rows = try database.query("SELECT DATABASE() AS name", until: .after(.seconds(9)))
        return settings(schema: try #require(try rows.first?.string("name")), changes)
    }

    /// Settings on the database's schema, which is migrated.
    static func migratedSettings(
        _ database: Database,
        _ changes: [String: String] = [:]
    ) throws -> [String: String] {
        // A table is altered slowly on a machine that runs all tests.
        let patient = ["MARIADB_JOB_TIMEOUT": "60s"].merging(changes) { $1 }
        let settings = try settings(on: database, patient)
        let migration = try run(["migrate", "--directory", migrations], settings)
        try #require(migration.status == 0, "\(migration.errors)")
        return settings
    }

    /// The arguments of `env` that start the program with nothing but these settings.
    ///
    /// Built for coverage, it would leave a profile where it was started.
    private static func arguments(
        _ arguments: [String],
        _ settings: [String: String]
    ) -> [String] {
        ["-i", "LLVM_PROFILE_FILE=/dev/null"] + settings.map { "\($0.key)=\($0.value)" } + [
            binary ?? ""
        ] + arguments
    }

    /// An `output` that was closed before the program began.
    static let closed = "&-"

    /// Runs a command to its end; blocks until then.
    ///
    /// - Parameters:
    ///   - command: its arguments.
    ///   - settings: its environment.
    ///   - file: gets its output; nil for `Run.output`.
    /// - Returns: how it ended.
    /// - Throws: if it cannot be started.
    static func run(
        _ command: [String],
        _ settings: [String: String],
        output file: String? = nil
    ) throws -> Run {
        let errors = NSTemporaryDirectory() + "orderd-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: errors) }
        let script =
            "\"$@\" >\(file.map { $0 == closed ? $0 : "'\($0)'" } ?? "&1") 2>'\(errors)'; echo \"exit status $?\""
        let child = try ChildProcess(
            "/bin/sh",
            ["-c", script, "sh", "/usr/bin/env"] + arguments(command, settings)
        )
        var output = ""
        let last = try child.line(containing: "exit status ") { output = $0 }
        let text = try String(contentsOfFile: errors, encoding: .utf8)
        return Run(
            status: Int(last.dropFirst("exit status ".count)) ?? -1,
            output: String(output.dropLast(last.count + 1)),
            errors: text
        )
    }

    /// Starts a command that stays; its standard error is what `line(containing:)` reads.
    static func start(_ command: [String], _ settings: [String: String]) throws -> ChildProcess {
        try ChildProcess(
            "/bin/sh",
            ["-c", "exec \"$@\" 2>&1", "sh", "/usr/bin/env"] + arguments(command, settings)
        )
    }
}

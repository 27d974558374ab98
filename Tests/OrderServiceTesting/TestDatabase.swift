import Foundation
package import MariaDB
import Resilience

/// The server that integration tests use, named by `TEST_MARIADB_SOCKET`.
package enum TestDatabase {
    package static var isAvailable: Bool { socket != nil }

    private static let socket = ProcessInfo.processInfo.environment["TEST_MARIADB_SOCKET"]

    /// The user of `TEST_MARIADB_USER`, else the one that runs the tests.
    private static var user: String {
        ProcessInfo.processInfo.environment["TEST_MARIADB_USER"] ?? NSUserName()
    }

    /// Where the server listens, and as whom tests sign in, for settings.
    package static var socketPath: String { socket ?? "" }
    package static var userName: String { user }

    /// How to reach `schema` on the tests' server, or on the one that listens at `socket`.
    package static func configuration(
        socket: String? = nil,
        schema: String? = nil
    ) -> MariaDBConfiguration {
        var configuration = MariaDBConfiguration(
            address: .unixSocket(path: socket ?? self.socket ?? ""),
            user: user,
            database: schema
        )
        configuration.poolSize = 4
        return configuration
    }

    /// Runs `body` on a thread of its own with a new, empty schema, which is dropped afterwards.
    ///
    /// - Parameters:
    ///   - script: statements run in the schema first, such as `CREATE TABLE`.
    ///   - configure: changes the configuration of the database that `body` gets.
    ///   - body: the test.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws, or why the schema cannot be made.
    package static func withSchema<Result: Sendable>(
        _ script: String = "",
        configure: @escaping @Sendable (inout MariaDBConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await onOwnThread {
            let schema = "test_\(UUID().uuidString.prefix(8).lowercased())"
            let server = Database(configuration())
            let deadline = Deadline.after(.seconds(60))
            try server.executeScript("CREATE DATABASE \(schema)", until: deadline)
            defer {
                try? server.executeScript("DROP DATABASE \(schema)", until: deadline)
                server.close()
            }
            var configuration = configuration(schema: schema)
            configure(&configuration)
            let database = Database(configuration)
            defer { database.close() }
            if !script.isEmpty { try database.executeScript(script, until: deadline) }
            return try body(database)
        }
    }
}

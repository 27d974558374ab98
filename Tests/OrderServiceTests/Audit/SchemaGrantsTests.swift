import Foundation
import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing

@Suite("The rights of the account that serves", .enabled(if: ServiceUnderTest.isAvailable))
struct SchemaGrantsTests {
    /// Runs `body` with the database as an account sees it that has just the rights it needs.
    private func run(
        _ body: @escaping @Sendable (ServiceUnderTest, Database) throws -> Void
    ) async throws {
        try await ServiceUnderTest.run { service in
            let name = "serves_\(UUID().uuidString.prefix(8).lowercased())"
            let account = try #require(SchemaGrants.Account("\(name)@localhost"))
            let owner = service.services.database
            try owner.executeScript(
                "CREATE USER \(name)@localhost IDENTIFIED BY 'secret'",
                until: service.soon
            )
            defer { try? owner.executeScript("DROP USER \(name)@localhost", until: service.soon) }
            try SchemaGrants(database: owner).give(to: account, until: service.soon)
            let configuration = MariaDBConfiguration(
                address: .unixSocket(path: TestDatabase.socketPath),
                user: name,
                password: "secret",
                database: service.settings["MARIADB_DATABASE"]
            )
            let database = Database(configuration)
            defer { database.close() }
            try body(service, database)
        }
    }

    private func refusal(_ statement: SQL, _ database: Database) -> UInt32? {
        do {
            _ = try database.execute(statement, class: .write, until: .after(.seconds(30)))
            return nil
        } catch MariaDBError.failed(let failure) {
            return failure.code.rawValue
        } catch {
            return 0
        }
    }

    /// `ER_TABLEACCESS_DENIED_ERROR`.
    private static let denied: UInt32 = 1142

    @Test("let it add to records and read them, and neither change nor remove one")
    func appendOnly() async throws {
        try await run { service, database in
            let add: SQL = """
                INSERT INTO audit_records (recorded_at, actor, roles, route, request_id)
                VALUES (UTC_TIMESTAMP(6), 'x', 'admin', 'GET /', '12345678')
                """
            #expect(refusal(add, database) == nil)
            let read = try database.query("SELECT actor FROM audit_records", until: service.soon)
            #expect(try read.map { try $0.string("actor") } == ["x"])
            for statement: SQL in [
                "UPDATE audit_records SET actor = 'y'", "DELETE FROM audit_records",
                "REPLACE INTO audit_records (id) VALUES (1)", "TRUNCATE audit_records",
                "DROP TABLE audit_records", "ALTER TABLE audit_records ADD x INT",
                "DELETE FROM breaker_order_log", "UPDATE refund_switchings SET actor = 'y'",
                "DELETE FROM schema_migrations", "CREATE TABLE x (y INT)",
            ] {
                #expect(refusal(statement, database) == Self.denied)
            }
            #expect(try service.rowCounts()["audit_records"] == 1)
        }
    }

    @Test("let it write every other table")
    func others() async throws {
        try await run { service, database in
            let tables = try service.rowCounts().keys.filter {
                !SchemaGrants.appendOnly.contains($0)
            }
            #expect(tables.count > 20)
            for table in tables {
                #expect(
                    refusal(SQL(stringLiteral: "DELETE FROM \(table) WHERE FALSE"), database) == nil
                )
            }
        }
    }

    @Test(
        "are given to what is an account only",
        arguments: [
            "", "orders", "@", "orders@", "a@b@c", "o'rders@localhost", "a`@b", "a b@c", "a@\\",
        ]
    )
    func accounts(text: String) {
        #expect(SchemaGrants.Account(text) == nil)
    }
}

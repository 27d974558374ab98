import Foundation
import MariaDB
import OrderService
import OrderServiceTesting
import Redis
import Resilience
import Synchronization

/// A schema and two Redis databases that one test at a time uses.
struct Place: Sendable {
    static let redisSocket = ProcessInfo.processInfo.environment["TEST_REDIS_SOCKET"]

    /// So many tests with a service of their own run at once.
    private static let count = 5
    private static let places = Pool<Place>(size: count, maximumWait: .seconds(900))
    private static let nextIndex = Atomic(0)

    private let index: Int

    var schema: String { "service_test_\(index)" }
    // Redis has 16 databases; number 0 is left to others.
    var cacheDatabase: Int { 2 * index + 1 }
    var stateDatabase: Int { 2 * index + 2 }

    /// Lends an empty place to `body`; blocks until one is free.
    static func borrow<Result>(_ body: (Place) throws -> Result) throws -> Result {
        try places.withSlot(until: .after(.seconds(900))) { slot in
            let place: Place
            if let known = slot.resource {
                place = known
            } else {
                place = Place(index: nextIndex.add(1, ordering: .relaxed).oldValue)
                try place.makeSchema()
                slot.resource = place
            }
            try place.empty()
            return try body(place)
        }
    }

    private func makeSchema() throws {
        let deadline = Deadline.after(.seconds(120))
        let server = Database(TestDatabase.configuration())
        defer { server.close() }
        try server.executeScript(
            """
            DROP DATABASE IF EXISTS \(schema);
            CREATE DATABASE \(schema) CHARACTER SET utf8mb4
            """,
            until: deadline
        )
        let database = Database(TestDatabase.configuration(schema: schema))
        defer { database.close() }
        _ = try SchemaMigrator(database: database).migrate(
            from: Self.migrations,
            until: deadline
        )
    }

    /// The project's `sql`, found by where this file was compiled.
    static let migrations = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("sql").path

    private func empty() throws {
        let deadline = Deadline.after(.seconds(60))
        let database = Database(TestDatabase.configuration(schema: schema))
        defer { database.close() }
        let tables = try Self.tables(of: database, until: deadline)
        let deletions = tables.map { "DELETE FROM \($0);" }.joined(separator: " ")
        try database.executeScript(
            "SET FOREIGN_KEY_CHECKS = 0; START TRANSACTION; \(deletions) COMMIT",
            until: deadline
        )
        for number in [cacheDatabase, stateDatabase] {
            let redis = RedisClient(
                RedisConfiguration(
                    address: .unix(Self.redisSocket ?? ""),
                    database: number,
                    connectTimeout: .seconds(10),
                    operationTimeout: .seconds(10)
                )
            )
            _ = try redis.send(Command("FLUSHDB"), until: deadline)
            redis.close()
        }
    }

    /// The tables that the service writes.
    static func tables(of database: Database, until deadline: Deadline) throws -> [String] {
        try database.query(
            """
            SELECT table_name AS name FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name <> 'schema_migrations'
            ORDER BY table_name
            """,
            class: .job,
            until: deadline
        ).map { try $0.string("name") }
    }
}

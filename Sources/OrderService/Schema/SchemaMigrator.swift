import FoundationEssentials
package import MariaDB
package import Resilience
import Signing

/// Brings a database to the schema that this version of the service knows.
///
/// Files `NNNN_name.sql` are applied once each, in order, under `GET_LOCK`. A file that was applied
/// must not change: its SHA-256 is compared at every run.
package struct SchemaMigrator: Sendable {
    /// The migrations that this version knows, all of which a database must have.
    package static let known = [
        "0001_orders", "0002_access", "0003_messages", "0004_breakers",
        "0005_client_address", "0006_refunds", "0007_leases", "0008_catch_up",
        "0009_cart_orders", "0010_reconciliation", "0011_second_intents", "0012_audit",
        "0013_session_ids", "0014_guest_access", "0015_fraud", "0016_privacy",
        "0017_followed_payments", "0018_order_search", "0019_bulk_cancels", "0020_invoices",
        "0021_invoice_search", "0022_lease_indexes", "0023_name_signatures",
        "0024_name_pairs", "0025_invoice_document_hash", "0026_invoice_checks",
    ]

    /// What keeps a database from being migrated or used; each says what to do.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(directory: String)
        case misnamed(file: String)
        case changed(file: String)
        case unfinished(name: String)
        case failed(file: String, reason: String)
        case locked
        case missing(names: [String])
        case unknown(names: [String])

        package var description: String {
            switch self {
            case .unreadable(let directory): "cannot read migrations in \(directory)"
            case .misnamed(let file): "\(file) is not named NNNN_name.sql"
            case .changed(let file): "\(file) was changed after it had been applied"
            case .unfinished(let name):
                "\(name) was begun and not finished; mend the schema by hand, "
                    + "then delete its row in schema_migrations"
            case .failed(let file, let reason): "\(file) failed: \(reason)"
            case .locked: "another migration is running"
            case .missing(let names):
                "the schema lacks \(names.joined(separator: ", ")); run orderd migrate"
            case .unknown(let names):
                "the schema has \(names.joined(separator: ", ")), which this version does not know"
            }
        }
    }

    private struct Migration {
        let name: String
        let script: String
        let checksum: [UInt8]
    }

    private let database: Database

    /// How long another migration is waited for.
    private static let lockPatience = Duration.seconds(60)

    package init(database: Database) {
        self.database = database
    }

    /// Waits until no other migration runs, in steps that a statement's time limit allows.
    private static func lock(
        _ connection: inout Connection,
        until deadline: Deadline
    ) throws {
        let patience = Deadline.after(min(lockPatience, deadline.remaining))
        repeat {
            let lock = try connection.query(
                "SELECT GET_LOCK(CONCAT(DATABASE(), '.migrate'), 2) AS held",
                class: .job,
                until: deadline
            )
            if try lock.first?.optionalInt("held") == 1 { return }
        } while !patience.isExpired
        throw Failure.locked
    }

    /// Applies what is missing; blocks until it is done.
    ///
    /// - Parameters:
    ///   - directory: where the files are.
    ///   - deadline: for the whole run.
    /// - Returns: the names that were applied.
    /// - Throws: `Failure`, `MariaDBError`.
    package func migrate(from directory: String, until deadline: Deadline) throws -> [String] {
        let migrations = try Self.read(directory)
        return try database.withConnection(until: deadline) { connection in
            try Self.lock(&connection, until: deadline)
            try connection.executeScript(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    name        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
                    checksum    BINARY(32) NOT NULL,
                    started_at  DATETIME(6) NOT NULL,
                    applied_at  DATETIME(6) NULL,
                    PRIMARY KEY (name)
                )
                """,
                until: deadline
            )
            let applied = try Self.applied(&connection, until: deadline)
            return try migrations.compactMap { migration in
                if let row = applied[migration.name] {
                    guard row.isFinished else {
                        throw Failure.unfinished(name: migration.name)
                    }
                    guard row.checksum == migration.checksum else {
                        throw Failure.changed(file: "\(migration.name).sql")
                    }
                    return nil
                }
                try Self.apply(migration, &connection, until: deadline)
                return migration.name
            }
        }
    }

    /// Checks that the database has exactly what this version knows.
    ///
    /// - Throws: `Failure`, `MariaDBError`.
    package func check(until deadline: Deadline) throws {
        let applied = try database.withConnection(until: deadline) { connection in
            let tables = try connection.query(
                """
                SELECT 1 FROM information_schema.tables
                WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'
                """,
                class: .job,
                until: deadline
            )
            return tables.isEmpty ? [:] : try Self.applied(&connection, until: deadline)
        }
        if let unfinished = applied.first(where: { !$0.value.isFinished }) {
            throw Failure.unfinished(name: unfinished.key)
        }
        let missing = Self.known.filter { applied[$0] == nil }
        guard missing.isEmpty else { throw Failure.missing(names: missing) }
        let unknown = applied.keys.filter { !Self.known.contains($0) }
        guard unknown.isEmpty else { throw Failure.unknown(names: unknown.sorted()) }
    }

    private static func applied(
        _ connection: inout Connection,
        until deadline: Deadline
    ) throws -> [String: (checksum: [UInt8], isFinished: Bool)] {
        let rows = try connection.query(
            "SELECT name, checksum, applied_at FROM schema_migrations",
            class: .job,
            until: deadline
        )
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row in
                (
                    try row.string("name"),
                    (try row.bytes("checksum"), try row.optionalTimestamp("applied_at") != nil)
                )
            }
        )
    }

    private static func apply(
        _ migration: Migration,
        _ connection: inout Connection,
        until deadline: Deadline
    ) throws {
        // Data definition commits by itself in MariaDB, so the row says when a file was begun.
        try connection.execute(
            """
            INSERT INTO schema_migrations (name, checksum, started_at)
            VALUES (\(migration.name), \(migration.checksum), UTC_TIMESTAMP(6))
            """,
            class: .job,
            until: deadline
        )
        do {
            try connection.executeScript(migration.script, until: deadline)
        } catch {
            throw Failure.failed(file: "\(migration.name).sql", reason: "\(error)")
        }
        try connection.execute(
            """
            UPDATE schema_migrations SET applied_at = UTC_TIMESTAMP(6)
            WHERE name = \(migration.name)
            """,
            class: .job,
            until: deadline
        )
    }

    private static func read(_ directory: String) throws -> [Migration] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw Failure.unreadable(directory: directory)
        }
        let files = names.filter { $0.hasSuffix(".sql") }.sorted()
        guard !files.isEmpty else { throw Failure.unreadable(directory: directory) }
        return try files.map { file in
            let name = String(file.dropLast(".sql".count))
            let digits = name.utf8.prefix(4)
            guard name.utf8.count > 5, digits.allSatisfy({ (48...57).contains($0) }),
                name.utf8.dropFirst(4).first == UInt8(ascii: "_")
            else { throw Failure.misnamed(file: file) }
            guard let data = FileManager.default.contents(atPath: "\(directory)/\(file)"),
                let script = String(validating: data, as: UTF8.self)
            else { throw Failure.unreadable(directory: directory) }
            return Migration(
                name: name,
                script: script,
                checksum: SHA256.digest(Array(data)).bytes
            )
        }
    }
}

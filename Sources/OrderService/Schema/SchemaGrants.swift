package import MariaDB
package import Resilience

/// What the account that serves may do: read and write rows, and to records of what was done only
/// add.
///
/// MariaDB takes nothing away from a right on a whole schema, so rights are given table by table,
/// again after each migration. The account that migrates needs them `WITH GRANT OPTION`.
package struct SchemaGrants: Sendable {
    /// Tables whose rows nobody changes or removes who serves.
    package static let appendOnly = [
        "audit_records", "breaker_order_log", "privacy_erasures", "refund_switchings",
    ]

    /// An account of MariaDB, `name@host`.
    package struct Account: Sendable, Equatable {
        let name: String
        let host: String

        /// Reads an account; nil for what cannot be written between quotes without escaping.
        package init?(_ text: String) {
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            let isPlain = text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte)
                    || (97...122).contains(byte) || "_-.:%@/".utf8.contains(byte)
            }
            guard parts.count == 2, isPlain, parts.allSatisfy({ (1...80).contains($0.count) })
            else { return nil }
            name = String(parts[0])
            host = String(parts[1])
        }
    }

    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// Gives an account its rights on every table that there is; blocks until it has them.
    ///
    /// - Parameters:
    ///   - account: which exists.
    ///   - deadline: for all of it.
    /// - Throws: `MariaDBError`.
    package func give(to account: Account, until deadline: Deadline) throws {
        let tables = try database.query(
            """
            SELECT table_name AS name FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name
            """,
            class: .job,
            until: deadline
        ).map { try $0.string("name") }
        let grants = tables.map { table in
            "GRANT \(Self.rights(on: table)) ON `\(table)` TO '\(account.name)'@'\(account.host)'"
        }
        guard !grants.isEmpty else { return }
        try database.executeScript(grants.joined(separator: ";\n"), until: deadline)
    }

    private static func rights(on table: String) -> String {
        if table == "schema_migrations" { return "SELECT" }
        return appendOnly.contains(table)
            ? "SELECT, INSERT" : "SELECT, INSERT, UPDATE, DELETE"
    }
}

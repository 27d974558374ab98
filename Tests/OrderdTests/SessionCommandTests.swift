import MariaDB
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("orderd session", .enabled(if: Program.isAvailable && TestDatabase.isAvailable))
struct SessionCommandTests {
    /// A command of `orderd session`, whose output is JSON.
    private static func json(
        _ arguments: [String],
        _ settings: [String: String]
    ) throws -> (status: Int, answer: JSON) {
        let run = try Program.run(["session"] + arguments + ["--json"], settings)
        return (run.status, (try? JSON(parsing: Array(run.output.utf8))) ?? .null)
    }

    /// Runs `body` with settings on a migrated schema.
    private static func withSchema(
        _ body: @escaping @Sendable (Database, [String: String]) throws -> Void
    ) async throws {
        try await TestDatabase.withSchema { database in
            try body(database, Program.migratedSettings(database))
        }
    }

    @Test("revokes one by the id that is no token, and then lists it as revoked")
    func one() async throws {
        try await Self.withSchema { _, settings in
            let issue = ["issue", "--user", "s-1", "--role", "support", "--role", "finance"]
            let first = try Self.json(issue + ["--ttl", "60"], settings)
            let second = try Self.json(issue, settings)
            let (id, token) = (first.answer["id"]?.string ?? "", first.answer["token"]?.string)
            #expect(first.status == 0 && id.hasPrefix("ses_") && token?.hasPrefix("st_") == true)
            let plain = try Program.run(["session"] + issue, settings)
            #expect(plain.output.hasPrefix("st_") && plain.output.utf8.count == 47)

            #expect(try Self.json(["revoke", "--id", id], settings).answer == ["revoked": 1])
            let again = try Self.json(["revoke", "--id", id], settings)
            #expect(again.status == 1 && again.answer == ["revoked": 0])

            let list = try Self.json(["list", "--user", "s-1"], settings).answer.array ?? []
            #expect(list.count == 3)
            let revoked = list.filter { $0["revokedAt"] != .null }
            #expect(revoked.map { $0["id"]?.string } == [id])
            #expect(list.allSatisfy { $0["roles"] == ["support", "finance"] })
            let live = try Self.json(["list", "--user", "s-1", "--live"], settings).answer.array
            #expect(live?.count == 2)
            #expect(live?.contains { $0["id"] == second.answer["id"] } == true)
            let text = try Program.run(["session", "list", "--user", "s-1"], settings).output
            #expect(text.split(separator: "\n").count == 3 && text.contains(id))
            #expect(!text.contains(token ?? "?"))
            let all = try Self.json(["revoke", "--user", "s-1"], settings)
            #expect(all.answer == ["revoked": 2])
        }
    }

    @Test("puts on record what it is asked, before it does it")
    func record() async throws {
        try await Self.withSchema { database, settings in
            let issue = ["issue", "--user", "s-1", "--role", "admin", "--reason", "new colleague"]
            let id = try Self.json(issue, settings).answer["id"]?.string ?? ""
            _ = try Self.json(["list", "--user", "s-1"], settings)
            _ = try Self.json(["revoke", "--id", id, "--reason", "left"], settings)
            _ = try Self.json(["revoke", "--user", "s-1"], settings)
            let rows = try database.query(
                "SELECT actor, route, user_id, subject, reason FROM audit_records ORDER BY id",
                until: .after(.seconds(9))
            )
            let actors = Set(try rows.map { try $0.string("actor") })
            #expect(actors.count == 1 && actors.first?.hasPrefix("cli:") == true)
            let columns = try rows.map { row in
                try ["route", "user_id", "subject", "reason"].map {
                    try row.optionalString($0) ?? "-"
                }
            }
            #expect(
                columns == [
                    ["orderd session issue", "s-1", "admin", "new colleague"],
                    ["orderd session list", "s-1", "-", "-"],
                    ["orderd session revoke", "-", id, "left"],
                    ["orderd session revoke", "s-1", "-", "-"],
                ]
            )
            try database.executeScript("DROP TABLE audit_records", until: .after(.seconds(9)))
            let refused = try Program.run(["session"] + issue, settings)
            #expect(refused.status == 1 && refused.output == "")
            let sessions = try database.query(
                "SELECT id FROM sessions",
                until: .after(.seconds(9))
            )
            #expect(sessions.count == 1)
        }
    }

    @Test(
        "refuses what it cannot read, and does nothing",
        arguments: [
            ["revoke"], ["revoke", "--id", "4711"], ["revoke", "--id", "st_x"],
            ["revoke", "--user", "a b"], ["revoke", "--user", "a", "--id", "ses_x"],
            ["list", "--user", ""], ["issue", "--user", "a"],
            ["issue", "--user", "a", "--role", "admin", "--ttl", "59"],
            ["issue", "--user", "a", "--role", "admin", "--ttl", "31536001"],
            ["issue", "--user", "a", "--role", "admin", "--reason", ""],
        ]
    )
    func refusals(arguments: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(["session"] + arguments, Program.settings(schema: "none"))
            #expect(run.status != 0 && run.status != 1 && run.output == "")
        }
    }
}

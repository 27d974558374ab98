import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing

@Suite("orderd guests", .enabled(if: Program.isAvailable && TestDatabase.isAvailable))
struct GuestsCommandTests {
    @Test(
        "explains each of its commands",
        arguments: [
            ["guests"], ["guests", "list"], ["guests", "accesses"], ["guests", "revoke"],
        ]
    )
    func help(command: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(command + ["--help"], [:])
            #expect(run.status == 0 && run.errors == "")
            #expect(run.output.contains("USAGE: orderd guests"))
        }
    }

    @Test("lists tokens and their use, and ends them, with a reason on record")
    func commands() async throws {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(60))
            let settings = try Program.migratedSettings(database)
            try database.executeScript(
                """
                SET FOREIGN_KEY_CHECKS = 0;
                INSERT INTO guest_tokens (token_hash, order_id, scopes, created_at, expires_at)
                SELECT UNHEX(SHA2(seq, 256)), 7, 'view,pay', UTC_TIMESTAMP(6) + INTERVAL seq SECOND,
                    UTC_TIMESTAMP(6) + INTERVAL 1 DAY FROM seq_1_to_2;
                INSERT INTO guest_accesses
                    (order_id, event, token_hash, route, network, accessed_at, minute)
                VALUES (7, 'token_used', UNHEX(SHA2(1, 256)), 'GET /v1/guest/order', '192.0.2.1',
                    UTC_TIMESTAMP(6), 1)
                """,
                until: deadline
            )
            let listed = try Program.run(["guests", "list", "--order", "7", "--json"], settings)
            #expect(listed.status == 0 && listed.errors == "")
            let list = try JSONSerialization.jsonObject(with: Data(listed.output.utf8))
            let tokens = try #require(list as? [[String: Any]])
            #expect(tokens.count == 2 && tokens.allSatisfy { $0["live"] as? Bool == true })
            let first = try #require(tokens.last?["id"] as? String)

            let accesses = try Program.run(["guests", "accesses", "--order", "7"], settings)
            #expect(
                accesses.output.contains("token_used  \(first)  GET /v1/guest/order  192.0.2.1\n")
            )

            let revoke = ["guests", "revoke", "--order", "7", "--reason", "a drill"]
            let one = try Program.run(revoke + ["--token", first], settings)
            #expect(one.status == 0 && one.output == "revoked 1\n")
            let unknown = try Program.run(revoke + ["--token", "gtk_nothing"], settings)
            #expect(unknown.status == 1 && unknown.output == "revoked 0\n")
            let all = try Program.run(revoke, settings)
            #expect(all.status == 0 && all.output == "revoked 1\n")
            let text = try Program.run(["guests", "list", "--order", "7"], settings).output
            #expect(text.split(separator: "\n").allSatisfy { $0.contains("  cli:") })
            let records = try database.query(
                "SELECT route, order_id, reason FROM audit_records ORDER BY id",
                until: deadline
            )
            #expect(records.count == 3)
            for record in records {
                #expect(try record.string("route") == "orderd guests revoke")
                #expect(try record.int64("order_id") == 7 && record.string("reason") == "a drill")
            }
        }
    }

    @Test(
        "refuses what it cannot be meant to do",
        arguments: [
            ["revoke", "--order", "7"], ["revoke", "--order", "7", "--reason", "no"],
            ["revoke", "--order", "7", "--reason", "a\u{7}bell"], ["list"],
            ["accesses", "--order", "7", "--limit", "0"],
        ]
    )
    func refusals(arguments: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(["guests"] + arguments, [:])
            #expect(run.status == 64 && run.output == "")
        }
    }
}

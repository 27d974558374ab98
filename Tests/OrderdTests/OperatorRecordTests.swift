import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing

@Suite(
    "What operators do by command",
    .enabled(if: Program.isAvailable && TestDatabase.isAvailable)
)
struct OperatorRecordTests {
    private static let soon = Deadline.after(.seconds(60))

    @Test("is on record with the unix account and the reason")
    func recorded() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Program.migratedSettings(database)
            let commands:
                [(arguments: [String], route: String, subject: String?, reason: String?)] =
                    [
                        (
                            ["breakers", "set", "stripe-read", "disabled", "--reason", "a drill"],
                            "orderd breakers set", "stripe-read", "a drill"
                        ),
                        (
                            ["refunds", "pause", "--reason", "wrong sums"],
                            "orderd refunds pause", nil, "wrong sums"
                        ),
                        (
                            ["refunds", "resume", "--reason", "mended"],
                            "orderd refunds resume", nil, "mended"
                        ),
                        (["refunds", "list"], "orderd refunds list", nil, nil),
                        (["events", "replay", "--order", "7"], "orderd events replay", nil, nil),
                        (["events", "replay", "--dead"], "orderd events replay", "dead", nil),
                    ]
            for command in commands {
                let run = try Program.run(command.arguments, settings)
                #expect(run.status == 0, "\(command.route): \(run.errors)")
            }
            // Stripe is not there; what it found is no matter, that it looked is.
            _ = try Program.run(["reconcile", "--timeout", "1s"], settings)
            _ = try Program.run(["reconcile", "--fix", "--timeout", "1s"], settings)
            // These show and do nothing that tells of anybody.
            for harmless in [
                ["breakers", "list"], ["refunds", "status"],
                ["events", "replay", "--dead", "--dry-run"],
            ] { #expect(try Program.run(harmless, settings).status == 0) }
            let rows = try database.query(
                "SELECT * FROM audit_records ORDER BY id",
                until: Self.soon
            )
            #expect(
                try rows.map { try $0.string("route") }
                    == commands.map(\.route) + ["orderd reconcile", "orderd reconcile --fix"]
            )
            for (row, command) in zip(rows, commands) {
                #expect(try row.optionalString("subject") == command.subject)
                #expect(try row.optionalString("reason") == command.reason)
            }
            #expect(try rows.allSatisfy { try $0.string("actor") == "cli:\(NSUserName())" })
            let switched = try database.query(
                "SELECT actor FROM refund_switchings",
                until: Self.soon
            )
            #expect(try switched.allSatisfy { try $0.string("actor") == "cli:\(NSUserName())" })
        }
    }

    @Test("does not happen where it cannot be put on record")
    func unrecorded() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Program.migratedSettings(database)
            try database.executeScript(
                "RENAME TABLE audit_records TO audit_away",
                until: Self.soon
            )
            for command in [
                ["breakers", "set", "stripe-read", "disabled", "--reason", "a drill"],
                ["refunds", "pause", "--reason", "wrong sums"],
            ] {
                let run = try Program.run(command, settings)
                #expect(run.status == 1 && run.output == "" && run.errors != "")
            }
            for table: SQL in ["breaker_order_log", "refund_switchings"] {
                let rows = try database.query("SELECT id FROM \(table)", until: Self.soon)
                #expect(rows.isEmpty)
            }
        }
    }
}

import MariaDB
import OrderServiceTesting
import Resilience
import Testing

/// What the commands do to the stream of a running stack is seen by `Tests/OpenAPIAnswers`.
@Suite("orderd events", .enabled(if: Program.isAvailable && TestDatabase.isAvailable))
struct EventsCommandTests {
    @Test(
        "names every option in its help",
        arguments: [
            ("tail", ["--from", "--count"]),
            ("replay", ["--order", "--since", "--dead", "--dry-run", "--json"]),
        ]
    )
    func help(command: String, options: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(["events", command, "--help"], [:])
            #expect(run.status == 0 && options.allSatisfy { run.output.contains($0) })
        }
    }

    @Test(
        "refuses what it does not understand, before it does anything",
        arguments: [
            ["replay"], ["replay", "--order", "1", "--dead"], ["replay", "--order", "x"],
            ["replay", "--since", "yesterday"], ["replay", "--since", "0s"],
            ["replay", "--since", "1h", "--order", "1"], ["tail", "--from", "now"],
            ["tail", "--count", "-1"],
        ]
    )
    func refused(command: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(["events"] + command, Program.settings(schema: "none"))
            #expect(run.status == 64 && run.output == "" && run.errors.contains("Usage"))
        }
    }

    @Test("lists and marks what is to be sent again")
    func replay() async throws {
        try await TestDatabase.withSchema { database in
            let schema =
                try database.query("SELECT DATABASE() AS name", until: .after(.seconds(9)))
                .first?.string("name") ?? ""
            let settings = Program.settings(schema: schema)
            _ = try Program.run(["migrate", "--directory", Program.migrations], settings)
            _ = try database.execute(
                """
                INSERT INTO outbox (order_id, channel, topic, payload, created_at, sent_at, dead_at)
                SELECT 7, 'event', 'order.placed', '{"id":"evt_1"}', NOW(), NOW(), NULL UNION ALL
                SELECT 7, 'event', 'order.confirmed', '{"id":"evt_2"}', NOW(), NULL, NOW()
                UNION ALL
                SELECT 8, 'event', 'order.placed', '{"id":"evt_3"}', '2020-01-01', NOW(), NULL
                UNION ALL
                SELECT 7, 'task', 'payment.ensure', '{}', NOW(), NULL, NOW()
                """,
                class: .job,
                until: .after(.seconds(9))
            )
            func run(_ arguments: String...) throws -> String {
                let run = try Program.run(["events", "replay"] + arguments, settings)
                #expect(run.status == 0 && run.errors == "")
                return run.output
            }
            let dead = try run("--dead", "--dry-run", "--json")
            #expect(dead.contains("\"eventId\":\"evt_2\"") && !dead.contains("evt_1"))
            #expect(!dead.contains("payment.ensure"))
            // A day more than the session's zone may be off.
            let since = try run("--since", "2d", "--dry-run")
            #expect(since.contains("evt_1") && since.contains("evt_2") && !since.contains("evt_3"))
            #expect(since.hasSuffix("2 to send\n"))
            let order = try run("--order", "7")
            #expect(order.contains("  evt_1  order.placed  order 7\n"))
            #expect(order.hasSuffix("2 sent again\n"))
            let waiting = try database.query(
                """
                SELECT id FROM outbox WHERE next_attempt_at IS NOT NULL AND dead_at IS NULL
                    AND sent_at IS NULL ORDER BY id
                """,
                until: .after(.seconds(9))
            )
            #expect(waiting.count == 2)
            #expect(try run("--order", "7") == "0 sent again\n")
        }
    }
}

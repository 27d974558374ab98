import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing

@Suite("orderd breakers", .enabled(if: Program.isAvailable && TestDatabase.isAvailable))
struct BreakersCommandTests {
    @Test(
        "explains each of its commands",
        arguments: [["breakers"], ["breakers", "list"], ["breakers", "set"]]
    )
    func help(command: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(command + ["--help"], [:])
            #expect(run.status == 0 && run.errors == "")
            #expect(run.output.contains("USAGE: orderd breakers"))
        }
    }

    @Test("commands a worker that runs, and shows that it obeys")
    func commands() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Program.migratedSettings(database)
            let empty = try Program.run(["breakers"], settings)
            #expect(empty.status == 0 && empty.output == "" && empty.errors == "")

            // Before the worker starts: what stands binds it from its first moment.
            let force = ["breakers", "set", "stripe-refund", "forcedOpen", "--reason"]
            let forced = try Program.run(force + ["a drill", "--expires-in", "600"], settings)
            #expect(forced.status == 0 && forced.errors == "")
            #expect(forced.output.hasPrefix("ordered stripe-refund to forcedOpen until 2"))
            let worker = try Program.start(["worker"], settings)
            defer { worker.end() }
            _ = try worker.line(containing: "working")
            let line = try Self.line(of: "stripe-refund", "forcedOpen", settings)
            #expect(line.contains("  worker@") && line.contains("  0+0/0  cli:"))
            #expect(line.hasSuffix("Z  a drill"))

            let lift = ["breakers", "set", "stripe-refund", "auto", "--reason", "it is over"]
            let lifted = try Program.run(lift, settings)
            #expect(lifted.output == "ordered stripe-refund to auto\n")
            let after = try Self.line(of: "stripe-refund", "closed", settings)
            #expect(after.hasSuffix("0+0/0"))
            let json = try Program.run(["breakers", "list", "--json"], settings).output
            let list = try JSONSerialization.jsonObject(with: Data(json.utf8))
            let rows = try #require(list as? [[String: Any]])
            #expect(rows.count == 9 && rows.allSatisfy { $0["kind"] as? String == "worker" })
            #expect(rows[1]["name"] as? String == "stripe-refund")
            #expect(rows[1]["state"] as? String == "closed")

            let log = try database.query(
                "SELECT mode, reason, who FROM breaker_order_log ORDER BY id",
                until: .after(.seconds(9))
            )
            #expect(try log.map { try $0.string("mode") } == ["forcedOpen", "auto"])
            #expect(try log.map { try $0.string("reason") } == ["a drill", "it is over"])
            #expect(try log.allSatisfy { try $0.string("who") == "cli:\(NSUserName())" })
        }
    }

    @Test("refuses what is no order, and records nothing")
    func refuses() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Program.migratedSettings(database)
            let set = ["breakers", "set"]
            for wrong in [
                ["mariadb", "open", "--reason", "a drill"], ["mariadb", "auto"],
                ["mariadb", "auto", "--reason", " ab "], ["mariadb", "auto", "--reason", "a\nb c"],
                ["mariadb", "disabled", "--reason", "a drill", "--expires-in", "0"],
                ["mariadb", "disabled", "--reason", "a drill", "--expires-in", "604801"],
                ["mariadb", "auto", "--reason", "a drill", "--expires-in", "60"],
            ] {
                let run = try Program.run(set + wrong, settings)
                #expect(run.status == 64 && run.output == "", "\(wrong)")
            }
            let unknown = try Program.run(set + ["x", "auto", "--reason", "a drill"], settings)
            #expect(unknown.status == 1 && unknown.errors.contains("stripe-payment"))
            let log = try database.query(
                "SELECT id FROM breaker_order_log",
                until: .after(.seconds(9))
            )
            #expect(log.isEmpty)
        }
    }

    @Test(
        "says in one line that the database cannot be reached",
        arguments: [
            ["list"], ["set", "mariadb", "auto", "--reason", "a drill"],
        ]
    )
    func noDatabase(command: [String]) async throws {
        try await onOwnThread {
            let changes = ["MARIADB_SOCKET": "/nonexistent/mariadb.sock"]
            let settings = Program.settings(schema: "none", changes)
            let run = try Program.run(["breakers"] + command, settings)
            #expect(run.status == 1 && run.output == "")
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(run.errors.contains("/nonexistent/mariadb.sock"))
        }
    }

    /// The line of a breaker, once it shows the state.
    private static func line(
        of name: String,
        _ state: String,
        _ settings: [String: String]
    ) throws -> String {
        let deadline = Deadline.after(.seconds(30))
        while !deadline.isExpired {
            let output = try Program.run(["breakers", "list"], settings).output
            let line = output.split(separator: "\n").first {
                $0.hasPrefix("\(name)  ") && $0.contains("  \(state)  ")
            }
            if let line { return String(line) }
        }
        throw ChildProcess.Failure(reason: "\(name) never became \(state)")
    }
}

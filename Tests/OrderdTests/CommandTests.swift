import FastCGI
import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing

@Suite("orderd as a process", .enabled(if: Program.isAvailable && TestDatabase.isAvailable))
struct CommandTests {
    @Test(
        "explains every command",
        arguments: [
            [], ["serve"], ["worker"], ["migrate"], ["check"], ["session"], ["session", "issue"],
            ["session", "list"], ["session", "revoke"], ["events"], ["events", "tail"],
            ["events", "replay"], ["refunds"], ["refunds", "pause"], ["refunds", "resume"],
            ["refunds", "status"], ["refunds", "list"], ["reconcile"],
        ]
    )
    func help(command: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(command + ["--help"], [:])
            #expect(run.status == 0 && run.errors == "")
            #expect(run.output.contains("USAGE: orderd"))
        }
    }

    @Test(
        "names wrong settings, one line each, and ends with 1",
        arguments: [
            "serve", "worker", "migrate", "check",
        ]
    )
    func settings(command: String) async throws {
        try await onOwnThread {
            let changes = ["STRIPE_SECRET_KEY": "", "READ_LANES": "0"]
            let run = try Program.run([command], Program.settings(schema: "none", changes))
            #expect(run.status == 1 && run.output == "")
            let lines = run.errors.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.hasPrefix("orderd: ") })
            #expect(run.errors.contains("STRIPE_SECRET_KEY") && run.errors.contains("READ_LANES"))
        }
    }

    @Test("does not start with a crash point that there is not", arguments: ["serve", "worker"])
    func crashPoint(command: String) async throws {
        try await onOwnThread {
            let changes = ["ORDERD_CRASH_AT": "before:order.paid"]
            let run = try Program.run([command], Program.settings(schema: "none", changes))
            #expect(run.status == 1 && run.output == "")
            let line = "orderd: ORDERD_CRASH_AT: there is no crash point «before:order.paid»\n"
            #expect(run.errors == line)
        }
    }

    @Test(
        "says in one line that the database cannot be reached, and ends with 1",
        arguments: [
            ["serve"], ["worker"], ["migrate"], ["session", "list", "--user", "1"],
        ]
    )
    func noDatabase(command: [String]) async throws {
        try await onOwnThread {
            let changes = ["MARIADB_SOCKET": "/nonexistent/mariadb.sock"]
            let run = try Program.run(command, Program.settings(schema: "none", changes))
            #expect(run.status == 1 && run.output == "")
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(run.errors.contains("/nonexistent/mariadb.sock"))
        }
    }

    @Test("checks what it depends on, and names what is missing")
    func check() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Program.settings(on: database)
            let fresh = try Program.run(["check"], settings)
            #expect(fresh.status == 1 && fresh.output.contains("run orderd migrate"))
            let serve = try Program.run(["serve"], settings)
            #expect(serve.status == 1 && serve.errors.split(separator: "\n").count == 1)
            #expect(serve.errors.contains("run orderd migrate"))

            let migrate = try Program.run(["migrate", "--directory", Program.migrations], settings)
            #expect(migrate.status == 0, "\(migrate.errors)")
            #expect(migrate.output.contains("applied 0001_orders"))
            let again = try Program.run(["migrate", "--directory", Program.migrations], settings)
            #expect(again.status == 0 && again.output == "nothing to apply\n")
            let well = try Program.run(["check"], settings)
            #expect(well.status == 0 && well.errors == "")
            #expect(well.output.split(separator: "\n").allSatisfy { $0.hasSuffix(": ok") })

            let changes = ["REDIS_CACHE_SOCKET": "/nonexistent/redis.sock"]
            let ill = try Program.run(["check"], settings.merging(changes) { $1 })
            #expect(ill.status == 1)
            #expect(ill.output.contains("mariadb: ok") && ill.output.contains("redis cache: "))
            #expect(!ill.output.contains("redis cache: ok"))
            let only = try Program.run(["check", "--settings-only"], settings)
            #expect(only.status == 0 && only.output == "settings: ok\n")
        }
    }

    @Test("starts without Redis, says so, and answers", arguments: ["serve", "worker"])
    func startsWithoutRedis(command: String) async throws {
        try await TestDatabase.withSchema { database in
            let directory = try StackUnderTest.makeDirectory()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let path = "\(directory)/o.sock"
            let away = "/nonexistent/redis.sock"
            let settings = try Program.migratedSettings(
                database,
                [
                    "LISTEN": "unix:\(path)", "REDIS_CACHE_SOCKET": away,
                    "REDIS_STATE_SOCKET": away,
                ]
            )
            let process = try Program.start([command], settings)
            defer { process.end() }
            for redis in ["cache", "state"] {
                let line = try process.line(containing: "\"redis\":\"\(redis)\"")
                #expect(line.contains("started without Redis"))
            }
            guard command == "serve" else {
                _ = try process.line(containing: "working")
                return
            }
            _ = try process.line(containing: "serving")
            let client = try FastCGIClient(to: .unix(path: path))
            let ready = try client.exchange(FastCGIRecords.request("GET", "/health/ready"))
            #expect(ready?.status == 200)
        }
    }

    @Test("does not start on a port or a socket that is in use, and leaves the other running")
    func inUse() async throws {
        try await TestDatabase.withSchema { database in
            let directory = try StackUnderTest.makeDirectory()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let path = "\(directory)/o.sock"
            let settings = try Program.migratedSettings(database, ["LISTEN": "unix:\(path)"])
            let first = try Program.start(["serve"], settings)
            defer { first.end() }
            _ = try first.line(containing: "serving")
            let second = try Program.run(["serve"], settings)
            #expect(second.status == 1)
            #expect(second.errors.split(separator: "\n").count == 1)
            #expect(second.errors.contains(path))
            let client = try FastCGIClient(to: .unix(path: path))
            let answer = try client.exchange(FastCGIRecords.request("GET", "/health/live"))
            #expect(answer?.status == 200)
        }
    }

    @Test("pauses refunds, lets them go on, says so, and lists them")
    func refunds() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Program.migratedSettings(database)
            let fresh = try Program.run(["refunds", "status"], settings)
            #expect(fresh.status == 0 && fresh.output == "sent\n")
            let paused = try Program.run(["refunds", "pause", "--reason", "wrong sums"], settings)
            #expect(paused.status == 0 && paused.output == "refunds are paused\n")
            let status = try Program.run(["refunds", "status"], settings)
            #expect(status.output.hasPrefix("paused since "))
            #expect(status.output.contains("by cli:\(NSUserName()): wrong sums"))
            let resume = ["refunds", "resume", "--reason", "mended", "--json"]
            let resumed = try Program.run(resume, settings)
            #expect(resumed.status == 0 && resumed.output.contains("\"paused\":false"))
            let rows = try database.query(
                "SELECT is_paused, reason FROM refund_switchings ORDER BY id",
                until: .after(.seconds(9))
            )
            #expect(try rows.map { try $0.bool("is_paused") } == [true, false])
            let listed = try Program.run(["refunds", "list", "--json"], settings)
            #expect(listed.status == 0 && listed.output == "[]\n")
            for wrong in [
                ["pause"], ["pause", "--reason", ""], ["list", "--state", "lost"],
                ["list", "--limit", "0"],
            ] {
                let refused = try Program.run(["refunds"] + wrong, settings)
                #expect(refused.status != 0 && refused.output == "")
            }
        }
    }

    @Test("issues, lists and revokes sessions")
    func sessions() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Program.migratedSettings(database)
            let issue = ["session", "issue", "--user", "s-1", "--role", "support", "--json"]
            let issued = try Program.run(issue, settings)
            #expect(issued.status == 0 && issued.output.contains("\"token\":\"st_"))
            let listed = try Program.run(["session", "list", "--user", "s-1"], settings)
            #expect(listed.output.contains("support"))
            for (output, flaw) in [
                ("/dev/full", "No space left on device"), (Program.closed, "Bad file descriptor"),
            ] {
                for command in [["list", "--user", "s-1"], Array(issue.dropFirst())] {
                    let lost = try Program.run(["session"] + command, settings, output: output)
                    #expect(lost.status == 1)
                    #expect(lost.errors.contains("standard output: \(flaw)"))
                }
            }
            let revoked = try Program.run(["session", "revoke", "--user", "s-1"], settings)
            #expect(revoked.status == 0 && revoked.output == "revoked 3\n")
            let none = try Program.run(["session", "revoke", "--user", "s-1"], settings)
            #expect(none.status == 1 && none.output == "revoked 0\n")
            for wrong in [
                ["--user", "a b", "--role", "admin"], ["--user", "a", "--role", "root"],
            ] {
                let refused = try Program.run(["session", "issue"] + wrong, settings)
                #expect(refused.status != 0 && refused.output == "")
            }
        }
    }
}

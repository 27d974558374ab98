import ArgumentParser
import MariaDB
import OrderService
import Resilience
import Signing
import Web

/// `orderd session`: sessions from the command line, for staff and services.
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "Issue, list and revoke sessions.",
        subcommands: [Issue.self, List.self, Revoke.self]
    )

    struct Issue: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue a session and print its token, this once."
        )

        @Option(help: "The user's id: letters, digits and _ - . : @, at most 64.")
        var user: String

        @Option(help: "A role: customer, support, finance, admin or service; may be repeated.")
        var role: [String]

        @Option(help: "How long the session lives, in seconds, a minute to a year.")
        var ttl: Int64 = 86_400

        @Flag(help: "Print {token, expiresAt} as JSON.")
        var json = false

        func validate() throws {
            guard isUserID(user) else { throw ValidationError("--user is no user's id") }
            guard !role.isEmpty, role.allSatisfy({ Role(rawValue: $0) != nil }) else {
                throw ValidationError("--role is not one of the roles")
            }
            guard (60...31_536_000).contains(ttl) else {
                throw ValidationError("--ttl is outside 60…31536000")
            }
        }

        func run() throws {
            let services = try Startup.services()
            let issued = try Startup.orFail {
                try services.sessions.issue(
                    userID: user,
                    roles: Roles(role.compactMap(Role.init(rawValue:))),
                    timeToLive: .seconds(ttl),
                    until: .after(Startup.patience)
                )
            }
            let expiry = issued.session.expiresAt.rfc3339
            if json {
                let answer: JSON = [
                    "token": .string(issued.token), "expiresAt": .string(expiry),
                ]
                print(String(decoding: answer.serialized(), as: UTF8.self))
            } else {
                print(issued.token)
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a user's sessions, newest first, at most 100."
        )

        @Option(help: "The user's id.")
        var user: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let services = try Startup.services()
            let rows = try Startup.orFail {
                try services.sessions.list(userID: user, until: .after(Startup.patience)).map(row)
            }
            if json {
                print(String(decoding: JSON.array(rows).serialized(), as: UTF8.self))
                return
            }
            for row in rows {
                let columns = ["id", "roles", "createdAt", "expiresAt", "revokedAt"]
                print(columns.map { row[$0]?.string ?? "-" }.joined(separator: "  "))
            }
        }

        private func row(_ row: Row) throws -> JSON {
            [
                "id": .string(Hex.encode(try row.bytes("token_hash"))),
                "roles": .string(try row.string("roles")),
                "createdAt": .string(try row.timestamp("created_at").rfc3339),
                "lastUsedAt": JSON(try row.optionalTimestamp("last_used_at")?.rfc3339),
                "expiresAt": .string(try row.timestamp("expires_at").rfc3339),
                "revokedAt": JSON(try row.optionalTimestamp("revoked_at")?.rfc3339),
            ]
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke one session, or all of a user."
        )

        @Option(help: "The session's id, as «list» shows it.")
        var id: String?

        @Option(help: "The user whose sessions all end.")
        var user: String?

        func validate() throws {
            guard (id == nil) != (user == nil) else {
                throw ValidationError("give either --id or --user")
            }
        }

        func run() throws {
            let services = try Startup.services()
            let count = try Startup.orFail {
                if let user {
                    return try services.sessions.revokeAll(
                        userID: user,
                        until: .after(Startup.patience)
                    )
                }
                guard let hash = id.flatMap({ Hex.decode($0) }).flatMap({ Digest($0) }) else {
                    return 0
                }
                return try services.sessions.revoke(hash, until: .after(Startup.patience)) ? 1 : 0
            }
            print("revoked \(count)")
            if count == 0 { throw ExitCode.failure }
        }
    }
}

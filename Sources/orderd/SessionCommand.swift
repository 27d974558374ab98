import ArgumentParser
import MariaDB
import OrderService
import Resilience
import Web

/// `orderd session`: sessions from the command line, for staff and services.
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "Issue, list and revoke sessions.",
        discussion: "Each use is put on record with the account that runs it, before it is done.",
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

        @Option(help: SessionCommand.reasonHelp)
        var reason: String?

        @Flag(help: "Print {id, token, expiresAt} as JSON.")
        var json = false

        func validate() throws {
            guard isUserID(user) else { throw ValidationError("--user is no user's id") }
            guard !role.isEmpty, role.allSatisfy({ Role(rawValue: $0) != nil }) else {
                throw ValidationError("--role is not one of the roles")
            }
            guard (60...31_536_000).contains(ttl) else {
                throw ValidationError("--ttl is outside 60…31536000")
            }
            try SessionCommand.check(reason)
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            let roles = Roles(role.compactMap(Role.init(rawValue:)))
            let issued = try Startup.orFail {
                try services.audit.note(
                    command: "session issue",
                    by: OperatorAccount.name,
                    userID: user,
                    subject: roles.columnText,
                    reason: reason,
                    until: .after(Startup.patience)
                )
                return try services.sessions.issue(
                    userID: user,
                    roles: roles,
                    timeToLive: .seconds(ttl),
                    until: .after(Startup.patience)
                )
            }
            let answer: JSON = [
                "id": .string(issued.id.text), "token": .string(issued.token),
                "expiresAt": .string(issued.session.expiresAt.rfc3339),
            ]
            let text = json ? String(decoding: answer.serialized(), as: UTF8.self) : issued.token
            print(text)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a user's sessions, newest first, at most 100.",
            discussion: "In columns: id, roles, created, last used, expires, revoked."
        )

        @Option(help: "The user's id.")
        var user: String

        @Flag(help: "Only those that can be used, neither expired nor revoked.")
        var live = false

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard isUserID(user) else { throw ValidationError("--user is no user's id") }
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            let records = try Startup.orFail {
                try services.audit.note(
                    command: "session list",
                    by: OperatorAccount.name,
                    userID: user,
                    until: .after(Startup.patience)
                )
                return try services.sessions.list(
                    userID: user,
                    isLive: live,
                    until: .after(Startup.patience)
                )
            }
            if json {
                let items = records.map { record in
                    JSON.object(
                        record.members + [("revokedAt", JSON(record.revokedAt?.rfc3339))]
                    )
                }
                print(String(decoding: JSON.array(items).serialized(), as: UTF8.self))
                return
            }
            for record in records { print(Self.line(record)) }
        }

        private static func line(_ record: SessionRecord) -> String {
            let columns: [String?] = [
                record.id.text, record.roles.columnText, record.createdAt.rfc3339,
                record.lastUsedAt?.rfc3339, record.expiresAt.rfc3339, record.revokedAt?.rfc3339,
            ]
            return columns.map { $0 ?? "-" }.joined(separator: "  ")
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke one session, or all of a user, in every process within a second.",
            discussion: "Exit code 1 if there was nothing to revoke."
        )

        @Option(help: "The session's id, as «list» shows it.")
        var id: String?

        @Option(help: "The user whose sessions all end.")
        var user: String?

        @Option(help: SessionCommand.reasonHelp)
        var reason: String?

        @Flag(help: "Print {revoked} as JSON.")
        var json = false

        func validate() throws {
            guard (id == nil) != (user == nil) else {
                throw ValidationError("give either --id or --user")
            }
            guard id.map({ SessionID($0) != nil }) ?? true else {
                throw ValidationError("--id is no session's id")
            }
            guard user.map(isUserID) ?? true else {
                throw ValidationError("--user is no user's id")
            }
            try SessionCommand.check(reason)
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            let count = try Startup.orFail {
                try services.audit.note(
                    command: "session revoke",
                    by: OperatorAccount.name,
                    userID: user,
                    subject: id,
                    reason: reason,
                    until: .after(Startup.patience)
                )
                return try revoke(services.sessions)
            }
            print(json ? "{\"revoked\":\(count)}" : "revoked \(count)")
            if count == 0 { throw ExitCode.failure }
        }

        private func revoke(_ sessions: SessionAuthority) throws -> Int {
            if let user {
                return try sessions.revokeAll(userID: user, until: .after(Startup.patience))
            }
            guard let id = id.flatMap({ SessionID($0) }) else { return 0 }
            return try sessions.revoke(id, until: .after(Startup.patience)) == nil ? 0 : 1
        }
    }

    private static let reasonHelp: ArgumentHelp = "Why; kept with the record, 1 to 255 characters."

    private static func check(_ reason: String?) throws {
        guard let reason else { return }
        guard (1...255).contains(reason.unicodeScalars.count),
            !reason.unicodeScalars.contains(where: \.isControl)
        else { throw ValidationError("--reason has 1 to 255 printable characters") }
    }
}

import ArgumentParser
import OrderService
import Resilience
import Web

/// `orderd guests`: guests' access to an order from the command line.
struct GuestsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guests",
        abstract: "List guests' tokens of an order and what they were used for, and end them.",
        discussion: """
            A token is named by its id (gtk_…), which opens nothing; the token itself is kept \
            nowhere.
            """,
        subcommands: [List.self, Accesses.self, Revoke.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List an order's tokens, newest first, at most 100."
        )

        @Option(help: "The order's id.")
        var order: Int64

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            let tokens = try Startup.orFail {
                try services.guestControl.tokens(of: order, until: .after(Startup.patience))
            }
            GuestsCommand.print(
                tokens,
                columns: ["id", "origin", "createdAt", "endsAt", "revokedBy", "lastUsedAt"],
                asJSON: json
            )
        }
    }

    struct Accesses: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List when and from where guests looked at an order, newest first.",
            discussion: "A token's uses of a route within a minute are one line."
        )

        @Option(help: "The order's id.")
        var order: Int64

        @Option(help: "How many at most, 1 to 1000.")
        var limit = 100

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...1_000).contains(limit) else {
                throw ValidationError("--limit is outside 1…1000")
            }
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            let accesses = try Startup.orFail {
                try services.guestControl.accesses(
                    of: order,
                    limit: limit,
                    until: .after(Startup.patience)
                )
            }
            GuestsCommand.print(
                accesses,
                columns: ["at", "event", "tokenId", "route", "network"],
                asJSON: json
            )
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End one token of an order, or all of them, at once."
        )

        @Option(help: "The order's id.")
        var order: Int64

        @Option(help: "The token's id, as «list» shows it; without it all end.")
        var token: String?

        @Option(help: "Why, in 3 to 255 characters; it is kept.")
        var reason: String

        func validate() throws {
            guard !reason.unicodeScalars.contains(where: \.isControl),
                (3...255).contains(reason.trimmed.unicodeScalars.count)
            else { throw ValidationError("--reason has 3 to 255 printable characters") }
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            let count = try Startup.orFail {
                try services.guestControl.revoke(
                    token,
                    of: order,
                    by: OperatorAccount.name,
                    reason: reason.trimmed,
                    until: .after(Startup.patience)
                )
            }
            Swift.print("revoked \(count)")
            if token != nil, count == 0 { throw ExitCode.failure }
        }
    }

    private static func print(_ items: [JSON], columns: [String], asJSON: Bool) {
        if asJSON {
            Swift.print(String(decoding: JSON.array(items).serialized(), as: UTF8.self))
            return
        }
        for item in items {
            Swift.print(columns.map { item[$0]?.string ?? "-" }.joined(separator: "  "))
        }
    }
}

import ArgumentParser
import OrderService
import Resilience

/// `orderd migrate`: brings the database to this version's schema.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply the migrations that the database lacks.",
        discussion: """
            Files are applied once each, in order, by one process at a time. A file that was \
            changed after it had been applied is an error. The account needs all rights on the \
            schema; with --grant-to it gives another one, which serves, the rights that it needs: \
            rows of the audit's record can be added and read with them, not changed or removed.
            """
    )

    @Option(help: "The directory of the files NNNN_name.sql.")
    var directory = "sql"

    @Option(
        help: "The account that serves, name@host; gets its rights on every table.",
        transform: { text in
            guard let account = SchemaGrants.Account(text) else {
                throw ValidationError("\(text) is not name@host")
            }
            return account
        }
    )
    var grantTo: SchemaGrants.Account?

    @Option(help: "Ends a file that is not applied by then, such as 2h; it is left half applied.")
    var timeout = "2h"

    private static let longestTimeout = Duration.seconds(30 * 86_400)

    func validate() throws {
        _ = try Self.duration(timeout, "--timeout", atMost: Self.longestTimeout)
    }

    func run() throws {
        let patience = try Self.duration(timeout, "--timeout", atMost: Self.longestTimeout)
        let services = try Startup.services()
        defer { services.close() }
        let applied = try Startup.orFail {
            try SchemaMigrator(database: services.database).migrate(
                from: directory,
                until: .after(patience)
            )
        }
        if let grantTo {
            try Startup.orFail {
                try SchemaGrants(database: services.database)
                    .give(to: grantTo, until: .after(.seconds(60)))
            }
        }
        for name in applied { print("applied \(name)") }
        if applied.isEmpty { print("nothing to apply") }
    }
}

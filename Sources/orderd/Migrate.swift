import ArgumentParser
import OrderService
import Resilience

/// `orderd migrate`: brings the database to this version's schema.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply the migrations that the database lacks.",
        discussion: """
            Files are applied once each, in order, by one process at a time. A file that was \
            changed after it had been applied is an error.
            """
    )

    @Option(help: "The directory of the files NNNN_name.sql.")
    var directory = "sql"

    func run() throws {
        let services = try Startup.services()
        let applied = try Startup.orFail {
            try SchemaMigrator(database: services.database).migrate(
                from: directory,
                until: .after(.seconds(600))
            )
        }
        for name in applied { print("applied \(name)") }
        if applied.isEmpty { print("nothing to apply") }
    }
}

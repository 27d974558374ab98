import ArgumentParser
import FastCGI

/// The order service's program; one file a command.
@main
struct Orderd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orderd",
        abstract: "The order service of a web shop.",
        discussion: """
            Settings come from the environment, and from the dotenv file that ORDERD_CONFIG names; \
            the environment wins. README.md lists them all; «orderd check» says what is wrong.
            """,
        subcommands: [
            Serve.self, Work.self, Migrate.self, Check.self, SessionCommand.self,
            GuestsCommand.self, EventsCommand.self, BreakersCommand.self, RefundsCommand.self,
            ReconcileCommand.self, FraudCommand.self, InvoiceCommand.self, PrivacyCommand.self,
            Seed.self,
        ]
    )

    static func main() {
        Startup.occupyStandardStreams()
        var failure: (any Error)?
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            failure = error
        }
        // Help is printed later, and cannot be missed.
        do { try Startup.flushOutput() } catch { failure = failure ?? error }
        if let failure { exit(withError: failure) }
    }
}

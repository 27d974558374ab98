import ArgumentParser
import MariaDB
import OrderService
import Redis
import Resilience

/// `orderd check`: says what is wrong with the configuration and the dependencies.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the settings, MariaDB with its schema, the series of invoices, and Redis.",
        discussion: "Prints one line for each thing; exit code 1 if something is wrong."
    )

    @Flag(help: "Check the settings only.")
    var settingsOnly = false

    func run() throws {
        let services = try Startup.services()
        print("settings: ok")
        guard !settingsOnly else { return }
        var isWell = true
        func report(_ name: String, _ check: () throws -> Void) {
            do {
                try check()
                print("\(name): ok")
            } catch {
                isWell = false
                print("\(name): \(error)")
            }
        }
        report("mariadb") { try services.database.ping(until: .after(Startup.patience)) }
        report("schema") {
            try SchemaMigrator(database: services.database).check(until: .after(Startup.patience))
        }
        report("invoice series") {
            try services.checkInvoiceSeries(until: .after(Startup.patience))
        }
        for (name, redis) in [
            ("redis cache", services.cacheRedis), ("redis state", services.stateRedis),
        ] {
            report(name) { _ = try redis.send(Command("PING"), until: .after(Startup.patience)) }
        }
        guard isWell else { throw ExitCode.failure }
    }
}

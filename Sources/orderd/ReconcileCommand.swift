import ArgumentParser
import Logging
import MariaDB
import Observability
import OrderService
import Resilience
import Web

/// `orderd reconcile`: MariaDB, Stripe and product-service compared.
struct ReconcileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Compare our books with Stripe's and product-service's, and fix what is safe.",
        discussion: """
            Compared is what changed within --since: PaymentIntents with payments, refunds, orders \
            with their money, reservations with the stock that is taken for them. Payments in \
            doubt, given-up payments whose intents may live at Stripe, overdue orders and held \
            stock are looked at whatever their age. What is younger than a minute or two, or what \
            the worker is at work on, is counted as in flight and not called a difference.

            --fix makes only what is safe, each fix with an event of the actor «reconcile» in the \
            order's history: it applies what Stripe says of payments and refunds, cancels open \
            intents of orders that have ended and of payments that were given up, gives back stock \
            that nothing needs, reserves again what has run out, and leaves to the worker what \
            waits for it. It refunds nothing but what the service itself gives back, which is money \
            that comes for an order that has ended. The rest is listed with what somebody does.

            The columns: kind, order, its number, what it is about, what we say, what they say, \
            what became of it (open, fixed, begun, failed), the fix, what to do.

            Exit codes:
              0  everything was read, and all agrees
              1  settings or the database keep it from beginning
              2  everything was read, and something is off; with --fix: something is left
              3  not everything could be read, whatever was found; standard error says what
            """
    )

    @Option(help: "How far back changes are compared, such as 90min, 24h or 30d.")
    var since = "24h"

    @Flag(help: "Fix what is safe.")
    var fix = false

    @Flag(help: "Print JSON: one object with the findings and what was read.")
    var json = false

    @Option(help: "What is not read within this time is told as unread (exit code 3).")
    var timeout = "10min"

    private static let longestSince = Duration.seconds(400 * 86_400)
    private static let longestTimeout = Duration.seconds(86_400)

    func validate() throws {
        _ = try Self.duration(since, "--since", atMost: Self.longestSince)
        _ = try Self.duration(timeout, "--timeout", atMost: Self.longestTimeout)
    }

    func run() throws {
        let settings = try Startup.settings()
        JSONLogHandler.bootstrap(level: settings.log.level)
        defer { LogSink.standardError.flush() }
        let services = try Startup.services(settings)
        defer { services.close() }
        try Startup.checkSchema(services)
        let length = try Self.duration(since, "--since", atMost: Self.longestSince)
        let patience = try Self.duration(timeout, "--timeout", atMost: Self.longestTimeout)
        try Startup.orFail {
            try services.audit.note(
                command: fix ? "reconcile --fix" : "reconcile",
                by: OperatorAccount.name,
                until: .after(Startup.patience)
            )
        }
        let report = services.reconciler.run(
            since: services.clock.now - length,
            fixing: fix ? .everythingSafe : .nothing,
            until: .after(patience)
        )
        if json {
            print(String(decoding: report.json.serialized(), as: UTF8.self))
        } else {
            Self.printTable(report)
        }
        for reason in report.unread { printError("could not read \(reason)") }
        guard report.isWhole else { throw ExitCode(3) }
        guard report.left == 0 else { throw ExitCode(2) }
    }

    private static func printTable(_ report: ReconciliationReport) {
        if !report.findings.isEmpty {
            let rows = [Finding.columns] + report.findings.map(\.cells)
            let widths = Finding.columns.indices.map { column in
                rows.map { $0[column].count }.max() ?? 0
            }
            for row in rows {
                let cells = zip(row, widths).map { cell, width in
                    cell + String(repeating: " ", count: width - cell.count)
                }
                print(cells.joined(separator: "  ").trimmingTrailingSpaces)
            }
        }
        let compared = report.compared.sorted { $0.key < $1.key }
            .map { "\($0.value) \($0.key)" }
        print("since \(report.from.rfc3339): \(compared.joined(separator: ", "))")
        for note in report.notes { print(note) }
        if report.inFlight > 0 { print("in flight: \(report.inFlight)") }
        if report.fixed > 0 { print("fixed: \(report.fixed)") }
        switch (report.isWhole, report.left) {
        case (false, _): print("not everything could be read; found so far: \(report.left)")
        case (true, 0): print("all agrees")
        case (true, let left): print("off: \(left)")
        }
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}

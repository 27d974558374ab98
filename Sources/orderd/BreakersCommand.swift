import ArgumentParser
import MariaDB
import OrderService
import Resilience
import Web

/// `orderd breakers`: the circuit breakers of all processes from the command line.
struct BreakersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breakers",
        abstract: "List the circuit breakers of all processes, and command them.",
        discussion: """
            Processes report their breakers to MariaDB and take orders from there, both once a \
            second; so this works while Redis is away.
            """,
        subcommands: [List.self, Set.self],
        defaultSubcommand: List.self
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what each process last reported; one silent for a minute is left out.",
            discussion: """
                The columns: breaker, process, state, failed and slow calls of all calls in the \
                window, who ordered the state until when and why.
                """
        )

        @Flag(help: "Print JSON: one object for each breaker of each process.")
        var json = false

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            let reports = try Startup.orFail {
                try services.breakers.reports(until: .after(Startup.patience))
            }
            if json {
                let rows = reports.flatMap { report in
                    report.readings.map { Self.object(report, $0) }
                }
                print(String(decoding: JSON.array(rows).serialized(), as: UTF8.self))
                return
            }
            for name in services.breakers.names {
                for report in reports {
                    for reading in report.readings where reading.name == name {
                        print(Self.line(report, reading))
                    }
                }
            }
        }

        private static func object(_ report: ProcessReport, _ reading: BreakerReading) -> JSON {
            .object(
                [
                    ("name", .string(reading.name)), ("process", .string(report.process)),
                    ("kind", .string(report.kind)),
                    ("startedAt", .string(report.startedAt.rfc3339)),
                    ("reportedAt", .string(report.reportedAt.rfc3339)),
                ] + reading.members
            )
        }

        private static func line(_ report: ProcessReport, _ reading: BreakerReading) -> String {
            var columns = [
                reading.name, report.process, reading.state.rawValue,
                "\(reading.failed)+\(reading.slow)/\(reading.calls)",
            ]
            if let order = reading.order {
                columns += [order.who, order.expiresAt ?? "for good", order.reason]
            }
            return columns.joined(separator: "  ")
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Order the breakers of a dependency, in all processes, to a mode.",
            discussion: """
                auto        decide by itself, beginning closed, whatever was ordered before
                forcedOpen  refuse all calls
                disabled    let all calls through and count nothing
                metricsOnly let all calls through and count them

                Processes obey within about a second; those that start later do, too, while the \
                order stands. Who ordered it, and why, is kept.
                """
        )

        @Argument(help: "The dependency, as «list» names it.")
        var name: String

        @Argument(help: "auto, forcedOpen, disabled or metricsOnly.")
        var mode: String

        @Option(help: "Why, in 3 to 255 characters; kept with the order.")
        var reason: String

        @Option(help: "After so many seconds the breaker decides by itself again; a week at most.")
        var expiresIn: Int64?

        func validate() throws {
            guard let mode = BreakerMode(rawValue: mode) else {
                let modes = BreakerMode.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("MODE is none of \(modes)")
            }
            let hasControls = reason.unicodeScalars.contains(where: \.isControl)
            guard !hasControls,
                BreakerCommand.reasonLength.contains(reason.trimmed.unicodeScalars.count)
            else { throw ValidationError("--reason has 3 to 255 printable characters") }
            if let expiresIn {
                guard BreakerCommand.lives.contains(expiresIn) else {
                    throw ValidationError("--expires-in is outside 1…604800")
                }
                guard mode != .auto else {
                    throw ValidationError("auto has no end, so it takes no --expires-in")
                }
            }
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            guard services.breakers.names.contains(name) else {
                let names = services.breakers.names.joined(separator: ", ")
                printError("\(name) is none of \(names)")
                throw ExitCode.failure
            }
            guard let mode = BreakerMode(rawValue: mode) else { throw ExitCode.failure }
            let order = try Startup.orFail {
                try services.audit.note(
                    command: "breakers set",
                    by: OperatorAccount.name,
                    subject: name,
                    reason: reason.trimmed,
                    until: .after(Startup.patience)
                )
                return try services.breakers.record(
                    BreakerCommand(
                        name: name,
                        mode: mode,
                        reason: reason.trimmed,
                        who: OperatorAccount.actor,
                        expiresIn: expiresIn
                    ),
                    until: .after(Startup.patience)
                )
            }
            let end = order.expiresAt.map { " until \($0.rfc3339)" } ?? ""
            print("ordered \(name) to \(mode.rawValue)\(end)")
        }
    }
}

import ArgumentParser
import MariaDB
import OrderService
import Resilience
import Web

/// `orderd refunds`: the switch that stops refunds, and what there is of them.
struct RefundsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refunds",
        abstract: "Stop refunds, let them go on, and list them.",
        subcommands: [Pause.self, Resume.self, Status.self, List.self]
    )

    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let no process send a refund to Stripe from now on.",
            discussion: """
                Refunds may still be asked for: they are written down as «requested», count \
                against what is left, and are sent after «resume». What Stripe has already goes on.
                """
        )

        @OptionGroup var turn: Turn

        func run() throws {
            try turn.make("refunds pause", "refunds are paused") { control, reason in
                try control.pause(
                    reason: reason,
                    by: OperatorAccount.actor,
                    until: .after(Startup.patience)
                )
            }
        }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let refunds be sent again, first those that have waited."
        )

        @OptionGroup var turn: Turn

        func run() throws {
            try turn.make("refunds resume", "refunds are sent again") { control, reason in
                try control.resume(
                    reason: reason,
                    by: OperatorAccount.actor,
                    until: .after(Startup.patience)
                )
            }
        }
    }

    /// What both turns of the switch take.
    struct Turn: ParsableArguments {
        @Option(help: "Why; it is kept, 1 to 255 characters.")
        var reason: String

        @Flag(help: "Print the state after it as JSON.")
        var json = false

        func validate() throws {
            guard (1...255).contains(reason.unicodeScalars.count) else {
                throw ValidationError("--reason has 1 to 255 characters")
            }
        }

        func make(
            _ command: String,
            _ result: String,
            _ turn: (RefundControl, String) throws -> Void
        ) throws {
            let services = try Startup.services()
            let control = services.refundControl
            try Startup.orFail {
                try services.audit.note(
                    command: command,
                    by: OperatorAccount.name,
                    reason: reason,
                    until: .after(Startup.patience)
                )
                try turn(control, reason)
            }
            if json {
                try RefundsCommand.printStatus(control, asJSON: true)
            } else {
                print(result)
            }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether refunds are sent, and how many there are in each status."
        )

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            try RefundsCommand.printStatus(try Startup.services().refundControl, asJSON: json)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List refunds, newest first."
        )

        @Option(help: "Only those in this status, such as manual or unknown.")
        var state: String?

        @Option(help: "How many at most, 1 to 1000.")
        var limit = 100

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard state.map({ RefundControl.states.contains($0) }) ?? true else {
                throw ValidationError("--state is one of \(RefundControl.states)")
            }
            guard (1...1_000).contains(limit) else {
                throw ValidationError("--limit is outside 1…1000")
            }
        }

        func run() throws {
            let services = try Startup.services()
            let control = services.refundControl
            let refunds = try Startup.orFail {
                try services.audit.note(
                    command: "refunds list",
                    by: OperatorAccount.name,
                    until: .after(Startup.patience)
                )
                return try control.list(state: state, limit: limit, until: .after(Startup.patience))
            }
            if json {
                print(String(decoding: JSON.array(refunds).serialized(), as: UTF8.self))
                return
            }
            for refund in refunds {
                let columns = [
                    refund["id"]?.string, refund["orderId"]?.integer.map { "order \($0)" },
                    refund["status"]?.string, RefundsCommand.text(refund["amount"]),
                    refund["createdAt"]?.string, refund["lastError"]?.string,
                ]
                print(columns.map { $0 ?? "-" }.joined(separator: "  "))
            }
        }
    }

    private static func printStatus(_ control: RefundControl, asJSON: Bool) throws {
        let status = try Startup.orFail {
            try control.status(until: .after(Startup.patience))
        }
        if asJSON {
            print(String(decoding: status.serialized(), as: UTF8.self))
            return
        }
        let isPaused = status["paused"]?.bool ?? false
        var line = isPaused ? "paused" : "sent"
        if let since = status["since"]?.string {
            line += " since \(since) by \(status["by"]?.string ?? "-"): "
            line += status["reason"]?.string ?? "-"
        }
        print(line)
        for state in status["refunds"]?.array ?? [] where state["count"]?.integer != 0 {
            let columns = [
                state["status"]?.string ?? "-", "\(state["count"]?.integer ?? 0)",
                "\(state["amount"]?.integer ?? 0)",
            ]
            print(columns.joined(separator: "  "))
        }
    }

    private static func text(_ amount: JSON?) -> String? {
        guard let minor = amount?["amount"]?.integer, let unit = amount?["currency"]?.string
        else { return nil }
        return "\(minor) \(unit)"
    }
}

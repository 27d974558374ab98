import ArgumentParser
import MariaDB
import OrderService
import Resilience
import Web

/// `orderd privacy`: what is held of a person, told or forgotten.
struct PrivacyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "privacy",
        abstract: "Tell what is held of a person, or forget it as far as the law allows.",
        discussion: "Operating.md says how long what is kept by itself.",
        subcommands: [Export.self, Erase.self]
    )

    /// For all that is read or removed; a person with thousands of orders needs minutes.
    private static let patience = Duration.seconds(1_800)

    /// Whose data it is about.
    struct Subject: ParsableArguments {
        @Option(help: "The customer's id: all that is held of this account.")
        var customer: String?

        @Option(help: "An e-mail address: all that guests did with it, in any spelling.")
        var email: String?

        @Option(help: "Why; it is kept, 3 to 255 characters.")
        var reason: String

        func validate() throws {
            guard (customer == nil) != (email == nil) else {
                throw ValidationError("give one of --customer and --email")
            }
            guard value != nil else {
                throw ValidationError(
                    customer == nil ? "--email is no address" : "--customer is no user's id"
                )
            }
            guard (3...255).contains(reason.trimmed.unicodeScalars.count),
                !reason.unicodeScalars.contains(where: \.isControl)
            else { throw ValidationError("--reason has 3 to 255 printable characters") }
        }

        var value: DataSubject? {
            customer.map { DataSubject(customer: $0) } ?? email.flatMap { DataSubject(email: $0) }
        }

        /// Writes down who asks, before anything is shown or done.
        func note(_ command: String, in services: Services) throws -> DataSubject {
            guard let value else { throw ExitCode.failure }
            try services.audit.note(
                command: command,
                by: OperatorAccount.name,
                userID: customer,
                // The record cannot be changed, so it does not tell an address that is to go.
                subject: customer == nil ? value.hashText : nil,
                reason: reason.trimmed,
                until: .after(Startup.patience)
            )
            return value
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print all personal data of a person as one JSON document.",
            discussion: """
                It has orders with all that belongs to them, checkouts, sessions and guest links \
                (without tokens or their hashes), Stripe's deliveries, what staff looked at, and \
                what is cached. Nothing is printed unless all of it could be read.

                Exit codes:
                  0  it is all there; also where nothing is held
                  1  settings, MariaDB or Redis keep it from being whole
                """
        )

        @OptionGroup var subject: Subject

        @Flag(help: "Print JSON, which it does anyway.")
        var json = false

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            try Startup.checkSchema(services)
            let document = try Startup.orFail {
                let value = try subject.note("privacy export", in: services)
                return try services.personalDataExport.document(
                    of: value,
                    until: .after(PrivacyCommand.patience)
                )
            }
            print(String(decoding: document.serialized(), as: UTF8.self))
        }
    }

    struct Erase: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the personal data of a person.",
            discussion: """
                Orders stay, without the person; those that money came for keep whom their invoice \
                is for until ACCOUNTING_RETENTION is over. Sessions, guest links, checkouts, stored \
                answers, Stripe's deliveries, carts and caches go. Records of staff stay. It may be \
                repeated, as it has to be after a restore of an older backup.

                An order that is not at its end, has a refund under way or is disputed forbids it.

                Exit codes:
                  0  done; with --dry-run: it could be
                  1  settings or MariaDB keep it from being done
                  2  open orders forbid it, nothing was done
                  3  done, but for open orders (--skip-open) or what Redis keeps for a day at most
                """
        )

        @OptionGroup var subject: Subject

        @Flag(help: "Only say what would go.")
        var dryRun = false

        @Flag(help: "Leave open orders alone and do the rest.")
        var skipOpen = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            try Startup.checkSchema(services)
            let report = try Startup.orFail {
                let command = dryRun ? "privacy erase --dry-run" : "privacy erase"
                let value = try subject.note(command, in: services)
                return try services.erasure.run(
                    value,
                    by: OperatorAccount.actor,
                    reason: subject.reason.trimmed,
                    skipsOpen: skipOpen,
                    isDryRun: dryRun,
                    until: .after(PrivacyCommand.patience)
                )
            }
            show(report)
            guard report.isCarriedOut else { throw ExitCode(2) }
            guard report.open.isEmpty, report.isRedisClean else { throw ExitCode(3) }
        }

        private func show(_ report: ErasureReport) {
            if json {
                print(String(decoding: report.json.serialized(), as: UTF8.self))
                return
            }
            for order in report.open {
                print("open: order \(order.id)  \(order.number)  \(order.obstacle)")
            }
            for (name, value) in report.json["counts"]?.members ?? [] {
                print("\(dryRun ? "would go" : "gone"): \(name)  \(value.integer ?? 0)")
            }
            for customer in report.customers {
                print("the address is also an order's of customer \(customer)")
            }
            if !report.isRedisClean {
                print("Redis did not confirm; what it has ends within a day")
            }
            if !report.isCarriedOut { print("nothing was done") }
        }
    }
}

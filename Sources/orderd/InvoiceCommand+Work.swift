import ArgumentParser
import Commerce
import MariaDB
import OrderService
import Resilience
import Web

extension InvoiceCommand {
    /// A line of a list; columns at its end may be empty.
    private static func line(_ columns: [String]) -> String {
        columns.filter { !$0.isEmpty }.joined(separator: "  ") + "\n"
    }

    struct IssuePending: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue what should be there and is not.",
            discussion: """
                For orders from before there were invoices, or whose task was given up. The worker \
                may run meanwhile. Documents that were rejected are listed and wait for their \
                correction; one that is due no more is withdrawn.

                Exit codes:
                  0  nothing is left; with --dry-run: nothing is due
                  1  settings, MariaDB or the output keep it from being done
                  2  something is left, or with --dry-run due
                """
        )

        @Flag(help: "Only say what is due.")
        var dryRun = false

        @Flag(
            help: """
                Print JSON: a line for each order, {orderId, orderNumber, due, written, failure, \
                isLeft}.
                """
        )
        var json = false

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            try Startup.checkSchema(services)
            var orders = 0
            var left = 0
            try Startup.orFail {
                if !dryRun {
                    try services.audit.note(
                        command: "invoice issue-pending",
                        by: OperatorAccount.name,
                        until: .after(Startup.patience)
                    )
                }
                try services.invoicePending.run(
                    isDryRun: dryRun,
                    until: .after(InvoiceCommand.patience)
                ) { item in
                    orders += 1
                    if item.isLeft { left += 1 }
                    try show(item)
                }
            }
            if !json {
                try printOrFail("\(orders) orders, \(left) of them with something left\n".utf8)
            }
            guard left == 0 else { throw ExitCode(2) }
        }

        private func show(_ item: InvoicePending.Item) throws {
            if json {
                let line: JSON = [
                    "orderId": .integer(item.orderID), "orderNumber": .string(item.orderNumber),
                    "due": .string(item.due), "written": JSON(item.written),
                    "failure": JSON(item.failure), "isLeft": .bool(item.isLeft),
                ]
                return try printOrFail(line.serialized() + [UInt8(ascii: "\n")])
            }
            let written = item.written > 0 ? "\(item.written) written" : ""
            let left = item.written > 0 && item.isLeft ? ", something is left" : ""
            let outcome = item.failure ?? written + left
            let columns = ["order \(item.orderID) \(item.orderNumber)", item.due, outcome]
            try printOrFail(InvoiceCommand.line(columns).utf8)
        }
    }

    struct Deadlines: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what the tax office has yet to accept, those due first at the front.",
            discussion: """
                A document has to be there within five working days. Nothing hands it over yet. Where \
                more wait than are listed, those are due no earlier, and the last line says «and more».

                Exit codes:
                  0  nothing is late
                  1  settings, MariaDB or the output keep it from being told
                  2  something is late
                """
        )

        @Option(help: "Only those due up to this day, such as 2026-11-30.")
        var through: CalendarDate?

        @Option(help: "List so many at most.")
        var limit = 1_000

        @Flag(
            help: """
                Print JSON: {isCut, documents: [{number, state, issueDate, deadline, orderId, \
                isLate}]}; isCut if there are more documents than those.
                """
        )
        var json = false

        func validate() throws {
            guard (1...1_000_000).contains(limit) else {
                throw ValidationError("--limit is not within 1 and 1000000")
            }
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            try Startup.checkSchema(services)
            let list = try Startup.orFail {
                try services.invoiceDeadlines.list(
                    through: through,
                    limit: limit,
                    until: .after(.seconds(60))
                )
            }
            let today = CalendarDate.inRomania(secondsSinceEpoch: Timestamp.now.seconds)
            let late = list.records.count { isLate($0, on: today) }
            if json {
                let documents = list.records.map { Self.json(of: $0, isLate($0, on: today)) }
                let whole: JSON = [
                    "isCut": .bool(list.isCut), "documents": .array(documents),
                ]
                try printOrFail(whole.serialized() + [UInt8(ascii: "\n")])
            } else {
                let lines = list.records.map { record in
                    let columns = [
                        record.deadline?.description ?? "-",
                        record.number?.description ?? "-", record.state.rawValue,
                        "order \(record.orderID)", isLate(record, on: today) ? "late" : "",
                    ]
                    return InvoiceCommand.line(columns)
                }
                let more = list.isCut ? " and more" : ""
                let sum = "\(list.records.count) listed\(more), \(late) of them late\n"
                try printOrFail((lines.joined() + sum).utf8)
            }
            guard late == 0 else { throw ExitCode(2) }
        }

        private func isLate(_ record: InvoiceRecord, on today: CalendarDate) -> Bool {
            record.deadline.map { $0 < today } ?? false
        }

        private static func json(of record: InvoiceRecord, _ isLate: Bool) -> JSON {
            [
                "number": JSON(record.number?.description),
                "state": .string(record.state.rawValue),
                "issueDate": JSON(record.issueDate?.description),
                "deadline": JSON(record.deadline?.description),
                "orderId": .integer(record.orderID),
                "isLate": .bool(isLate),
            ]
        }
    }
}

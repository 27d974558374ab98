import ArgumentParser
import Glibc
import MariaDB
import OrderService
import Resilience
import Web

/// `orderd events`: the stream that other services read.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Follow the stream of events, or send some again.",
        discussion: "Events.md describes the events and what a consumer has to do.",
        subcommands: [Tail.self, Replay.self]
    )

    struct Tail: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print events as they come, a line of JSON each.",
            discussion: """
                A line is {"streamId", "event"}: the place in the Redis stream, and the event. It \
                reads beside all consumers and takes nothing from them. Ctrl-C ends it.
                """
        )

        @Option(
            help: """
                Start after this stream id: 0 for all that the stream still has, $ for those to \
                come, or an id that was printed, to go on there.
                """
        )
        var from = "$"

        @Option(help: "End after so many events; 0 follows for ever.")
        var count = 0

        func validate() throws {
            guard from == "$" || from.wholeMatch(of: /[0-9]{1,20}(-[0-9]{1,20})?/) != nil else {
                throw ValidationError("--from is 0, $ or a stream id such as 1718000000000-0")
            }
            guard count >= 0 else { throw ValidationError("--count is at least 0") }
        }

        func run() throws {
            let services = try Startup.services()
            try Startup.orFail {
                // Each reading that began at $ would miss what came since the one before.
                var last = from == "$" ? try services.eventStream.lastID() : from
                var printed = 0
                while count == 0 || printed < count {
                    let events = try services.eventStream.read(
                        after: last,
                        limit: count == 0 ? 100 : min(100, count - printed),
                        waitingFor: .seconds(5)
                    )
                    for event in events {
                        print(event.line)
                        last = event.streamID
                    }
                    // Whoever reads this through a pipe wants it now, and not a page of it later.
                    try Startup.flushOutput()
                    printed += events.count
                }
            }
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send events again that the outbox still has, or that are dead.",
            discussion: """
                Give one of --order, --since and --dead. The worker sends them, each order's in \
                their order, under the ids that they had: consumers drop those that they have \
                seen. The outbox keeps events for OUTBOX_RETENTION. The numbers printed first are \
                those of rows in the outbox.
                """
        )

        @Option(help: "The id of the order whose events are sent again.")
        var order: Int64?

        @Option(
            help: "Send all again that happened since then: 90s, 15min, 24h, 7d.",
            transform: { text in
                guard let duration = DurationText.duration(of: text), duration > .zero else {
                    throw ValidationError("--since is a duration such as 90s, 15min, 24h or 7d")
                }
                return duration
            }
        )
        var since: Duration?

        @Flag(help: "Send those that were given up.")
        var dead = false

        @Flag(help: "Only list what would be sent.")
        var dryRun = false

        @Flag(help: "Print JSON: a list of {rowId, eventId, type, orderId, occurredAt}.")
        var json = false

        private var selections: [EventArchive.Selection] {
            [
                order.map { .order($0) }, since.map { .since($0) }, dead ? .dead : nil,
            ].compactMap { $0 }
        }

        func validate() throws {
            guard selections.count == 1 else {
                throw ValidationError("give one of --order, --since and --dead")
            }
        }

        func run() throws {
            let services = try Startup.services()
            for selection in selections {
                let entries = try Startup.orFail {
                    if !dryRun {
                        try services.audit.note(
                            command: "events replay",
                            by: OperatorAccount.name,
                            orderID: order,
                            subject: dead ? "dead" : nil,
                            until: .after(Startup.patience)
                        )
                    }
                    return try services.eventArchive.replay(
                        selection,
                        isDryRun: dryRun,
                        until: .after(.seconds(300))
                    )
                }
                show(entries)
            }
        }

        private func show(_ entries: [EventArchive.Entry]) {
            if json {
                let list = JSON.array(entries.map(\.json))
                print(String(decoding: list.serialized(), as: UTF8.self))
                return
            }
            for entry in entries {
                let columns = [
                    "\(entry.rowID)", entry.occurredAt.rfc3339, entry.eventID ?? "-", entry.type,
                    "order \(entry.orderID)",
                ]
                print(columns.joined(separator: "  "))
            }
            print("\(entries.count) \(dryRun ? "to send" : "sent again")")
        }
    }
}

import ArgumentParser
import OrderService
import Resilience

/// `orderd events`: the stream that other services read.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Follow the stream of events, or send some again.",
        subcommands: [Tail.self, Replay.self]
    )

    struct Tail: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print events as JSON lines as they come."
        )

        @Option(help: "Start after this stream id; 0 is the oldest kept, $ is now.")
        var from = "$"

        @Option(help: "End after so many events; 0 follows for ever.")
        var count = 0

        func run() throws {
            let services = try Startup.services()
            try Startup.orFail {
                var last = from
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
                    printed += events.count
                }
            }
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send events again that the outbox still has, or that are dead."
        )

        @Option(help: "The order whose events are sent again.")
        var order: Int64?

        @Flag(help: "Send dead letters again.")
        var dead = false

        @Flag(help: "Only list what would be sent.")
        var dryRun = false

        func validate() throws {
            guard (order == nil) != !dead else {
                throw ValidationError("give either --order or --dead")
            }
        }

        func run() throws {
            let services = try Startup.services()
            let messages = try Startup.orFail {
                try services.eventArchive.replay(
                    orderID: order,
                    isDryRun: dryRun,
                    until: .after(.seconds(30))
                )
            }
            for message in messages { print(message) }
            print("\(messages.count) \(dryRun ? "to send" : "sent again")")
        }
    }
}

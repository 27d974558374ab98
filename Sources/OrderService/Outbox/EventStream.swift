import MariaDB
import Redis
import Resilience
import Web

/// The reading side of the stream `orders.events`, for the command line.
package struct EventStream: Sendable {
    let redis: RedisClient

    package struct Event: Sendable {
        /// The id that the stream gave it.
        package let streamID: String
        /// `{"streamId", "event"}` as one line of JSON.
        package let line: String
    }

    /// The id of the newest entry, behind which the events begin that are yet to come.
    ///
    /// - Throws: `RedisError`.
    package func lastID() throws -> String {
        let command = Command("XREVRANGE", EventPublisher.stream, "+", "-", "COUNT", 1)
        let patience = Duration.seconds(1)
        let reply = try redis.send(command, until: .after(patience), timeout: patience)
        return reply.array?.first?.array?.first?.string ?? "0"
    }

    /// Reads events after a stream id; blocks until there are some, at most for `patience`.
    package func read(
        after id: String,
        limit: Int,
        waitingFor patience: Duration
    ) throws -> [Event] {
        let command = Command(
            "XREAD",
            "COUNT",
            limit,
            "BLOCK",
            patience.wholeMilliseconds,
            "STREAMS",
            EventPublisher.stream,
            id
        )
        let timeout = patience + .seconds(1)
        let reply = try redis.send(command, until: .after(timeout), timeout: timeout)
        let entries = reply.array?.first?.array?.last?.array ?? []
        return entries.compactMap(Self.event)
    }

    private static func event(_ entry: Reply) -> Event? {
        guard let parts = entry.array, parts.count == 2, let id = parts[0].string,
            let fields = parts[1].array
        else { return nil }
        let place = fields.firstIndex { $0.string == "event" } ?? fields.endIndex
        let text = fields.dropFirst(place + 1).first?.string ?? ""
        let event = try? JSON(parsing: Array(text.utf8))
        let line: JSON = ["streamId": .string(id), "event": event ?? .null]
        return Event(streamID: id, line: String(decoding: line.serialized(), as: UTF8.self))
    }
}

extension Services {
    package var eventStream: EventStream { EventStream(redis: stateRedis) }

    package var eventArchive: EventArchive { EventArchive(database: database, clock: clock) }
}

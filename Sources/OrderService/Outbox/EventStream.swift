import MariaDB
import Redis
package import Resilience
import Web

/// The reading side of the stream `orders.events`, for the command line.
package struct EventStream: Sendable {
    let redis: RedisClient

    package struct Event: Sendable {
        /// The id that the stream gave it.
        package let streamID: String
        /// The event as one line of JSON.
        package let line: String
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
        func field(_ name: String) -> String? {
            guard let index = fields.firstIndex(where: { $0.string == name }),
                fields.indices.contains(index + 1)
            else { return nil }
            return fields[index + 1].string
        }
        let data = field("data").flatMap { try? JSON(parsing: Array($0.utf8)) }
        let line: JSON = [
            "streamId": .string(id), "id": JSON(field("id").flatMap { Int64($0) }),
            "data": data ?? .null,
        ]
        return Event(streamID: id, line: String(decoding: line.serialized(), as: UTF8.self))
    }
}

/// The events that the outbox still keeps.
package struct EventArchive: Sendable {
    let database: Database
    let clock: WallClock

    /// The most that one call sends again.
    private static let limit = 10_000

    /// Marks events as unsent, so that the relay sends them once more.
    ///
    /// - Parameters:
    ///   - orderID: the order whose events are meant; nil means all dead letters.
    ///   - isDryRun: lists only.
    ///   - deadline: by which it is done, or fails.
    /// - Returns: a line for each event.
    /// - Throws: `MariaDBError`.
    package func replay(
        orderID: Int64?,
        isDryRun: Bool,
        until deadline: Deadline
    ) throws -> [String] {
        let condition: SQL =
            if let orderID {
                "channel = 'event' AND order_id = \(orderID) AND next_attempt_at IS NULL"
            } else {
                "channel = 'event' AND dead_at IS NOT NULL"
            }
        return try database.transaction(class: .job, until: deadline) { transaction in
            let rows = try transaction.query(
                """
                SELECT id, order_id, topic, created_at FROM outbox WHERE \(condition)
                ORDER BY id LIMIT \(Self.limit) FOR UPDATE
                """
            )
            let lines = try rows.map { row in
                let id = try row.int64("id")
                let order = try row.int64("order_id")
                let time = try row.timestamp("created_at").rfc3339
                return "\(id)  \(time)  \(try row.string("topic"))  order \(order)"
            }
            guard !isDryRun, !rows.isEmpty else { return lines }
            try transaction.execute(
                """
                UPDATE outbox SET sent_at = NULL, dead_at = NULL, attempts = 0,
                    next_attempt_at = \(clock.now)
                WHERE id IN (\(list: try rows.map { try $0.int64("id") }))
                """
            )
            return lines
        }
    }
}

extension Services {
    package var eventStream: EventStream { EventStream(redis: stateRedis) }

    package var eventArchive: EventArchive { EventArchive(database: database, clock: clock) }
}

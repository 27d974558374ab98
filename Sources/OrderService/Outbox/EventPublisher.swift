import MariaDB
import Redis
import Resilience
import Web

/// Tells the outside of changes: messages of the outbox go to a capped stream in Redis.
///
/// At least once, and in order for each order: a consumer drops the ids it has seen. Each entry
/// has two fields: `event`, and its `type` for those who skip it unread.
package struct EventPublisher: Sendable {
    package static let stream = "orders.events"

    let relay: OutboxRelay
    let redis: RedisClient
    /// About how many events the stream keeps.
    let streamLength: Int

    private static let batch = 100

    /// Sends what is due; blocks on MariaDB and Redis.
    ///
    /// - Returns: how many messages were sent.
    func run(until deadline: Deadline) throws -> Int {
        let messages = try relay.lease(limit: Self.batch, until: deadline)
        guard !messages.isEmpty else { return 0 }
        let commands = messages.map { message in
            Command(
                "XADD",
                Self.stream,
                "MAXLEN",
                "~",
                streamLength,
                "*",
                "type",
                message.topic,
                "event",
                message.payload
            )
        }
        let replies: [Reply]
        do {
            replies = try redis.pipeline(commands, until: deadline)
        } catch {
            for message in messages {
                try relay.postpone(message, because: "\(error.label)", until: deadline)
            }
            return 0
        }
        var sent: [Int64] = []
        for (message, reply) in zip(messages, replies) {
            if let error = reply.error {
                try relay.postpone(message, because: error.message, until: deadline)
            } else {
                sent.append(message.id)
            }
        }
        try relay.markSent(sent, until: deadline)
        return sent.count
    }
}

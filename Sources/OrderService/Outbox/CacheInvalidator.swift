import MariaDB
import Resilience

/// Repeats the invalidations of changes, for those whose process died before its own.
struct CacheInvalidator: Sendable {
    let relay: OutboxRelay
    let cache: LookUpCache

    static let batch = 200

    func run(until deadline: Deadline) throws -> Int {
        let messages = try relay.lease(limit: Self.batch, until: deadline)
        guard !messages.isEmpty else { return 0 }
        let keys = messages.flatMap(Self.keys)
        if cache.drop(keys, until: deadline) {
            try relay.markSent(messages.map(\.id), until: deadline)
            return messages.count
        }
        for message in messages {
            try relay.postpone(message, because: "Redis did not confirm", until: deadline)
        }
        return 0
    }

    private static func keys(_ message: OutboxRelay.Message) -> [[UInt8]] {
        guard message.topic == CredentialDrop.topic else {
            return OrderLedger.cacheKeys(orderID: message.orderID)
        }
        return CredentialDrop(payload: message.payload)?.keys ?? []
    }
}

import MariaDB
import Resilience

/// Repeats the invalidations of changes, for those whose process died before its own.
struct CacheInvalidator: Sendable {
    let relay: OutboxRelay
    let orders: OrderStore
    let cache: LookUpCache

    static let batch = 200

    func run(until deadline: Deadline) throws -> Int {
        let messages = try relay.lease(limit: Self.batch, until: deadline)
        guard !messages.isEmpty else { return 0 }
        if try cache.drop(keys(messages, until: deadline), until: deadline) {
            try relay.markSent(messages.map(\.id), until: deadline)
            return messages.count
        }
        for message in messages {
            try relay.postpone(message, because: "Redis did not confirm", until: deadline)
        }
        return 0
    }

    private func keys(
        _ messages: [OutboxRelay.Message],
        until deadline: Deadline
    ) throws -> [[UInt8]] {
        let ofCredentials = messages.filter { $0.topic == CredentialDrop.topic }
            .flatMap { CredentialDrop(payload: $0.payload)?.keys ?? [] }
        let ids = Set(messages.filter { $0.topic != CredentialDrop.topic }.map(\.orderID))
        guard !ids.isEmpty else { return ofCredentials }
        let customers = try orders.customers(of: Array(ids), until: deadline)
        return ofCredentials
            + ids.flatMap { OrderLedger.cacheKeys(orderID: $0, userID: customers[$0]) }
    }
}

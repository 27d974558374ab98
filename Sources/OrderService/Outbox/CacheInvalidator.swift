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
        // A revoked credential needs no reading, and waits for none.
        let ofCredentials = messages.filter { $0.topic == CredentialDrop.topic }
        let ofOrders = messages.filter { $0.topic != CredentialDrop.topic }
        // A failure of the one leaves nothing of the other undone.
        let results = [ofCredentials, ofOrders].map { messages in
            Result { try send(messages, until: deadline) }
        }
        return try results.reduce(0) { try $0 + $1.get() }
    }

    /// Drops what some messages name.
    private func send(
        _ messages: [OutboxRelay.Message],
        until deadline: Deadline
    ) throws -> Int {
        guard !messages.isEmpty else { return 0 }
        let keys: [[UInt8]]
        do {
            keys = try Self.keys(of: messages, orders, until: deadline)
        } catch {
            try postpone(messages, because: "\(error)", until: deadline)
            throw error
        }
        guard cache.drop(keys, until: deadline) else {
            try postpone(messages, because: "Redis did not confirm", until: deadline)
            return 0
        }
        try relay.markSent(messages.map(\.id), until: deadline)
        return messages.count
    }

    private func postpone(
        _ messages: [OutboxRelay.Message],
        because reason: String,
        until deadline: Deadline
    ) throws {
        for message in messages {
            try relay.postpone(message, because: reason, until: deadline)
        }
    }

    /// The keys of all that messages of this channel name.
    static func keys(
        of messages: [OutboxRelay.Message],
        _ orders: OrderStore,
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

import MariaDB
import Resilience

/// Repeats the invalidations of changes, for those whose process died before its own.
struct CacheInvalidator: Sendable {
    let relay: OutboxRelay
    let orders: OrderStore
    let cache: LookUpCache
    let recovery: CacheRecovery

    static let batch = 200

    /// Drops what is due; blocks on MariaDB and Redis.
    ///
    /// Nothing is marked as sent before this process has dropped what Redis may have forgotten: by when the
    /// last message was sent, the others know how far back that is.
    ///
    /// - Returns: how many messages were sent.
    func run(until deadline: Deadline) throws -> Int {
        let isReady = cache.trust.isTrusted || recovery.round(until: deadline)
        let messages = try relay.due(limit: Self.batch, until: deadline)
        // What names its keys needs no reading, and waits for none.
        let withKeys = messages.filter { Self.namedKeys(of: $0) != nil }
        let ofOrders = messages.filter { Self.namedKeys(of: $0) == nil }
        // A failure of the one leaves nothing of the other undone.
        let results = [withKeys, ofOrders].map { messages in
            Result { try send(messages, if: isReady, until: deadline) }
        }
        return try results.reduce(0) { try $0 + $1.get() }
    }

    /// Drops what some messages name.
    private func send(
        _ messages: [OutboxRelay.Message],
        if isReady: Bool,
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
        guard isReady, cache.drop(keys, until: deadline) else {
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
        let named = messages.flatMap { namedKeys(of: $0) ?? [] }
        let ids = Set(messages.filter { namedKeys(of: $0) == nil }.map(\.orderID))
        guard !ids.isEmpty else { return named }
        let customers = try orders.customers(of: Array(ids), until: deadline)
        return named + ids.flatMap { OrderLedger.cacheKeys(orderID: $0, userID: customers[$0]) }
    }

    private static let named: [any NamedDrop.Type] = [
        CredentialDrop.self, InvoiceDrop.self, CheckoutDrop.self,
    ]

    /// The keys that a message names itself; nil of one that names an order.
    private static func namedKeys(of message: OutboxRelay.Message) -> [[UInt8]]? {
        named.first { $0.topic == message.topic }
            .map { $0.init(payload: message.payload)?.keys ?? [] }
    }
}

import Logging
import MariaDB
import Observability
import Redis
package import Resilience
import Synchronization

/// Lets Redis be believed again after a loss: once it answers, and everything has been dropped whose
/// invalidation it may have missed or forgotten.
///
/// That is what the outbox has not sent yet, and what was sent since a minute before the loss, or in the
/// last minute in which anything was: a server that comes back from its disk, or a replica in its place,
/// may lack the last drops that were confirmed. Where the whole machine was lost, nobody knows when.
package final class CacheRecovery: Sendable {
    /// How often it is tried.
    static let pause = Duration.milliseconds(100)
    /// How often Redis is looked for while nothing is amiss, so that a loss is seen when it happens, and
    /// so is that nothing can be dropped there.
    ///
    /// With `UnconfirmedDrops.patience` and the trips that fail it is less than a second.
    private static let heartbeat = Duration.milliseconds(250)
    /// How much of its past a server is thought to lose: Redis writes its log to disk once a second
    /// (Redis, «persistence»), and a replica is seldom more than seconds behind; one that is further has
    /// to be flushed by hand.
    static let memory = Duration.seconds(60)

    private let cache: LookUpCache
    private let relay: OutboxRelay
    private let orders: OrderStore
    private let logger = Logger(label: "orderd.caches")
    private let state = Mutex(State())

    private struct State {
        /// Whether Redis was ever believed, so that its recovery is news.
        var hasBegun = false
        /// Whether it was told that it is not.
        var hasTold = false
        var lastHeartbeat = ContinuousClock.now
        /// Up to which message all is dropped, since the loss that began this period.
        var progress: (period: CacheTrust.Period, id: Int64)?
    }

    private var trust: CacheTrust { cache.trust }

    init(cache: LookUpCache, relay: OutboxRelay, orders: OrderStore) {
        self.cache = cache
        self.relay = relay
        self.orders = orders
    }

    func registerMetrics(in metrics: MetricsRegistry) {
        metrics.gauge(
            "orderd_cache_trusted",
            help:
                "Whether what Redis has is believed: 1, or 0 from a loss of Redis to the recovery."
        ) { [cache] in cache.trust.isTrusted ? 1 : 0 }
    }

    /// Tries once, if Redis is not believed, and else looks for it now and then; blocks on Redis and
    /// MariaDB.
    ///
    /// - Returns: whether Redis is believed now.
    @discardableResult
    package func round(until deadline: Deadline) -> Bool {
        let period = trust.period
        guard !period.isTrusted else {
            look(until: deadline)
            return trust.isTrusted
        }
        do {
            try cache.probe(until: deadline)
            guard try dropRecent(in: period, until: deadline), trust.regain(after: period) else {
                return false
            }
            let isNews = state.withLock { state in
                defer { (state.hasBegun, state.hasTold) = (true, false) }
                return state.hasBegun || state.hasTold
            }
            if isNews { logger.notice("what may be old is dropped; the caches are used") }
            return true
        } catch {
            let isNews = state.withLock { state in
                defer { state.hasTold = true }
                return !state.hasTold
            }
            if isNews {
                logger.warning(
                    "the caches are not used; look-ups are answered from the record",
                    metadata: ["error": "\(error)"]
                )
            }
            return false
        }
    }

    /// Whoever makes no calls does not see a loss; what was not confirmed is repeated at once.
    private func look(until deadline: Deadline) {
        let hasUnconfirmed = cache.hasUnconfirmed
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            guard hasUnconfirmed || now - state.lastHeartbeat >= Self.heartbeat else {
                return false
            }
            state.lastHeartbeat = now
            return true
        }
        if isDue { try? cache.probe(until: deadline) }
    }

    /// Drops page after page, and goes on where the last round ended.
    private func dropRecent(in period: CacheTrust.Period, until deadline: Deadline) throws -> Bool {
        let loss = relay.clock.now - trust.timeSinceLoss
        let since = min(loss, try relay.lastSending(until: deadline) ?? loss) - Self.memory
        var last = state.withLock { $0.progress.flatMap { $0.period == period ? $0.id : nil } } ?? 0
        while true {
            let messages = try relay.recent(
                after: last,
                sentSince: since,
                limit: CacheInvalidator.batch,
                until: deadline
            )
            if let end = messages.last?.id {
                let keys = try CacheInvalidator.keys(of: messages, orders, until: deadline)
                guard cache.drop(keys, until: deadline) else { return false }
                last = end
                state.withLock { $0.progress = (period, end) }
            }
            // What changes from now on is dropped by whoever changes it.
            guard messages.count == CacheInvalidator.batch else { return true }
        }
    }
}

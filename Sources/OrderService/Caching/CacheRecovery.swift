import Logging
import MariaDB
import Observability
import Redis
package import Resilience
import Synchronization

/// Lets Redis be believed again after a loss: once it answers, and everything has been dropped whose
/// invalidation it may have missed or forgotten.
///
/// That is what the outbox has not sent yet, and what was sent within the last minute: a server that
/// comes back from its disk, or a replica in its place, may lack the last drops that were confirmed.
package final class CacheRecovery: Sendable {
    /// How often it is tried.
    static let pause = Duration.milliseconds(100)
    /// How much of its past a server is thought to lose: Redis writes its log to disk once a second,
    /// and a replica that is further behind is not promoted (Redis, «persistence», «replication»).
    static let memory = Duration.seconds(60)

    private let trust: CacheTrust
    private let cache: LookUpCache
    private let relay: OutboxRelay
    private let orders: OrderStore
    private let logger = Logger(label: "orderd.caches")
    private let hasTold = Atomic(false)

    init(trust: CacheTrust, cache: LookUpCache, relay: OutboxRelay, orders: OrderStore) {
        self.trust = trust
        self.cache = cache
        self.relay = relay
        self.orders = orders
    }

    func registerMetrics(in metrics: MetricsRegistry) {
        metrics.gauge(
            "orderd_cache_trusted",
            help:
                "Whether what Redis has is believed: 1, or 0 from a loss of Redis to the recovery."
        ) { [trust] in trust.isTrusted ? 1 : 0 }
    }

    /// Tries once, if Redis is not believed; blocks on Redis and MariaDB.
    ///
    /// - Returns: whether Redis is believed now.
    @discardableResult
    package func round(until deadline: Deadline) -> Bool {
        let period = trust.period
        guard !period.isTrusted else { return true }
        if !hasTold.exchange(true, ordering: .relaxed) {
            logger.warning("Redis was lost; look-ups are answered from the record")
        }
        do {
            // As all calls, so that these are the probes of a breaker that is half-open.
            _ = try cache.redis.send(Command("PING"), until: deadline)
            guard try dropRecent(until: deadline), trust.regain(after: period) else {
                return false
            }
            hasTold.store(false, ordering: .relaxed)
            logger.notice("what changed meanwhile is dropped; the caches are used again")
            return true
        } catch {
            // Whatever is away says so elsewhere.
            return false
        }
    }

    private func dropRecent(until deadline: Deadline) throws -> Bool {
        var last: Int64 = 0
        while true {
            let messages = try relay.recent(
                after: last,
                sentWithin: Self.memory,
                limit: CacheInvalidator.batch,
                until: deadline
            )
            guard let end = messages.last?.id else { return true }
            let keys = try CacheInvalidator.keys(of: messages, orders, until: deadline)
            guard cache.drop(keys, until: deadline) else { return false }
            last = end
        }
    }
}

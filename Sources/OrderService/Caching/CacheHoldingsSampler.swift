import Observability
import Redis
import Resilience
import Synchronization

/// Asks Redis how much each cache holds, and what it had to throw out, for the metrics of `serve`.
final class CacheHoldingsSampler: Sendable {
    private let cache: LookUpCache
    private let entries: [CacheName: Gauge]
    private let bytes: [CacheName: Gauge]
    private let used: Gauge
    private let evictions: Counter
    /// What the server said last; nil before the first sample.
    private let seenEvictions = Mutex<Int64?>(nil)

    init(cache: LookUpCache, metrics: MetricsRegistry) {
        self.cache = cache
        func gauges(_ name: String, _ help: String) -> [CacheName: Gauge] {
            Dictionary(
                uniqueKeysWithValues: CacheName.allCases.map { cache in
                    (cache, metrics.gauge(name, help: help, labels: ["cache": cache.rawValue]))
                }
            )
        }
        entries = gauges(
            "orderd_cache_entries",
            "Entries that Redis holds; estimated where there are many."
        )
        bytes = gauges("orderd_cache_bytes", "Memory that they take there.")
        used = metrics.gauge(
            "orderd_cache_redis_bytes",
            help: "Memory that all data of the cache Redis take."
        )
        evictions = metrics.counter(
            "orderd_cache_redis_evictions_total",
            help: "Keys that the cache Redis has thrown out for want of memory."
        )
    }

    /// Takes one sample; blocks on Redis, without which the last one stays.
    ///
    /// - Returns: 0, as there is never more to do at once.
    func run(until deadline: Deadline) -> Int {
        // What ails Redis is told by its breaker; here nothing is lost.
        guard let holdings = try? cache.holdings(until: deadline) else { return 0 }
        for name in CacheName.allCases {
            let share = holdings.shares[name] ?? LookUpCache.Holdings.Share()
            entries[name]?.set(Int(share.entries))
            bytes[name]?.set(Int(share.bytes))
        }
        if let size = holdings.usedBytes { used.set(Int(size)) }
        if let count = holdings.evictions { noteEvictions(count) }
        return 0
    }

    /// Counts on by what has come since the last sample; a server that started again begins at 0.
    private func noteEvictions(_ count: Int64) {
        let new = seenEvictions.withLock { seen in
            defer { seen = count }
            return seen.map { count >= $0 ? count - $0 : count } ?? 0
        }
        if new > 0 { evictions.increment(by: UInt64(new)) }
    }
}

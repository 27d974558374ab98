package import Observability

/// How often each cache had what it was asked for, and took what it was given.
package struct CacheCounts: Sendable {
    /// The counts of one cache.
    struct Counts: Sendable {
        let hits: Counter
        /// It was known that there is nothing.
        let negativeHits: Counter
        /// Nothing there, nothing readable, or Redis away.
        let misses: Counter
        let fills: Counter
        /// Somebody else was filling it, a change came between, or Redis did not confirm.
        let refusedFills: Counter
    }

    private let counts: [CacheName: Counts]

    package init(_ metrics: MetricsRegistry) {
        // A cart is asked for only while user-service is away.
        let pairs = CacheName.allCases.filter { $0 != .cart }.map { name in
            func counter(_ metric: String, _ help: String, _ outcome: String) -> Counter {
                let labels: MetricsRegistry.Labels = ["cache": name.rawValue, "outcome": outcome]
                return metrics.counter(metric, help: help, labels: labels)
            }
            let (reads, asked) = ("orderd_cache_reads_total", "Entries that caches were asked for.")
            let (fills, given) = (
                "orderd_cache_fills_total", "Entries that were read from the record for a cache."
            )
            return (
                name,
                Counts(
                    hits: counter(reads, asked, "hit"),
                    negativeHits: counter(reads, asked, "negative_hit"),
                    misses: counter(reads, asked, "miss"),
                    fills: counter(fills, given, "stored"),
                    refusedFills: counter(fills, given, "refused")
                )
            )
        }
        counts = Dictionary(uniqueKeysWithValues: pairs)
    }

    /// How each cache stands, in the order of `CacheName`.
    package var readings: [CacheReading] {
        CacheName.allCases.compactMap { name in counts[name].map { CacheReading(name, $0) } }
    }

    /// Counts what came of asking for an entry; nil is a miss.
    func noteRead(_ name: CacheName, _ entry: CacheEntry?) {
        guard let counts = counts[name] else { return }
        switch entry?.isAbsent {
        case false?: counts.hits.increment()
        case true?: counts.negativeHits.increment()
        case nil: counts.misses.increment()
        }
    }

    func noteFill(_ name: CacheName, isStored: Bool) {
        guard let counts = counts[name] else { return }
        (isStored ? counts.fills : counts.refusedFills).increment()
    }
}

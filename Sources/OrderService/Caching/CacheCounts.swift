package import Observability

/// How often each cache had what it was asked for, and took what it was given.
package struct CacheCounts: Sendable {
    /// The counts of one cache.
    final class Counts: Sendable {
        let hits: Counter
        /// It was known that there is nothing.
        let negativeHits: Counter
        /// Nothing there, nothing readable, or Redis away.
        let misses: Counter
        let fills: Counter
        /// Somebody else was filling it, a change came between, or Redis did not confirm.
        let refusedFills: Counter

        init(of name: CacheName, _ metrics: MetricsRegistry) {
            func counter(_ metric: String, _ help: String, _ outcome: String) -> Counter {
                let labels: MetricsRegistry.Labels = ["cache": name.rawValue, "outcome": outcome]
                return metrics.counter(metric, help: help, labels: labels)
            }
            let (reads, asked) = ("orderd_cache_reads_total", "Entries that caches were asked for.")
            let (given, read) = (
                "orderd_cache_fills_total", "Entries that were read from the record for a cache."
            )
            hits = counter(reads, asked, "hit")
            negativeHits = counter(reads, asked, "negative_hit")
            misses = counter(reads, asked, "miss")
            fills = counter(given, read, "stored")
            refusedFills = counter(given, read, "refused")
        }
    }

    /// By `CacheName.ordinal`: a dictionary would hash each name's text, twice a hit.
    private let counts: [Counts?]

    package init(_ metrics: MetricsRegistry) {
        precondition(
            CacheName.allCases.map(\.ordinal) == Array(CacheName.allCases.indices),
            "an ordinal is the place among all cases"
        )
        // A cart is asked for only while user-service is away.
        counts = CacheName.allCases.map { $0 == .cart ? nil : Counts(of: $0, metrics) }
    }

    /// How each cache stands, in the order of `CacheName`.
    package var readings: [CacheReading] {
        CacheName.allCases.compactMap { name in
            counts[name.ordinal].map { CacheReading(name, $0) }
        }
    }

    /// Counts what came of asking for an entry; nil is a miss.
    func noteRead(_ name: CacheName, _ entry: CacheEntry?) {
        guard let counts = counts[name.ordinal] else { return }
        switch entry?.isAbsent {
        case false?: counts.hits.increment()
        case true?: counts.negativeHits.increment()
        case nil: counts.misses.increment()
        }
    }

    func noteFill(_ name: CacheName, isStored: Bool) {
        guard let counts = counts[name.ordinal] else { return }
        (isStored ? counts.fills : counts.refusedFills).increment()
    }
}

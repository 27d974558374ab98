import Observability
package import Web

/// What one cache has been asked for and given, as it is shown to operators and reported to other
/// processes; since the process began.
package struct CacheReading: Sendable, Equatable {
    package let name: String
    package private(set) var hits: Int64
    package private(set) var negativeHits: Int64
    package private(set) var misses: Int64
    package private(set) var fills: Int64
    package private(set) var refusedFills: Int64

    init(_ name: CacheName, _ counts: CacheCounts.Counts) {
        self.name = name.rawValue
        hits = Int64(clamping: counts.hits.value)
        negativeHits = Int64(clamping: counts.negativeHits.value)
        misses = Int64(clamping: counts.misses.value)
        fills = Int64(clamping: counts.fills.value)
        refusedFills = Int64(clamping: counts.refusedFills.value)
    }

    /// The share of reads, 0 to 1, that needed no record; nil while there were none.
    package var ratio: Double? {
        let answered = hits + negativeHits
        let all = answered + misses
        return all > 0 ? (Double(answered) / Double(all) * 10_000).rounded() / 10_000 : nil
    }

    /// Adds what another process tells of the same cache.
    package mutating func add(_ other: CacheReading) {
        hits += other.hits
        negativeHits += other.negativeHits
        misses += other.misses
        fills += other.fills
        refusedFills += other.refusedFills
    }
}

extension CacheReading {
    /// The members of the JSON form but for the name.
    package var members: [(name: String, value: JSON)] {
        [
            ("hits", .integer(hits)),
            ("negativeHits", .integer(negativeHits)),
            ("misses", .integer(misses)),
            ("ratio", ratio.map(JSON.number) ?? .null),
            ("fills", .integer(fills)),
            ("refusedFills", .integer(refusedFills)),
        ]
    }

    package var json: JSON { .object([("name", .string(name))] + members) }

    /// Reads the JSON form; nil if it is another one, such as that of another version.
    package init?(_ json: JSON) {
        guard let name = json["name"]?.string, let hits = json["hits"]?.integer,
            let negativeHits = json["negativeHits"]?.integer,
            let misses = json["misses"]?.integer, let fills = json["fills"]?.integer,
            let refusedFills = json["refusedFills"]?.integer
        else { return nil }
        self.name = name
        self.hits = hits
        self.negativeHits = negativeHits
        self.misses = misses
        self.fills = fills
        self.refusedFills = refusedFills
    }
}

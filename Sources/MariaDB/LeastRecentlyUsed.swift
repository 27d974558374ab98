/// A dictionary of limited size that gives up the entry used longest ago.
///
/// Finding that entry looks at all of them, which is cheap beside what a miss costs here.
struct LeastRecentlyUsed<Key: Hashable, Value> {
    private var entries: [Key: (value: Value, lastUse: UInt64)] = [:]
    private var uses: UInt64 = 0
    private let limit: Int

    init(limit: Int) {
        precondition(limit > 0, "a cache needs room for one entry")
        self.limit = limit
    }

    var count: Int { entries.count }

    /// The value for `key`, which counts as a use.
    mutating func value(for key: Key) -> Value? {
        uses += 1
        guard let index = entries.index(forKey: key) else { return nil }
        entries.values[index].lastUse = uses
        return entries.values[index].value
    }

    /// Keeps `value`, at the cost of the entry used longest ago if there is no room.
    mutating func insert(_ value: Value, for key: Key) {
        uses += 1
        if entries.count >= limit, entries[key] == nil,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            entries[oldest.key] = nil
        }
        entries[key] = (value, uses)
    }

    mutating func remove(_ key: Key) {
        entries[key] = nil
    }
}

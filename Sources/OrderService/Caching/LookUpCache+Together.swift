import Redis
import Resilience

/// Entries that several requests lack at once, each another: one trip to lease them, one reading from the
/// record, one trip to store them.
extension LookUpCache {
    /// What came of asking for leases, by the entries' places.
    private struct Leasing {
        let leases: Leases
        /// What may be stored once it is read.
        var held: [Int] = []
        /// What is to be read all the same, as Redis gives no lease.
        var unleased: [Int] = []
        /// What somebody has stored meanwhile.
        var filled: [(place: Int, entry: CacheEntry)] = []
        /// Whose lease is held for nothing.
        var spare: [Int] = []

        /// What is to be read.
        var wanted: [Int] { held + unleased }
    }

    /// Entries that the cache lacked just now, read from the record and stored; blocks on Redis and MariaDB.
    ///
    /// - Parameters:
    ///   - keys: the entries' keys, each once.
    ///   - cache: which cache they are of.
    ///   - deadline: of the requests.
    ///   - mayStore: whether somebody who asks for the entry at a place may see what it is.
    ///   - load: reads those at some places, under leases of a token; leaves out what is not there.
    /// - Returns: what there is now, by place; nil where somebody else is about to fill it, for whom
    ///   `entry` waits.
    /// - Throws: what `load` throws.
    func entries(
        missing keys: [[UInt8]],
        in cache: CacheName,
        until deadline: Deadline,
        mayStore: (Int, CacheEntry) -> Bool,
        load: (_ places: [Int], _ token: [UInt8]) throws -> [Int: CacheEntry]
    ) throws -> [Landing?] {
        let flown = keys.map(flights.begin)
        let own = keys.indices.filter { flown[$0] != nil }
        let result = Result {
            try land(keys, own, cache, until: deadline, mayStore, load)
        }
        for (place, flight) in flown.enumerated() {
            guard let flight else { continue }
            switch result {
            case .success(let landings): flights.end(flight, landings[place].map(Result.success))
            case .failure(let error): flights.end(flight, .failure(error))
            }
        }
        let landings = try result.get()
        return keys.indices.map { landings[$0] }
    }

    private func land(
        _ keys: [[UInt8]],
        _ places: [Int],
        _ cache: CacheName,
        until deadline: Deadline,
        _ mayStore: (Int, CacheEntry) -> Bool,
        _ load: (_ places: [Int], _ token: [UInt8]) throws -> [Int: CacheEntry]
    ) throws -> [Int: Landing] {
        guard !places.isEmpty else { return [:] }
        let leasing = lease(keys, places, until: deadline)
        var landings: [Int: Landing] = [:]
        for (place, entry) in leasing.filled {
            counts.noteRead(cache, entry)
            landings[place] = Landing(entry: entry, trueAt: nil)
        }
        for _ in leasing.wanted { counts.noteRead(cache, nil) }
        let start = ContinuousClock.now
        let read = Result {
            leasing.wanted.isEmpty ? [:] : try load(leasing.wanted, leasing.leases.token)
        }
        let end = ContinuousClock.now
        // Whatever came of it, nobody waits for a lease of ours to run out.
        let kept = leasing.held.map { place -> (key: [UInt8], entry: CacheEntry?) in
            guard case .success(let entries) = read else { return (keys[place], nil) }
            let entry = entries[place] ?? .absent
            return (keys[place], mayStore(place, entry) ? entry : nil)
        }
        let stored = store(
            kept + leasing.spare.map { (keys[$0], nil) },
            in: cache,
            under: leasing.leases,
            until: deadline
        )
        let entries = try read.get()
        for _ in leasing.unleased { counts.noteFill(cache, isStored: false) }
        // Of some it is not known which: no change came between of all or of none.
        let trueAt = stored == leasing.held.count ? end : start
        for place in leasing.held {
            landings[place] = Landing(entry: entries[place] ?? .absent, trueAt: trueAt)
        }
        for place in leasing.unleased {
            landings[place] = Landing(entry: entries[place] ?? .absent, trueAt: start)
        }
        return landings
    }

    private func lease(
        _ keys: [[UInt8]],
        _ places: [Int],
        until deadline: Deadline
    ) -> Leasing {
        var leasing = Leasing(leases: Leases(period: trust.period))
        let wanted = places.map { keys[$0] }
        let commands =
            [Command("MGET", keys: wanted)]
            + wanted.map { takeLease(of: $0, leasing.leases.token) }
        guard let replies = replies(to: commands, until: deadline, leasing: wanted),
            let found = replies.first?.array, found.count == places.count,
            replies.count == commands.count
        else {
            leasing.unleased = places
            return leasing
        }
        for (number, place) in places.enumerated() {
            let taken = replies[1 + number]
            if let entry = Self.entry(found[number]) {
                leasing.filled.append((place, entry))
                if taken.isOK { leasing.spare.append(place) }
            } else if taken.isOK {
                leasing.held.append(place)
            } else if taken.error != nil {
                // Refused, as by a server that is full: nobody fills anything there.
                leasing.unleased.append(place)
            }
        }
        return leasing
    }
}

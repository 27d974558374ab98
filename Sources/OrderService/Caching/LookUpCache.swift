package import Redis
package import Resilience
import Signing

/// The caches of look-ups in Redis, coherent with MariaDB by leases.
///
/// A miss takes a lease (`lease:<key>`); who has it reads MariaDB and stores through one script
/// that requires its lease still to be there. A change drops entry and lease together, after its
/// commit: so a reader that read the old state can no longer store it. Every failure of Redis is a
/// miss, never an error.
package final class LookUpCache: Sendable {
    /// Stores a value only for the holder of the lease and never over a newer version.
    ///
    /// KEYS: entry, lease. ARGV: the lease's token, value, version, time to live in ms.
    private static let store = Script(
        """
        if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
        redis.call('DEL', KEYS[2])
        local current = redis.call('GET', KEYS[1])
        if current then
            local version = tonumber(string.match(current, '^2|(%d+)|'))
            if version and version > tonumber(ARGV[3]) then return 0 end
        end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
        return 1
        """
    )

    /// Ends a lease, if it is still one's own.
    ///
    /// KEYS: lease. ARGV: its token.
    private static let release = Script(
        """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
        """
    )

    static let leaseMilliseconds = 10_000

    package let redis: RedisClient
    let counts: CacheCounts
    /// Who reads an entry that is missing, so that others of this process need not.
    private let flights = SingleFlight<[UInt8], Landing>()

    /// How long another process's filling is waited for, and how often it is looked for.
    private static let patience = Duration.milliseconds(200)
    private static let interval = Duration.milliseconds(5)

    package init(redis: RedisClient, counts: CacheCounts) {
        self.redis = redis
        self.counts = counts
    }

    /// The entry under `key`, or what `load` reads; blocks on Redis and MariaDB.
    ///
    /// - Parameters:
    ///   - cache: which cache.
    ///   - key: the entry's key in it.
    ///   - minimumVersion: an entry older than this is a miss, so that a client that has seen a
    ///     version is never shown an earlier one.
    ///   - deadline: of the request.
    ///   - load: reads the record.
    /// - Returns: nil if `load` finds nothing.
    /// - Throws: what `load` throws.
    package func entry(
        _ cache: CacheName,
        key: [UInt8],
        minimumVersion: Int64 = 0,
        until deadline: Deadline,
        load: () throws -> CacheEntry?
    ) throws -> CacheEntry? {
        try filled(
            cache,
            by: Command("GET", key),
            key,
            minimumVersion,
            until: deadline,
            load: load,
            store: { entry, token in
                .script(
                    Self.store,
                    keys: [key, Self.leaseKey(key)],
                    arguments: [token, entry.stored, entry.version, cache.jitteredTimeToLive()]
                )
            }
        )
    }

    /// The one way of a look-up: asks for the entry, then for the lease; else loads, and stores under
    /// the lease.
    ///
    /// Of those who miss the same entry in this process one does it, and the others take what it has
    /// read since they came.
    ///
    /// - Parameters:
    ///   - cache: which cache.
    ///   - read: asks for the entry.
    ///   - key: what a change drops, together with its lease.
    ///   - flight: names the entry among those under the key; the key itself unless given.
    ///   - minimumVersion: an entry older than this is a miss.
    ///   - deadline: of the request.
    ///   - load: reads the record.
    ///   - store: the script that stores an entry for the holder of a lease's token, and answers 1 if
    ///     it has; nil where the entry is not to be kept.
    /// - Returns: nil if `load` finds nothing.
    /// - Throws: what `load` throws.
    func filled(
        _ cache: CacheName,
        by read: Command,
        _ key: [UInt8],
        flight: [UInt8]? = nil,
        _ minimumVersion: Int64 = 0,
        until deadline: Deadline,
        load: () throws -> CacheEntry?,
        store: (_ entry: CacheEntry, _ token: [UInt8]) -> Command?
    ) throws -> CacheEntry? {
        let reply = try? redis.send(read, until: deadline)
        if let entry = Self.entry(reply), entry.version >= minimumVersion {
            counts.noteRead(cache, isHit: true)
            return entry
        }
        func fly() throws -> Landing {
            let lease =
                reply == nil
                ? Lease.none : lease(by: read, key, minimumVersion, until: deadline)
            return try land(cache, lease, until: deadline, load, store)
        }
        var isPilot = false
        let arrival = ContinuousClock.now
        do {
            let landing = try flights.run(flight ?? key, until: deadline) {
                isPilot = true
                return try fly()
            }
            if let landing, isPilot || landing.isTrue(for: minimumVersion, since: arrival) {
                return landing.entry
            }
        } catch  where !isPilot {
            // Another's failure, perhaps for want of time.
        }
        return try fly().entry
    }

    /// What a look-up came back with.
    private struct Landing: Sendable {
        let entry: CacheEntry?
        /// The last moment for which it is known to be true: when its reading from the record began,
        /// or its storing, where that succeeded, as no change came between.
        let trueAt: ContinuousClock.Instant?

        /// Whether it is true for somebody who has waited from `arrival` on.
        ///
        /// Whoever arrived later may know of a change.
        func isTrue(for minimumVersion: Int64, since arrival: ContinuousClock.Instant) -> Bool {
            guard let trueAt, let entry else { return false }
            return arrival <= trueAt && entry.version >= minimumVersion
        }
    }

    /// What came of asking for a lease.
    private enum Lease {
        /// The right to store what is read from now on.
        case held(key: [UInt8], token: [UInt8])
        /// Somebody has stored the entry meanwhile.
        case filled(CacheEntry)
        /// Somebody else has it for longer than is waited, or Redis is away.
        case none
    }

    /// Takes the lease of an entry that is missing; where another process has it, the entry or the
    /// lease is waited for.
    private func lease(
        by read: Command,
        _ key: [UInt8],
        _ minimumVersion: Int64,
        until deadline: Deadline
    ) -> Lease {
        let leaseKey = Self.leaseKey(key)
        let token = SecureRandom.bytes(16)
        let take = Command("SET", leaseKey, token, "NX", "PX", Self.leaseMilliseconds)
        let end = deadline.tightened(to: Self.patience)
        while let replies = try? redis.pipeline([read, take], until: deadline), replies.count == 2 {
            let entry = Self.entry(replies[0])
            if let entry, entry.version >= minimumVersion {
                if replies[1].isOK { release(leaseKey, token, until: deadline) }
                return .filled(entry)
            }
            if replies[1].isOK { return .held(key: leaseKey, token: token) }
            // An entry that is there and too old for this client is being filled by nobody.
            guard entry == nil, !end.isExpired else { break }
            Pause.block(Self.interval)
        }
        return .none
    }

    private func land(
        _ cache: CacheName,
        _ lease: Lease,
        until deadline: Deadline,
        _ load: () throws -> CacheEntry?,
        _ store: (_ entry: CacheEntry, _ token: [UInt8]) -> Command?
    ) throws -> Landing {
        if case .filled(let entry) = lease {
            counts.noteRead(cache, isHit: true)
            return Landing(entry: entry, trueAt: nil)
        }
        counts.noteRead(cache, isHit: false)
        let start = ContinuousClock.now
        guard case .held(let leaseKey, let token) = lease else {
            let entry = try load()
            counts.noteFill(cache, isStored: false)
            return Landing(entry: entry, trueAt: start)
        }
        var isStored = false
        // Whoever comes next need not wait for the lease to run out.
        defer { if !isStored { release(leaseKey, token, until: deadline) } }
        guard let entry = try load() else { return Landing(entry: nil, trueAt: start) }
        guard let command = store(entry, token) else {
            return Landing(entry: entry, trueAt: start)
        }
        let end = ContinuousClock.now
        isStored = (try? redis.send(command, until: deadline))?.integer == 1
        counts.noteFill(cache, isStored: isStored)
        return Landing(entry: entry, trueAt: isStored ? end : start)
    }

    private func release(_ leaseKey: [UInt8], _ token: [UInt8], until deadline: Deadline) {
        _ = try? redis.evaluate(
            Self.release,
            keys: [leaseKey],
            arguments: [token],
            until: deadline
        )
    }

    private static func entry(_ reply: Reply?) -> CacheEntry? {
        reply?.bytes.flatMap { CacheEntry(stored: $0) }
    }

    /// Drops entries and the leases of those who are about to fill them, in one round trip.
    ///
    /// It is tried whatever the breaker says, because others may still read what is stale.
    ///
    /// - Returns: whether Redis confirmed it.
    @discardableResult
    package func drop(_ keys: [[UInt8]], until deadline: Deadline) -> Bool {
        let all = keys + keys.map(Self.leaseKey)
        let command = Command("UNLINK", arguments: all)
        guard let reply = try? redis.send(command, until: deadline, isUrgent: true) else {
            return false
        }
        return reply.integer != nil
    }

    static func leaseKey(_ key: [UInt8]) -> [UInt8] {
        Array("lease:".utf8) + key
    }
}

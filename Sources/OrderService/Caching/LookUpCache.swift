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
        local current = redis.call('GET', KEYS[1])
        if current then
            local version = tonumber(string.match(current, '^2|(%d+)|'))
            if version and version > tonumber(ARGV[3]) then return 0 end
        end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
        redis.call('DEL', KEYS[2])
        return 1
        """
    )

    static let leaseMilliseconds = 10_000

    package let redis: RedisClient
    let counts: CacheCounts
    /// Who reads an entry that is missing, so that others of this process need not.
    private let flights = SingleFlight<[UInt8], Landing>()

    /// How long somebody else's filling is waited for, and how often it is looked for.
    private static let patience = Duration.milliseconds(200)
    private static let interval = Duration.milliseconds(5)
    /// How often what others of this process do for the same entry is waited for.
    private static let flightsAtMost = 3

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

    /// The one way of a look-up: asks for the entry and the lease in one trip; else loads, and stores
    /// under the lease.
    ///
    /// Of those who want the same entry in this process one does it, and the others wait for what was
    /// stored.
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
    ///     it has.
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
        store: (_ entry: CacheEntry, _ token: [UInt8]) -> Command
    ) throws -> CacheEntry? {
        func fly() throws -> Landing {
            try self.fly(cache, by: read, key, minimumVersion, until: deadline, load, store)
        }
        for _ in 1...Self.flightsAtMost {
            var isPilot = false
            let arrival = ContinuousClock.now
            do {
                let landing = try flights.run(flight ?? key, until: deadline) {
                    isPilot = true
                    return try fly()
                }
                guard let landing else { break }
                if isPilot || landing.isTrue(for: minimumVersion, since: arrival) {
                    return landing.entry
                }
                guard landing.isContended else { break }
            } catch  where !isPilot {
                // Another's failure, perhaps for want of time.
            }
        }
        return try fly().entry
    }

    /// What a look-up came back with.
    private struct Landing: Sendable {
        let entry: CacheEntry?
        /// When it began to be stored, if it was.
        var storedSince: ContinuousClock.Instant?
        /// Whether another process was filling it, and was not done in time.
        var isContended = false

        /// Whether it is true for somebody who has waited from `arrival` on.
        ///
        /// It was stored under its lease, so no change came between; but whoever arrived later may know
        /// of one.
        func isTrue(for minimumVersion: Int64, since arrival: ContinuousClock.Instant) -> Bool {
            guard let storedSince, let entry else { return false }
            return arrival <= storedSince && entry.version >= minimumVersion
        }
    }

    private func fly(
        _ cache: CacheName,
        by read: Command,
        _ key: [UInt8],
        _ minimumVersion: Int64,
        until deadline: Deadline,
        _ load: () throws -> CacheEntry?,
        _ store: (_ entry: CacheEntry, _ token: [UInt8]) -> Command
    ) throws -> Landing {
        let leaseKey = Self.leaseKey(key)
        let token = SecureRandom.bytes(16)
        let lease = Command("SET", leaseKey, token, "NX", "PX", Self.leaseMilliseconds)
        let replies = (try? redis.pipeline([read, lease], until: deadline)) ?? []
        var isLeased = replies.last?.isOK ?? false
        // Whoever comes next need not wait for the lease to run out.
        defer {
            if isLeased { _ = try? redis.send(Command("DEL", leaseKey), until: deadline) }
        }
        var stored = Self.entry(replies.first, minimumVersion)
        if stored == nil, !isLeased, !replies.isEmpty {
            stored = waitForOther(read, minimumVersion, until: deadline)
        }
        counts.noteRead(cache, isHit: stored != nil)
        if let stored { return Landing(entry: stored) }
        guard let entry = try load() else { return Landing(entry: nil) }
        guard isLeased else {
            counts.noteFill(cache, isStored: false)
            return Landing(entry: entry, isContended: !replies.isEmpty)
        }
        isLeased = false
        let start = ContinuousClock.now
        let reply = try? redis.send(store(entry, token), until: deadline)
        let isStored = reply?.integer == 1
        counts.noteFill(cache, isStored: isStored)
        return Landing(entry: entry, storedSince: isStored ? start : nil)
    }

    /// Waits a moment for whoever has the lease to store the entry.
    private func waitForOther(
        _ read: Command,
        _ minimumVersion: Int64,
        until deadline: Deadline
    ) -> CacheEntry? {
        let end = deadline.tightened(to: Self.patience)
        while !end.isExpired {
            Pause.block(Self.interval)
            guard let reply = try? redis.send(read, until: deadline) else { return nil }
            if let entry = Self.entry(reply, minimumVersion) { return entry }
        }
        return nil
    }

    private static func entry(_ reply: Reply?, _ minimumVersion: Int64) -> CacheEntry? {
        reply?.bytes.flatMap { CacheEntry(stored: $0) }
            .flatMap { $0.version >= minimumVersion ? $0 : nil }
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

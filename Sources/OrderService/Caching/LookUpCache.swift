package import Redis
package import Resilience
import Signing

/// The caches of look-ups in Redis, coherent with MariaDB by leases.
///
/// A miss takes a lease (`lease:<key>`); who has it reads MariaDB and stores through one script
/// that requires its lease still to be there. A change drops entry and lease together, after its
/// commit: so a reader that read the old state can no longer store it. That there is no such order is
/// kept as well, for a short while. Every failure of Redis is a miss, never an error.
package final class LookUpCache: Sendable {
    /// Stores a value only for the holder of the lease and never over a newer version.
    ///
    /// KEYS: entry, lease. ARGV: the lease's token, value, version, time to live in ms.
    private static let store = Script(
        """
        if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
        redis.call('DEL', KEYS[2])
        if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[4]) then return 1 end
        local version = tonumber(string.match(redis.call('GET', KEYS[1]), '^2|(%d+)|') or '')
        if version and version > tonumber(ARGV[3]) then return 0 end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
        return 1
        """
    )

    package let redis: RedisClient
    package let trust: CacheTrust
    package let counts: CacheCounts
    /// Who reads an entry that is missing, so that others of this process need not.
    let flights = SingleFlight<[UInt8], Landing>()
    let holders = SessionHolders()
    let leaseWaits = LeaseWaits(life: .milliseconds(LookUpCache.leaseMilliseconds))
    private let unconfirmed = Lock(UnconfirmedDrops())

    /// Makes the caches of a process.
    ///
    /// - Parameters:
    ///   - redis: tells `trust` when it is lost.
    ///   - trust: whether what it has is believed.
    ///   - counts: what is counted.
    package init(redis: RedisClient, trust: CacheTrust, counts: CacheCounts) {
        self.redis = redis
        self.trust = trust
        self.counts = counts
    }

    /// The entry under `key`, or what `load` reads; blocks on Redis and MariaDB.
    ///
    /// - Parameters:
    ///   - cache: which cache.
    ///   - key: the entry's key in it.
    ///   - suffices: whether an entry of the cache is new enough; any other is a miss, so that a
    ///     client that has seen a version is never shown an earlier one.
    ///   - isKnownMissing: whether it was asked for just now, and is not there.
    ///   - deadline: of the request.
    ///   - load: reads the record, under a lease whose token it is given if there is one.
    /// - Returns: nil if `load` finds nothing.
    /// - Throws: what `load` throws.
    package func entry(
        _ cache: CacheName,
        key: [UInt8],
        if suffices: (CacheEntry) -> Bool = { _ in true },
        isKnownMissing: Bool = false,
        until deadline: Deadline,
        load: (_ token: [UInt8]?) throws -> CacheEntry?
    ) throws -> CacheEntry? {
        try filled(
            cache,
            by: Command("GET", key),
            key,
            if: suffices,
            isKnownMissing: isKnownMissing,
            until: deadline,
            load: load,
            store: { entry, token in
                cache.jitteredTimeToLive(of: entry).map { life in
                    .script(
                        Self.store,
                        keys: [key, Self.leaseKey(key)],
                        arguments: [token, entry.stored, entry.version, life]
                    )
                }
            }
        )
    }

    /// The same, where reading the record takes no lease into account.
    package func entry(
        _ cache: CacheName,
        key: [UInt8],
        if suffices: (CacheEntry) -> Bool = { _ in true },
        until deadline: Deadline,
        load: () throws -> CacheEntry?
    ) throws -> CacheEntry? {
        try entry(cache, key: key, if: suffices, until: deadline) { _ in try load() }
    }

    /// For how many calls a worker's trip stands that fails.
    ///
    /// While it waits, all do. One is not enough to open the breaker, which wants 20 of the last 40 calls to
    /// have failed; two or four are.
    private static func callsOfTrip(_ questions: Int) -> Int { min(max(questions, 5), 10) }

    /// Sends commands that read, or take a lease.
    ///
    /// - Parameters:
    ///   - commands: sent in one trip.
    ///   - questions: of how many requests they are, on a worker; nil on a lane.
    ///   - deadline: of the request.
    ///   - leased: the keys whose leases they may have taken, should the answer be lost.
    /// - Returns: their replies; nil if Redis is away or not believed.
    func replies(
        to commands: [Command],
        of questions: Int? = nil,
        until deadline: Deadline,
        leasing leased: [[UInt8]] = []
    ) -> [Reply]? {
        let period = trust.period
        guard period.isTrusted else { return nil }
        do throws(RedisError) {
            let calls = questions.map(Self.callsOfTrip) ?? 1
            let replies = try redis.pipeline(commands, standingFor: calls, until: deadline)
            // It may have been another server that answered.
            if trust.period == period { return replies }
            keep(leasesOf: leased)
        } catch {
            if error.mayHaveTakenEffect { keep(leasesOf: leased) }
        }
        return nil
    }

    /// Drops entries and the leases of those who are about to fill them, in one round trip.
    ///
    /// It is tried whatever the breaker says, because others may still read what is stale. What is not
    /// confirmed is repeated by `probe`. A server that refuses it, or for long confirms none, is not
    /// believed any more.
    ///
    /// - Returns: whether Redis confirmed it.
    @discardableResult
    package func drop(_ keys: [[UInt8]], until deadline: Deadline) -> Bool {
        let all = keys + keys.map(Self.leaseKey)
        let mark = unconfirmed.withLock(\.mark)
        do throws(RedisError) {
            _ = try redis.send(Command("UNLINK", keys: all), until: deadline, isUrgent: true)
            unconfirmed.withLock { $0.confirm(keys, sentAt: mark) }
            return true
        } catch {
            note(unconfirmed: keys, because: error)
            return false
        }
    }

    /// Whether there are drops that were not confirmed.
    var hasUnconfirmed: Bool { !unconfirmed.withLock(\.isEmpty) }

    /// Drops once more what was not confirmed, or else what is not there: whoever can read from a server
    /// cannot always drop there as well.
    ///
    /// As all calls, so that it serves as a probe of a breaker that is half-open.
    ///
    /// - Throws: `RedisError`.
    func probe(until deadline: Deadline) throws(RedisError) {
        let (keys, leased, mark) = unconfirmed.withLock { ($0.keys, $0.leased, $0.mark) }
        let leases = keys.union(leased).map(Self.leaseKey)
        let all = [Array("cache:probe".utf8)] + keys + leases
        do throws(RedisError) {
            _ = try redis.send(Command("UNLINK", keys: all), until: deadline)
            unconfirmed.withLock { $0.confirm(keys.union(leased), sentAt: mark) }
        } catch {
            note(unconfirmed: [], because: error)
            throw error
        }
    }

    func note(unconfirmed keys: [[UInt8]], because error: RedisError) {
        keep(unconfirmed: keys)
        if case .server = error { trust.lose() }
    }

    /// Has `probe` drop these keys, as it is not known whether they are gone.
    func keep(unconfirmed keys: [[UInt8]]) {
        let isLost = unconfirmed.withLock { $0.add(keys, at: .now) }
        // A recovery that is under way need not begin again.
        if isLost, trust.isTrusted { trust.lose() }
    }

    /// Has `probe` end the leases of these entries, as it is not known whether there are any that nobody
    /// holds: nobody could fill them before they have run out.
    func keep(leasesOf keys: [[UInt8]]) {
        guard !keys.isEmpty else { return }
        unconfirmed.withLock { $0.add(leasesOf: keys) }
    }

    static func leaseKey(_ key: [UInt8]) -> [UInt8] {
        Array("lease:".utf8) + key
    }
}

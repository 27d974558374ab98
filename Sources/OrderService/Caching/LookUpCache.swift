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
            local version = tonumber(string.match(current, '^1|(%d+)|'))
            if version and version > tonumber(ARGV[3]) then return 0 end
        end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
        redis.call('DEL', KEYS[2])
        return 1
        """
    )

    private static let leaseMilliseconds = 10_000

    package let redis: RedisClient

    package init(redis: RedisClient) {
        self.redis = redis
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
        let leaseKey = Self.leaseKey(key)
        let token = SecureRandom.bytes(16)
        let commands = [
            Command("GET", key),
            Command("SET", leaseKey, token, "NX", "PX", Self.leaseMilliseconds),
        ]
        guard let replies = try? redis.pipeline(commands, until: deadline), replies.count == 2
        else { return try load() }
        if let stored = replies[0].bytes, let entry = CacheEntry(stored: stored),
            entry.version >= minimumVersion
        {
            if replies[1].isOK { _ = try? redis.send(Command("DEL", leaseKey), until: deadline) }
            return entry
        }
        guard replies[1].isOK else { return try load() }
        var loaded: CacheEntry?
        // Whoever comes next need not wait for the lease to run out.
        defer {
            if loaded == nil { _ = try? redis.send(Command("DEL", leaseKey), until: deadline) }
        }
        loaded = try load()
        guard let entry = loaded else { return nil }
        _ = try? redis.evaluate(
            Self.store,
            keys: [key, leaseKey],
            arguments: [token, entry.stored, entry.version, cache.jitteredTimeToLive()],
            until: deadline
        )
        return entry
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

    private static func leaseKey(_ key: [UInt8]) -> [UInt8] {
        Array("lease:".utf8) + key
    }
}

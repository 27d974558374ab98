import Redis
import Resilience
import Signing

/// Many entries at once: one trip to read them, one to lease what is missing, one to store it.
extension LookUpCache {
    /// The right to store entries that were missing, until a change of theirs ends it.
    struct Leases {
        let token = SecureRandom.bytes(16)
        let period: CacheTrust.Period
    }

    /// Takes the leases that nobody has.
    ///
    /// KEYS: leases. ARGV: their token, time to live in ms.
    private static let leaseAll = Script(
        """
        for _, key in ipairs(KEYS) do
            redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2])
        end
        return #KEYS
        """
    )

    /// As `store`, of many.
    ///
    /// KEYS: entry and lease, of each. ARGV: the leases' token; value, version and time to live in ms,
    /// of each. An empty value only ends the lease.
    private static let storeAll = Script(
        """
        local entries, leases = {}, {}
        for i = 1, #KEYS / 2 do entries[i], leases[i] = KEYS[2 * i - 1], KEYS[2 * i] end
        local holders = redis.call('MGET', unpack(leases))
        local current = redis.call('MGET', unpack(entries))
        local stores, ended = 0, {}
        for i, entry in ipairs(entries) do
            if holders[i] == ARGV[1] then
                local value, version = ARGV[3 * i - 1], tonumber(ARGV[3 * i])
                local stored = current[i] and tonumber(string.match(current[i], '^2|(%d+)|') or '')
                if value ~= '' and not (stored and stored > version) then
                    redis.call('SET', entry, value, 'PX', ARGV[3 * i + 1])
                    stores = stores + 1
                end
                ended[#ended + 1] = leases[i]
            end
        end
        if #ended > 0 then redis.call('DEL', unpack(ended)) end
        return stores
        """
    )

    /// The entries under these keys of a cache, as far as there are any; none while Redis is away.
    func entries(
        _ keys: [[UInt8]],
        of cache: CacheName,
        until deadline: Deadline
    ) -> [CacheEntry?] {
        let read = Command("MGET", keys: keys)
        var entries: [CacheEntry?] = []
        entries.reserveCapacity(keys.count)
        if case .array(let found)? = replies(to: [read], until: deadline)?.first,
            found.count == keys.count
        {
            for reply in found {
                if case .bytes(let stored) = reply {
                    entries.append(CacheEntry(stored: stored))
                } else {
                    entries.append(nil)
                }
            }
        } else {
            entries = Array(repeating: nil, count: keys.count)
        }
        for entry in entries { counts.noteRead(cache, entry) }
        return entries
    }

    /// Leases entries that are to be read from the record and stored; nil while Redis is away.
    func lease(_ keys: [[UInt8]], until deadline: Deadline) -> Leases? {
        let leases = Leases(period: trust.period)
        guard leases.period.isTrusted else { return nil }
        do throws(RedisError) {
            _ = try redis.evaluate(
                Self.leaseAll,
                keys: keys.map(Self.leaseKey),
                arguments: [leases.token, Self.leaseMilliseconds],
                until: deadline
            )
            return leases
        } catch {
            if error.mayHaveTakenEffect { keep(leasesOf: keys) }
            return nil
        }
    }

    /// Stores what was read under leases, and ends them.
    ///
    /// - Parameters:
    ///   - entries: by key; nil where the record could not be read.
    ///   - cache: whose lives they have.
    ///   - leases: taken before the record was read.
    ///   - deadline: of the request.
    /// - Returns: how many were stored, as far as is known.
    @discardableResult
    func store(
        _ entries: [(key: [UInt8], entry: CacheEntry?)],
        in cache: CacheName,
        under leases: Leases,
        until deadline: Deadline
    ) -> Int {
        guard !entries.isEmpty else { return 0 }
        let isTrusted = trust.period == leases.period
        let values = entries.flatMap { item -> [any RedisArgument] in
            guard isTrusted, let entry = item.entry, let life = cache.jitteredTimeToLive(of: entry)
            else {
                return [[] as [UInt8], 0, 0]
            }
            return [entry.stored, entry.version, life]
        }
        var stored = 0
        do throws(RedisError) {
            let reply = try redis.evaluate(
                Self.storeAll,
                keys: entries.flatMap { [$0.key, Self.leaseKey($0.key)] },
                arguments: [leases.token] + values,
                until: Self.lastChance(deadline)
            )
            stored = Int(reply.integer ?? 0)
        } catch {
            keep(leasesOf: entries.map(\.key))
        }
        let filled = entries.count { $0.entry != nil }
        for number in 0..<filled { counts.noteFill(cache, isStored: number < stored) }
        return stored
    }
}

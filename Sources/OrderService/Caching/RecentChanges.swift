import Redis
import Resilience

/// Keeps caches from telling of the time before a change of which the record has told.
///
/// Whoever changes an order drops what caches hold of it after the commit. Until then a client that was
/// told of the change by the record might be told of the time before by its next look-up, of another part
/// of the order or of its history.
struct RecentChanges: Sendable {
    let cache: LookUpCache
    let clock: WallClock

    /// So long after the time of a change who makes it may not have come to drop: as long as a write may
    /// take.
    private static let timeToDrop = Duration.seconds(5)

    /// Drops what is older than what was read, of orders that have changed just now, before anybody is
    /// told of it; blocks on Redis if there are any.
    ///
    /// Pages of a history have no version: they go whatever they have, unless it is for one of them that
    /// the orders were read.
    ///
    /// - Parameters:
    ///   - told: what was read from the record.
    ///   - own: the cache that it is read for, whose entries are about to be stored.
    ///   - deadline: of the request.
    func drop(before told: [OrderVersion], but own: CacheName? = nil, until deadline: Deadline) {
        let now = clock.now
        // Clocks of hosts differ.
        let recent = told.filter { told in
            max(now.distance(from: told.updatedAt), told.updatedAt.distance(from: now))
                < Self.timeToDrop
        }
        guard !recent.isEmpty, cache.trust.isTrusted else { return }
        let entries = recent.flatMap { told in
            CacheName.ofOrders.filter { $0 != own }
                .map { (key: $0.key(told.id), version: told.version) }
        }
        let customers = own == .orderHistory ? [] : Set(recent.compactMap(\.userID))
        cache.drop(
            olderThan: entries,
            pages: customers.map(CacheName.orderHistory.key),
            until: deadline
        )
    }
}

extension LookUpCache {
    /// Drops what is older, with the leases of those who are about to fill it; beside an entry that stays
    /// nothing older is stored.
    ///
    /// KEYS: entry and lease, of each. ARGV: of the first ones the versions from which on they stay.
    private static let dropOlder = Script(
        """
        for i = 1, #KEYS / 2 do
            local entry, lease, version = KEYS[2 * i - 1], KEYS[2 * i], tonumber(ARGV[i] or '')
            local current = version and redis.call('GET', entry)
            local stored = current and tonumber(string.match(current, '^2|(%d+)|') or '')
            if not (stored and stored >= version) then redis.call('UNLINK', entry, lease) end
        end
        return 1
        """
    )

    /// Drops entries of an earlier version than theirs and whole histories, with the leases of those who
    /// are about to fill them.
    fileprivate func drop(
        olderThan entries: [(key: [UInt8], version: Int64)],
        pages: [[UInt8]],
        until deadline: Deadline
    ) {
        let keys = entries.map(\.key) + pages
        do throws(RedisError) {
            _ = try redis.evaluate(
                Self.dropOlder,
                keys: keys.flatMap { [$0, Self.leaseKey($0)] },
                arguments: entries.map(\.version),
                until: deadline
            )
        } catch {
            note(unconfirmed: keys, because: error)
        }
    }
}

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

    /// So long after the time of a change who makes it may not have come to drop: twice as long as a write
    /// may take, as it may have waited for its order before.
    private static let timeToDrop = Duration.seconds(10)

    /// Drops what is older than what was read, of orders that have changed just now, before anybody is
    /// told of it; blocks on Redis if there are any.
    ///
    /// - Parameters:
    ///   - told: what was read from the record.
    ///   - token: of the leases under which it was read and is about to be stored, which stay.
    ///   - deadline: of the request.
    func drop(
        before told: [OrderVersion],
        keeping token: [UInt8]? = nil,
        until deadline: Deadline
    ) {
        let now = clock.now
        // Clocks of hosts differ.
        let recent = told.filter { told in
            max(now.distance(from: told.updatedAt), told.updatedAt.distance(from: now))
                < Self.timeToDrop
        }
        guard !recent.isEmpty, cache.trust.isTrusted else { return }
        cache.drop(olderThan: recent, keeping: token ?? [], until: deadline)
    }
}

extension LookUpCache {
    /// Drops what is older, with the leases of all others who are about to fill it.
    ///
    /// Beside an entry that stays nothing older is stored. Pages have no version: it is noted for which
    /// version of an order they were dropped, as whatever is read after that shows it.
    ///
    /// KEYS: entry and lease, of each; hash of pages, lease and note, of each. ARGV: the token of the leases
    /// that stay, how many entries there are, their versions, those of the notes.
    private static let dropOlder = Script(
        """
        local token, count = ARGV[1], tonumber(ARGV[2])
        local function drop(entry, lease)
            redis.call('UNLINK', entry)
            if redis.call('GET', lease) ~= token then redis.call('UNLINK', lease) end
        end
        for i = 1, count do
            local current = redis.call('GET', KEYS[2 * i - 1])
            local stored = current and tonumber(string.match(current, '^2|(%d+)|') or '')
            if not (stored and stored >= tonumber(ARGV[2 + i])) then
                drop(KEYS[2 * i - 1], KEYS[2 * i])
            end
        end
        for i = 1, #ARGV - 2 - count do
            local pages, version = 2 * count + 3 * i - 2, ARGV[2 + count + i]
            local noted = tonumber(redis.call('GET', KEYS[pages + 2]) or '')
            if not (noted and noted >= tonumber(version)) then
                drop(KEYS[pages], KEYS[pages + 1])
                redis.pcall('SET', KEYS[pages + 2], version, 'PX', 20000)
            end
        end
        return 1
        """
    )

    /// Drops entries of earlier versions than these and the histories that may show one, with the leases of
    /// those who are about to fill them, but those of a token.
    fileprivate func drop(
        olderThan orders: [OrderVersion],
        keeping token: [UInt8],
        until deadline: Deadline
    ) {
        let entries = orders.flatMap { order in
            CacheName.ofOrders.map { (key: $0.key(order.id), version: order.version) }
        }
        let pages = orders.compactMap { order in
            order.userID.map { (key: CacheName.orderHistory.key($0), order: order) }
        }
        do throws(RedisError) {
            _ = try redis.evaluate(
                Self.dropOlder,
                keys: entries.flatMap { [$0.key, Self.leaseKey($0.key)] }
                    + pages.flatMap { [$0.key, Self.leaseKey($0.key), Self.noteKey($0.order.id)] },
                arguments: [token, entries.count] + entries.map(\.version)
                    + pages.map(\.order.version),
                until: deadline
            )
        } catch {
            note(unconfirmed: entries.map(\.key) + pages.map(\.key), because: error)
        }
    }

    /// Names the version of an order that no page in the cache is older than.
    private static func noteKey(_ orderID: Int64) -> [UInt8] {
        Array("order-history-of:\(orderID)".utf8)
    }
}

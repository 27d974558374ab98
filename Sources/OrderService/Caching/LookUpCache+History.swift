import Redis
import Resilience
import Signing

/// Pages of histories: each customer's lie in one hash, under one lease.
extension LookUpCache {
    /// As `store`, of a page; all pages of a customer live from the first one on.
    ///
    /// KEYS: hash, lease. ARGV: the lease's token, page, value, time to live in ms.
    private static let storePage = Script(
        """
        if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
        if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
        redis.call('DEL', KEYS[2])
        return 1
        """
    )

    /// Reads a session and, of the user whom it belongs to, one page; in one trip, where nobody here knows
    /// the user before.
    ///
    /// KEYS: session. ARGV: page, the beginning of a hash's key.
    private static let sessionAndPage = Script(
        """
        local session = redis.call('GET', KEYS[1])
        local owner = session and string.match(session, '^2|%d+|([^|]+)|')
        if not owner then return {} end
        return {session, redis.call('HGET', ARGV[2] .. owner, ARGV[1])}
        """
    )

    /// What asks for a session and a page, and reads the replies.
    typealias SessionAndPage = (
        commands: [Command],
        entries: (ArraySlice<Reply>) -> (session: CacheEntry, page: CacheEntry?)?
    )

    /// Asks for a session's entry and the page of its user, which may not be there; without the session
    /// there are no entries.
    func sessionAndPage(_ tokenHash: Digest, _ page: PageRequest) -> SessionAndPage {
        let key = CacheName.session.key(tokenHash)
        // Two commands where the user is known, which cost Redis a third of a script.
        if let userID = holders.userID(of: tokenHash) {
            let pages = CacheName.orderHistory.key(userID)
            let commands = [Command("GET", key), Command("HGET", pages, page.field)]
            return (
                commands,
                { [self] replies in
                    let found = entries(replies)
                    guard found?.session.owner.elementsEqual(userID.utf8) == true else {
                        return nil
                    }
                    return counted(found)
                }
            )
        }
        let read = Command.script(
            Self.sessionAndPage,
            keys: [key],
            arguments: [page.field, CacheName.orderHistory.key([])]
        )
        return (
            [read],
            { [self] replies in
                let found = entries(replies.first?.array?[...] ?? [])
                if let userID = found?.session.userID { holders.note(tokenHash, of: userID) }
                return counted(found)
            }
        )
    }

    private func entries(
        _ replies: ArraySlice<Reply>
    ) -> (session: CacheEntry, page: CacheEntry?)? {
        guard replies.count == 2,
            let session = replies.first?.bytes.flatMap({ CacheEntry(stored: $0) })
        else { return nil }
        return (session, replies.last?.bytes.flatMap { CacheEntry(stored: $0) })
    }

    private func counted(
        _ found: (session: CacheEntry, page: CacheEntry?)?
    ) -> (session: CacheEntry, page: CacheEntry?)? {
        guard let found else { return nil }
        counts.noteRead(.session, found.session)
        // A miss is counted by whoever fills it.
        if let page = found.page { counts.noteRead(.orderHistory, page) }
        return found
    }

    /// A page of a customer's history, or what `load` reads; blocks on Redis and MariaDB.
    ///
    /// Pages beyond the end, of which there are any number, are not kept. `load` is given the token of the
    /// lease under which it reads, if there is one.
    ///
    /// - Throws: what `load` throws.
    func page(
        _ page: PageRequest,
        of userID: String,
        isKnownMissing: Bool = false,
        until deadline: Deadline,
        load: (_ token: [UInt8]?) throws -> (entry: CacheEntry, isBeyondEnd: Bool)
    ) throws -> CacheEntry {
        let key = CacheName.orderHistory.key(userID)
        let read = Command("HGET", key, page.field)
        var isBeyondEnd = false
        let entry = try filled(
            .orderHistory,
            by: read,
            key,
            flight: key + "/\(page.field)".utf8,
            isKnownMissing: isKnownMissing,
            until: deadline,
            load: { token in
                let loaded = try load(token)
                isBeyondEnd = loaded.isBeyondEnd
                return loaded.entry
            },
            store: { entry, token in
                guard !isBeyondEnd else { return nil }
                let life = CacheName.orderHistory.jitteredTimeToLive()
                return .script(
                    Self.storePage,
                    keys: [key, Self.leaseKey(key)],
                    arguments: [token, page.field, entry.stored, life]
                )
            }
        )
        guard let entry else { preconditionFailure("`load` never finds nothing") }
        return entry
    }
}

extension PageRequest {
    /// The page's name among a customer's.
    fileprivate var field: String { "\(number):\(size)" }
}

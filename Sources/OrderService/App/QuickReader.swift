import Redis
import Resilience
import Web

/// Reads on the worker, in one trip to Redis, who asks and what is asked for.
///
/// Whatever is odd, from a credential that is none to a Redis that is away, is nothing: the lanes find
/// out what it is.
struct QuickReader: Sendable {
    let cache: LookUpCache
    let revoked: RecentRevocations
    let sessionUses: SessionUses
    let clock: WallClock

    /// What the caches have told.
    struct Found {
        /// The holder of a session or of a guest's access.
        let principal: Principal
        /// What was asked for, as it is stored; nil if the cache lacks it.
        let stored: [UInt8]?
        fileprivate let credential: Credential
        fileprivate let holder: CacheEntry
    }

    /// Reads a credential's entry and that under `key`, by one command: at the server two cost more than
    /// their trip.
    ///
    /// - Returns: nil unless the credential is known there and holds.
    func read(_ key: [UInt8], for request: Request, until deadline: Deadline) -> Found? {
        guard let credential = credential(of: request) else { return nil }
        let read = Command(
            "MGET",
            keys: [credential.cacheName.key(credential.tokenHash), key]
        )
        guard let replies = cache.replies(to: [read], until: deadline)?.first?.array,
            replies.count == 2, let holder = replies[0].bytes.flatMap({ CacheEntry(stored: $0) }),
            let principal = principal(credential, holder)
        else { return nil }
        return Found(
            principal: principal,
            stored: replies[1].bytes,
            credential: credential,
            holder: holder
        )
    }

    /// The credential of a request that has no more than one, of a kind that caches know, which was not
    /// revoked.
    func credential(of request: Request) -> Credential? {
        guard request.hasWholeQuery, let credential = try? Credential(request),
            credential.kind != .checkout, !revoked.lists(credential.tokenHash)
        else { return nil }
        return credential
    }

    /// Whom the cache's entry of a credential tells of; nil if it has expired.
    func principal(_ credential: Credential, _ entry: CacheEntry) -> Principal? {
        if credential.kind == .session {
            return Session(tokenHash: credential.tokenHash, entry: entry)
                .flatMap { $0.expiresAt > clock.now ? .session($0) : nil }
        }
        return GuestAccess(tokenHash: credential.tokenHash, entry: entry)
            .flatMap { $0.expiresAt > clock.now ? .guest($0) : nil }
    }

    /// Counts that the cache knew who asks and lacked the rest, which whoever fills it counts.
    func noteMiss(_ found: Found) {
        cache.counts.noteRead(found.credential.cacheName, found.holder)
    }

    /// Counts that both were there.
    func noteHit(_ found: Found, _ name: CacheName, _ entry: CacheEntry) {
        cache.counts.noteRead(found.credential.cacheName, found.holder)
        cache.counts.noteRead(name, entry)
    }

    /// Notes that a session was used by what is answered now.
    func noteUse(by principal: Principal) {
        if case .session(let session) = principal { sessionUses.note(session.tokenHash) }
    }
}

extension QuickReader.Found {
    /// What was asked for; nil if it is not there, or cannot be read, or there is no such thing.
    var entry: CacheEntry? { stored.flatMap { CacheEntry(stored: $0) }?.ifPresent }
}

extension Credential {
    /// The cache that knows its holder.
    fileprivate var cacheName: CacheName { kind == .guest ? .guestToken : .session }
}

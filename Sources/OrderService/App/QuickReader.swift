import Redis
import Resilience
import Web

/// Asks Redis on the worker, by one question, who asks and what is asked for.
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
        fileprivate let credential: Credential
        fileprivate let holder: CacheEntry
        /// Of the credential, and of each key.
        fileprivate let replies: [Reply]
    }

    /// Asks for the entries of a request's credential and of a key.
    ///
    /// - Parameters:
    ///   - key: the entry's.
    ///   - request: that shows the credential.
    ///   - look: is told what was found, if the credential is known there and holds.
    /// - Returns: nil of a credential that is odd.
    func question(
        _ key: [UInt8],
        for request: Request,
        _ look: @escaping (Found) -> QuickLook
    ) -> QuickQuestion? {
        credential(of: request).map { question([key], for: $0, look) }
    }

    /// Asks for the entries of a credential and of some keys, by one command: at the server two cost more
    /// than their trip.
    func question<Key: RedisArgument>(
        _ keys: [Key],
        for credential: Credential,
        _ look: @escaping (Found) -> QuickLook
    ) -> QuickQuestion {
        let holderKey = credential.cacheName.key(credential.tokenHash)
        let read = Command("MGET", holderKey, keys: keys)
        return QuickQuestion(commands: [read], weight: 1 + keys.count) { replies in
            guard let replies = replies.first?.array, replies.count == 1 + keys.count,
                let holder = replies[0].bytes.flatMap({ CacheEntry(stored: $0) }),
                let principal = principal(credential, holder)
            else { return .nothing }
            return look(
                Found(
                    principal: principal,
                    credential: credential,
                    holder: holder,
                    replies: replies
                )
            )
        }
    }

    /// The credential of a request that has no more than one, of a kind that caches know, which was not
    /// revoked; nil as well of a cookie that would need its CSRF token beside it, and where there is a body
    /// that nobody wants.
    func credential(of request: Request) -> Credential? {
        guard request.queryFault == nil, request.body.isEmpty || request.method.hasBody,
            let credential = try? Credential(request),
            credential.kind != .checkout, !(credential.isCookie && request.method.hasBody),
            !revoked.lists(credential.tokenHash)
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

    /// Counts that the cache knew who asks; whoever reads or fills the rest counts that.
    func noteCredential(_ found: Found) {
        cache.counts.noteRead(found.credential.cacheName, found.holder)
    }

    /// Counts that both were there.
    func noteHit(_ found: Found, _ name: CacheName, _ entry: CacheEntry) {
        noteCredential(found)
        cache.counts.noteRead(name, entry)
    }

    /// Notes that a session was used by what is answered now.
    func noteUse(by principal: Principal) {
        if case .session(let session) = principal { sessionUses.note(session.tokenHash) }
    }
}

extension QuickReader.Found {
    /// Whether the cache has anything under a key, by its place among those that were asked for.
    func has(_ place: Int) -> Bool { !replies[1 + place].isNull }

    /// What it has under a key; nil if that is nothing, or cannot be read.
    func entry(_ place: Int) -> CacheEntry? {
        replies[1 + place].bytes.flatMap { CacheEntry(stored: $0) }
    }
}

extension Credential {
    /// The cache that knows its holder.
    fileprivate var cacheName: CacheName { kind == .guest ? .guestToken : .session }
}

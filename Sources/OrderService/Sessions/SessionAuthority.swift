package import MariaDB
package import Resilience
package import Signing

/// Issues, finds and revokes sessions: MariaDB is the record, Redis the fast path.
package final class SessionAuthority: Sendable {
    private let store: SessionStore
    private let cache: LookUpCache
    private let clock: WallClock

    package init(database: Database, cache: LookUpCache, clock: WallClock) {
        store = SessionStore(database: database, clock: clock)
        self.cache = cache
        self.clock = clock
    }

    /// Makes a session and its token; the token is told this once and kept nowhere.
    package func issue(
        userID: String,
        roles: Roles,
        timeToLive: Duration,
        until deadline: Deadline
    ) throws -> (token: String, session: Session) {
        let token = SecureRandom.token(prefix: Session.tokenPrefix)
        let session = Session(
            tokenHash: SHA256.digest(token.utf8),
            userID: userID,
            roles: roles,
            expiresAt: clock.now + timeToLive
        )
        try store.insert(session, until: deadline)
        return (token, session)
    }

    /// The session of a token's hash, from Redis or else from MariaDB.
    ///
    /// It is nil if there is none, or it was revoked. An expired one is returned, so that the caller can say so.
    package func find(_ tokenHash: Digest, until deadline: Deadline) throws -> Session? {
        let key = CacheName.session.key(tokenHash)
        let entry = try cache.entry(.session, key: key, until: deadline) {
            try store.find(tokenHash, until: deadline)?.cacheEntry
        }
        return entry.flatMap { Session(tokenHash: tokenHash, entry: $0) }
    }

    /// Ends a session everywhere.
    package func revoke(_ tokenHash: Digest, until deadline: Deadline) throws -> Bool {
        let wasLive = try store.revoke(tokenHash, until: deadline)
        cache.drop([CacheName.session.key(tokenHash)], until: deadline)
        return wasLive
    }

    /// Ends all sessions of a user.
    package func revokeAll(userID: String, until deadline: Deadline) throws -> Int {
        let hashes = try store.revokeAll(userID: userID, until: deadline)
        if !hashes.isEmpty {
            cache.drop(hashes.map { CacheName.session.key($0) }, until: deadline)
        }
        return hashes.count
    }

    /// A user's sessions, newest first, at most 100.
    package func list(userID: String, until deadline: Deadline) throws -> [Row] {
        try store.list(userID: userID, until: deadline)
    }
}

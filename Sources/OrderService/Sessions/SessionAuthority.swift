package import MariaDB
package import Resilience
package import Signing

/// Issues, finds and revokes sessions: MariaDB is the record, Redis the fast path.
package final class SessionAuthority: Sendable {
    /// How many sessions of a user are shown.
    package static let listLength = 100

    let store: SessionStore
    private let cache: LookUpCache
    private let revocations: Revocations
    private let uses: SessionUses
    private let clock: WallClock

    package init(
        database: Database,
        cache: LookUpCache,
        revocations: Revocations,
        uses: SessionUses,
        clock: WallClock
    ) {
        store = SessionStore(database: database, clock: clock)
        self.cache = cache
        self.revocations = revocations
        self.uses = uses
        self.clock = clock
    }

    /// Makes a session and its token; the token is told this once and kept nowhere.
    package func issue(
        userID: String,
        roles: Roles,
        timeToLive: Duration,
        until deadline: Deadline
    ) throws -> (token: String, id: SessionID, session: Session) {
        let token = SecureRandom.token(prefix: Session.tokenPrefix)
        let session = Session(
            tokenHash: SHA256.digest(token.utf8),
            userID: userID,
            roles: roles,
            expiresAt: clock.now + timeToLive
        )
        let id = SessionID()
        try store.insert(session, id: id, until: deadline)
        return (token, id, session)
    }

    /// What counts as ended in this process, whatever Redis says.
    var revoked: RecentRevocations { revocations.recent }

    /// The session of a token's hash, from Redis or else from MariaDB.
    ///
    /// It is nil if there is none, or it was revoked. An expired one is returned, so that the
    /// caller can say so.
    package func find(_ tokenHash: Digest, until deadline: Deadline) throws -> Session? {
        guard !revocations.recent.lists(tokenHash) else {
            return try store.find(tokenHash, until: deadline)
        }
        let key = CacheName.session.key(tokenHash)
        let entry = try cache.entry(.session, key: key, until: deadline) {
            try store.find(tokenHash, until: deadline)?.cacheEntry
        }
        return entry.flatMap { Session(tokenHash: tokenHash, entry: $0) }
    }

    /// Notes that a session was used; a job writes it down.
    func noteUse(of tokenHash: Digest) {
        uses.note(tokenHash)
    }

    // MARK: Revoking

    /// Ends the session of a token everywhere.
    ///
    /// - Returns: whether it was live.
    package func revoke(_ tokenHash: Digest, until deadline: Deadline) throws -> Bool {
        try !revoke(.token(tokenHash), until: deadline).isEmpty
    }

    /// Ends one session everywhere, by the id that is no secret.
    ///
    /// - Parameters:
    ///   - id: of the session.
    ///   - userID: whose it has to be; nil for anybody's.
    ///   - roles: which it has to have, and no others, if any are given.
    ///   - deadline: by which it has ended, or has not.
    /// - Returns: the hash of its token; nil if there is no such live session.
    /// - Throws: `MariaDBError`.
    package func revoke(
        _ id: SessionID,
        of userID: String? = nil,
        having roles: Roles? = nil,
        until deadline: Deadline
    ) throws -> Digest? {
        try revoke(.id(id, of: userID, having: roles), until: deadline).first
    }

    /// Ends all sessions of a user; those with these roles and no others, if any are given.
    ///
    /// - Returns: how many were live.
    package func revokeAll(
        userID: String,
        having roles: Roles? = nil,
        until deadline: Deadline
    ) throws -> Int {
        try revoke(.user(userID, having: roles), until: deadline).count
    }

    private func revoke(
        _ selection: SessionStore.Selection,
        until deadline: Deadline
    ) throws -> [Digest] {
        let hashes = try store.revoke(selection, revocations, until: deadline)
        revocations.announce(hashes, of: .session, until: deadline)
        return hashes
    }

    // MARK: Listing

    /// A user's sessions, newest first, at most `listLength`.
    ///
    /// - Parameters:
    ///   - userID: whose.
    ///   - roles: those with these roles and no others, if any are given.
    ///   - isLive: only those that can be used.
    ///   - deadline: for the query.
    /// - Returns: their records, without tokens.
    /// - Throws: `MariaDBError`.
    package func list(
        userID: String,
        having roles: Roles? = nil,
        isLive: Bool,
        until deadline: Deadline
    ) throws -> [SessionRecord] {
        try store.list(
            .user(userID, having: roles),
            isLive: isLive,
            limit: Self.listLength,
            until: deadline
        )
    }

    /// The record of a live session; nil if it has just ended.
    func record(of tokenHash: Digest, until deadline: Deadline) throws -> SessionRecord? {
        try store.list(.token(tokenHash), isLive: true, limit: 1, until: deadline).first
    }

    // MARK: Jobs

    /// Writes down which sessions were used since the last time; blocks on MariaDB.
    func writeUses(until deadline: Deadline) {
        uses.giveBack(store.write(used: uses.take(), until: deadline))
    }
}

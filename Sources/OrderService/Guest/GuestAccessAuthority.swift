package import MariaDB
package import Resilience
package import Signing
import Web

/// Issues, finds, rotates and revokes guests' tokens: MariaDB is the record, Redis the fast path.
package final class GuestAccessAuthority: Sendable {
    /// How long a rotated token still works, so that a second tab is not thrown out.
    private static let overlap = Duration.seconds(60)

    let database: Database
    private let cache: LookUpCache
    private let revocations: Revocations
    let clock: WallClock
    private let timeToLive: Duration

    package init(
        database: Database,
        cache: LookUpCache,
        revocations: Revocations,
        clock: WallClock,
        timeToLive: Duration
    ) {
        self.database = database
        self.cache = cache
        self.revocations = revocations
        self.clock = clock
        self.timeToLive = timeToLive
    }

    /// Makes a token for an order; it is told this once and kept nowhere.
    package func issue(
        orderID: Int64,
        scopes: GuestScopes,
        origin: GuestTokenOrigin = .completion,
        in transaction: inout Transaction
    ) throws -> (token: String, access: GuestAccess) {
        let token = SecureRandom.token(prefix: GuestAccess.tokenPrefix)
        let access = GuestAccess(
            tokenHash: SHA256.digest(token.utf8),
            orderID: orderID,
            scopes: scopes,
            expiresAt: clock.now + timeToLive
        )
        _ = try transaction.execute(
            """
            INSERT INTO guest_tokens (token_hash, order_id, scopes, origin, created_at, expires_at)
            VALUES (\(access.tokenHash.bytes), \(orderID), \(scopes.columnText),
                \(origin.rawValue), \(clock.now), \(access.expiresAt))
            """
        )
        return (token, access)
    }

    /// The access that a token gives; nil if there is none.
    ///
    /// An expired one is returned, so that the caller can say so; the end of a revoked one is its
    /// revocation.
    package func find(_ tokenHash: Digest, until deadline: Deadline) throws -> GuestAccess? {
        guard !revocations.recent.lists(tokenHash) else {
            return try load(tokenHash, until: deadline)
        }
        let key = CacheName.guestToken.key(tokenHash)
        let entry = try cache.entry(.guestToken, key: key, until: deadline) {
            try load(tokenHash, until: deadline)?.cacheEntry
        }
        return entry.flatMap { GuestAccess(tokenHash: tokenHash, entry: $0) }
    }

    private func load(_ tokenHash: Digest, until deadline: Deadline) throws -> GuestAccess? {
        let rows = try database.query(
            """
            SELECT order_id, scopes, LEAST(expires_at, COALESCE(revoked_at, expires_at)) AS ends_at
            FROM guest_tokens WHERE token_hash = \(tokenHash.bytes)
            """,
            until: deadline
        )
        return try rows.first.map { row in
            GuestAccess(
                tokenHash: tokenHash,
                orderID: try row.int64("order_id"),
                scopes: GuestScopes(columnText: try row.string("scopes")),
                expiresAt: try row.timestamp("ends_at")
            )
        }
    }

    /// Replaces a token by a new one with the same scopes; the old one ends after the overlap.
    package func rotate(
        _ access: GuestAccess,
        until deadline: Deadline
    ) throws -> (token: String, access: GuestAccess) {
        let fresh = try database.transaction(class: .write, until: deadline) { transaction in
            try Self.lockOrder(access.orderID, in: &transaction)
            let rows = try transaction.query(
                """
                SELECT revoked_at FROM guest_tokens
                WHERE token_hash = \(access.tokenHash.bytes) FOR UPDATE
                """
            )
            // One that ends already opens no new door: its holder may not be the guest any more.
            guard let row = rows.first, try row.optionalTimestamp("revoked_at") == nil else {
                throw Problem.tokenExpired
            }
            try end(
                [access.tokenHash],
                at: clock.now + Self.overlap,
                by: "rotation",
                in: &transaction
            )
            return try issue(
                orderID: access.orderID,
                scopes: access.scopes,
                origin: .rotation,
                in: &transaction
            )
        }
        announceEnd(of: [access.tokenHash], until: deadline)
        return fresh
    }

    /// Lets whoever issues a token for another one, or for a look-up, and whoever ends all of an
    /// order's tokens come one after the other; a token that is being issued is not seen otherwise.
    static func lockOrder(_ orderID: Int64, in transaction: inout Transaction) throws {
        _ = try transaction.query("SELECT id FROM orders WHERE id = \(orderID) FOR UPDATE")
    }

    /// Ends a token at once, as its guest wants.
    package func revoke(_ access: GuestAccess, until deadline: Deadline) throws {
        try database.transaction(class: .write, until: deadline) { transaction in
            try end([access.tokenHash], at: clock.now, by: "guest", in: &transaction)
        }
        announceEnd(of: [access.tokenHash], until: deadline)
    }

    /// Lets tokens end, sooner than they would have; who ends one first stays on record.
    ///
    /// Each change of an end passes here; `announce` follows its commit.
    func end(
        _ hashes: [Digest],
        at end: Timestamp,
        by actor: String,
        in transaction: inout Transaction
    ) throws {
        guard !hashes.isEmpty else { return }
        try transaction.execute(
            """
            UPDATE guest_tokens SET revoked_by = \(actor), revoked_at = \(end)
            WHERE token_hash IN (\(list: hashes.map(\.bytes)))
                AND (revoked_at IS NULL OR revoked_at > \(end))
            """
        )
        try revocations.record(hashes, of: .guestToken, in: &transaction)
    }

    /// Lets Redis and this process know of an end, after its commit.
    func announceEnd(of hashes: [Digest], until deadline: Deadline) {
        revocations.announce(hashes, of: .guestToken, until: deadline)
    }
}

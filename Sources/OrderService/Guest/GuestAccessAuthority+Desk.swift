import MariaDB
package import Resilience
import Signing

/// What the shop's own people see of guests' tokens, and may do about them.
extension GuestAccessAuthority {
    /// Tokens of an order that are listed at most.
    private static let listLength = 100

    /// An order's tokens, newest first, at most 100.
    func tokens(of orderID: Int64, until deadline: Deadline) throws -> [IssuedGuestToken] {
        try database.query(
            """
            SELECT t.token_hash, t.scopes, t.origin, t.created_at, t.expires_at, t.revoked_at,
                t.revoked_by, (SELECT MAX(a.accessed_at) FROM guest_accesses a
                    WHERE a.token_hash = t.token_hash AND a.event = 'token_used') AS last_used_at
            FROM guest_tokens t WHERE t.order_id = \(orderID)
            ORDER BY t.created_at DESC, t.token_hash LIMIT \(Self.listLength)
            """,
            until: deadline
        ).map(IssuedGuestToken.init)
    }

    /// Ends one of an order's tokens at once.
    ///
    /// - Parameters:
    ///   - id: as `tokens(of:until:)` tells it.
    ///   - orderID: the order that it is for.
    ///   - actor: who wants it: a user, or `cli:<account>`.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: the token as it is now; nil if the order has no such token. One that had ended
    ///   stays as it was.
    /// - Throws: `MariaDBError`.
    func revoke(
        _ id: String,
        of orderID: Int64,
        by actor: String,
        until deadline: Deadline
    ) throws -> IssuedGuestToken? {
        let hash = try database.transaction(class: .write, until: deadline) {
            transaction -> Digest? in
            let hashes = try Self.lockTokens(of: orderID, in: &transaction)
            guard let hash = hashes.first(where: { GuestTokenID(ofHash: $0).description == id })
            else { return nil }
            try end([hash], at: clock.now, by: actor, in: &transaction)
            return hash
        }
        guard let hash else { return nil }
        announceEnd(of: [hash], until: deadline)
        return try tokens(of: orderID, until: deadline).first { $0.tokenHash == hash }
    }

    /// Ends all of an order's tokens at once, and the look-ups that a link could be made of.
    ///
    /// - Parameters:
    ///   - orderID: the order.
    ///   - actor: who wants it.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: how many were alive.
    /// - Throws: `MariaDBError`.
    package func revokeAll(
        of orderID: Int64,
        by actor: String,
        until deadline: Deadline
    ) throws -> Int {
        let now = clock.now
        let hashes = try database.transaction(class: .write, until: deadline) { transaction in
            let hashes = try Self.lockTokens(of: orderID, aliveAt: now, in: &transaction)
            try end(hashes, at: now, by: actor, in: &transaction)
            try GuestLookUpStore.close(of: orderID, at: now, in: &transaction)
            return hashes
        }
        announceEnd(of: hashes, until: deadline)
        return hashes.count
    }

    private static func lockTokens(
        of orderID: Int64,
        aliveAt time: Timestamp? = nil,
        in transaction: inout Transaction
    ) throws -> [Digest] {
        try lockOrder(orderID, in: &transaction)
        var statement: SQL = "SELECT token_hash FROM guest_tokens WHERE order_id = \(orderID)"
        if let time {
            statement.append(" AND LEAST(expires_at, COALESCE(revoked_at, expires_at)) > \(time)")
        }
        statement.append(" FOR UPDATE")
        return try transaction.query(statement).compactMap { Digest(try $0.bytes("token_hash")) }
    }
}

/// A guest's token as its row tells, without the token.
struct IssuedGuestToken: Sendable {
    let tokenHash: Digest
    let scopes: GuestScopes
    let origin: GuestTokenOrigin
    let createdAt: Timestamp
    let expiresAt: Timestamp
    /// May lie ahead: a token that was rotated works a minute more.
    let revokedAt: Timestamp?
    /// `guest`, `rotation`, a user of the shop's, or `cli:<account>`.
    let revokedBy: String?
    let lastUsedAt: Timestamp?

    var id: GuestTokenID { GuestTokenID(ofHash: tokenHash) }

    /// When it no longer works.
    var endsAt: Timestamp { min(expiresAt, revokedAt ?? expiresAt) }

    /// A digest in a row has another length than digests have.
    private struct Malformed: Error {}

    fileprivate init(_ row: Row) throws {
        guard let hash = Digest(try row.bytes("token_hash")) else { throw Malformed() }
        tokenHash = hash
        scopes = GuestScopes(columnText: try row.string("scopes"))
        origin = try row.word("origin", GuestTokenOrigin.init(rawValue:))
        createdAt = try row.timestamp("created_at")
        expiresAt = try row.timestamp("expires_at")
        revokedAt = try row.optionalTimestamp("revoked_at")
        revokedBy = try row.optionalString("revoked_by")
        lastUsedAt = try row.optionalTimestamp("last_used_at")
    }
}

import MariaDB
import Resilience
import Signing

/// The sessions' rows, all SQL of theirs.
package struct SessionStore: Sendable {
    let database: Database
    let clock: WallClock

    func insert(_ session: Session, until deadline: Deadline) throws {
        _ = try database.execute(
            """
            INSERT INTO sessions (token_hash, user_id, roles, created_at, expires_at)
            VALUES (\(session.tokenHash.bytes), \(session.userID), \(session.roles.columnText),
                \(clock.now), \(session.expiresAt))
            """,
            until: deadline
        )
    }

    /// The session of a token, unless it was revoked; an expired one is returned.
    func find(_ tokenHash: Digest, until deadline: Deadline) throws -> Session? {
        let rows = try database.query(
            """
            SELECT user_id, roles, expires_at FROM sessions
            WHERE token_hash = \(tokenHash.bytes) AND revoked_at IS NULL
            """,
            until: deadline
        )
        return try rows.first.map { row in
            Session(
                tokenHash: tokenHash,
                userID: try row.string("user_id"),
                roles: Roles(columnText: try row.string("roles")),
                expiresAt: try row.timestamp("expires_at")
            )
        }
    }

    /// Revokes one session.
    ///
    /// - Returns: whether it was there and not yet revoked.
    func revoke(_ tokenHash: Digest, until deadline: Deadline) throws -> Bool {
        try database.execute(
            """
            UPDATE sessions SET revoked_at = \(clock.now)
            WHERE token_hash = \(tokenHash.bytes) AND revoked_at IS NULL
            """,
            until: deadline
        ).affectedRows == 1
    }

    /// Revokes all sessions of a user.
    ///
    /// - Returns: the hashes of the tokens that are dead now.
    func revokeAll(userID: String, until deadline: Deadline) throws -> [Digest] {
        try database.transaction(class: .write, until: deadline) { transaction in
            let rows = try transaction.query(
                """
                SELECT token_hash FROM sessions
                WHERE user_id = \(userID) AND revoked_at IS NULL FOR UPDATE
                """
            )
            _ = try transaction.execute(
                """
                UPDATE sessions SET revoked_at = \(clock.now)
                WHERE user_id = \(userID) AND revoked_at IS NULL
                """
            )
            return try rows.compactMap { Digest(try $0.bytes("token_hash")) }
        }
    }

    /// The sessions of a user, newest first.
    func list(userID: String, until deadline: Deadline) throws -> [Row] {
        try database.query(
            """
            SELECT token_hash, user_id, roles, created_at, last_used_at, expires_at, revoked_at
            FROM sessions WHERE user_id = \(userID) ORDER BY created_at DESC LIMIT 100
            """,
            until: deadline
        )
    }
}

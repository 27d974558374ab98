import MariaDB
import Resilience
import Signing

/// The sessions' rows, all SQL of theirs.
package struct SessionStore: Sendable {
    let database: Database
    let clock: WallClock

    /// How often `last_used_at` of a session changes at most.
    private static let usePrecision = Duration.seconds(60)
    private static let useBatch = 512

    /// Which sessions are meant.
    enum Selection {
        case token(Digest)
        /// Of this user alone, if one is given; with these roles and no others, if any are given.
        case id(SessionID, of: String?, having: Roles?)
        /// All of a user; with these roles and no others, if any are given.
        case user(String, having: Roles?)

        fileprivate var condition: SQL {
            switch self {
            case .token(let hash): "token_hash = \(hash.bytes)"
            case .id(let id, let userID, let roles):
                "id = \(id.bytes)\(Self.ofUser(userID))\(Self.having(roles))"
            case .user(let userID, let roles):
                "user_id = \(userID)\(Self.having(roles))"
            }
        }

        private static func ofUser(_ userID: String?) -> SQL {
            userID.map { " AND user_id = \($0)" } ?? ""
        }

        private static func having(_ roles: Roles?) -> SQL {
            roles.map { " AND roles = \($0.columnText)" } ?? ""
        }
    }

    func insert(_ session: Session, id: SessionID, until deadline: Deadline) throws {
        _ = try database.execute(
            """
            INSERT INTO sessions (id, token_hash, user_id, roles, created_at, expires_at)
            VALUES (\(id.bytes), \(session.tokenHash.bytes), \(session.userID),
                \(session.roles.columnText), \(clock.now), \(session.expiresAt))
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

    /// Revokes the sessions that are meant and live.
    ///
    /// - Returns: the hashes of the tokens that are dead now.
    func revoke(
        _ selection: Selection,
        _ revocations: Revocations,
        until deadline: Deadline
    ) throws -> [Digest] {
        try database.transaction(class: .write, until: deadline) { transaction in
            let now = clock.now
            let rows = try transaction.query(
                """
                SELECT token_hash FROM sessions
                WHERE \(selection.condition) AND revoked_at IS NULL AND expires_at > \(now)
                FOR UPDATE
                """
            )
            let hashes = try rows.compactMap { Digest(try $0.bytes("token_hash")) }
            guard !hashes.isEmpty else { return [] }
            try transaction.execute(
                """
                UPDATE sessions SET revoked_at = \(now)
                WHERE \(selection.condition) AND revoked_at IS NULL AND expires_at > \(now)
                """
            )
            try revocations.record(hashes, of: .session, in: &transaction)
            return hashes
        }
    }

    /// The sessions that are meant, newest first; those alone that can be used, if told so.
    func list(
        _ selection: Selection,
        isLive: Bool,
        limit: Int,
        until deadline: Deadline
    ) throws -> [SessionRecord] {
        var statement: SQL = """
            SELECT id, token_hash, user_id, roles, created_at, last_used_at, expires_at, revoked_at
            FROM sessions WHERE \(selection.condition)
            """
        if isLive { statement.append(" AND revoked_at IS NULL AND expires_at > \(clock.now)") }
        statement.append(" ORDER BY created_at DESC, id LIMIT \(limit)")
        return try database.query(statement, until: deadline).map(SessionRecord.init)
    }

    /// Writes down that sessions were used, of each no more than once a minute.
    ///
    /// - Returns: those that could not be written.
    func write(used tokenHashes: [Digest], until deadline: Deadline) -> [Digest] {
        let now = clock.now
        var rest = tokenHashes[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.useBatch)
            do {
                try database.execute(
                    """
                    UPDATE sessions SET last_used_at = \(now)
                    WHERE token_hash IN (\(list: batch.map(\.bytes))) AND revoked_at IS NULL
                        AND (last_used_at IS NULL OR last_used_at <= \(now - Self.usePrecision))
                    """,
                    class: .job,
                    until: deadline
                )
            } catch {
                return Array(rest)
            }
            rest = rest.dropFirst(batch.count)
        }
        return []
    }
}

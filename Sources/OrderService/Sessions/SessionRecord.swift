package import MariaDB
import Signing
package import Web

/// What is kept of a session, for its user, for staff and for operators.
package struct SessionRecord: Sendable {
    package let id: SessionID
    let tokenHash: Digest
    package let userID: String
    package let roles: Roles
    package let createdAt: Timestamp
    /// To the minute; nil if it was not used yet.
    package let lastUsedAt: Timestamp?
    package let expiresAt: Timestamp
    package let revokedAt: Timestamp?

    init(_ row: Row) throws {
        guard let id = SessionID(bytes: try row.bytes("id")),
            let tokenHash = Digest(try row.bytes("token_hash"))
        else { throw Problem.internalError }
        self.id = id
        self.tokenHash = tokenHash
        userID = try row.string("user_id")
        roles = Roles(columnText: try row.string("roles"))
        createdAt = try row.timestamp("created_at")
        lastUsedAt = try row.optionalTimestamp("last_used_at")
        expiresAt = try row.timestamp("expires_at")
        revokedAt = try row.optionalTimestamp("revoked_at")
    }

    /// The members that everybody sees who may see the session.
    package var members: [(name: String, value: JSON)] {
        [
            ("id", .string(id.text)),
            ("roles", .array(roles.list.map { .string($0.rawValue) })),
            ("createdAt", .string(createdAt.rfc3339)),
            ("lastUsedAt", JSON(lastUsedAt?.rfc3339)),
            ("expiresAt", .string(expiresAt.rfc3339)),
        ]
    }
}

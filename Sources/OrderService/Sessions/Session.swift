package import MariaDB
package import Signing

/// A signed-in user or service, known by the SHA-256 of its token.
package struct Session: Sendable, Hashable {
    package static let tokenPrefix = "st_"

    package let tokenHash: Digest
    package let userID: String
    package let roles: Roles
    package let expiresAt: Timestamp
}

extension Session {
    /// The session's form in the cache: the user owns it; its body is
    /// `<expiry, microseconds>|<roles, bits>|`.
    var cacheEntry: CacheEntry {
        CacheEntry(
            version: 1,
            owner: userID,
            body: Array("\(expiresAt.microseconds)|\(roles.rawValue)|".utf8)
        )
    }

    /// Reads the form of the cache; nil if it is another one.
    init?(tokenHash: Digest, entry: CacheEntry) {
        var reader = entry.bodyReader
        guard let expiry = reader.number(), let roles = reader.number(),
            let userID = entry.userID
        else { return nil }
        self.init(
            tokenHash: tokenHash,
            userID: userID,
            roles: Roles(rawValue: UInt8(clamping: roles)),
            expiresAt: Timestamp(microseconds: expiry)
        )
    }
}

/// Whether a text may be a user's id: opaque to us, but bounded and printable.
package func isUserID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "_-.:@".utf8.contains(byte)
        }
}

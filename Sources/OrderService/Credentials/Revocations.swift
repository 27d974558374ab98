import MariaDB
import Resilience
import Signing
import Web

/// What makes the end of a credential count everywhere at once.
///
/// Whoever ends one writes `revoked_at` of its row, calls `record` in that transaction and
/// `announce` after the commit. Every process finds the row within a second by itself
/// (`RevocationWatch`); the rest is for Redis: a copy that is gone need not be disbelieved.
package struct Revocations: Sendable {
    /// What counts as ended in this process, whatever Redis says.
    package let recent: RecentRevocations
    let cache: LookUpCache
    let clock: WallClock

    private static let batch = 200

    /// Writes the outbox's rows that drop the credentials from Redis, should this process die
    /// before it does, or Redis be away.
    func record(
        _ tokenHashes: [Digest],
        of kind: CacheName,
        in transaction: inout Transaction
    ) throws {
        for start in stride(from: 0, to: tokenHashes.count, by: Self.batch) {
            let part = tokenHashes[start..<min(start + Self.batch, tokenHashes.count)]
            try Outbox.insert(
                CredentialDrop(kind: kind, tokenHashes: Array(part)),
                at: clock.now,
                in: &transaction
            )
        }
    }

    /// Lets this process and Redis know, after the commit.
    func announce(_ tokenHashes: [Digest], of kind: CacheName, until deadline: Deadline) {
        guard !tokenHashes.isEmpty else { return }
        recent.add(tokenHashes)
        cache.drop(tokenHashes.map { kind.key($0) }, until: deadline)
    }
}

/// Credentials whose copies in Redis have to go.
struct CredentialDrop: NamedDrop, Equatable {
    static let topic = "credentials.revoked"

    let kind: CacheName
    let tokenHashes: [Digest]

    init(kind: CacheName, tokenHashes: [Digest]) {
        self.kind = kind
        self.tokenHashes = tokenHashes
    }

    init?(payload: String) {
        guard let json = try? JSON(parsing: Array(payload.utf8)),
            let kind = json["cache"]?.string.flatMap(CacheName.init(rawValue:)),
            let hashes = json["hashes"]?.array
        else { return nil }
        self.kind = kind
        tokenHashes = hashes.compactMap { $0.string.flatMap { Hex.decode($0) } }
            .compactMap { Digest($0) }
    }

    var payload: JSON {
        [
            "cache": .string(kind.rawValue),
            "hashes": .array(tokenHashes.map { .string($0.hex) }),
        ]
    }

    var keys: [[UInt8]] { tokenHashes.map { kind.key($0) } }
}

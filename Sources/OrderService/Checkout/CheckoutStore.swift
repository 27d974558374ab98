import MariaDB
import Redis
import Resilience
import Signing
import Web

/// The checkout sessions' rows, and their copies in Redis.
struct CheckoutStore: Sendable {
    let database: Database
    let cache: LookUpCache
    let clock: WallClock

    func insert(_ session: CheckoutSession, until deadline: Deadline) throws {
        let (userID, tokenHash): (String?, [UInt8]?) =
            switch session.owner {
            case .customer(let id): (id, nil)
            case .guest(let hash): (nil, hash.bytes)
            }
        _ = try database.execute(
            """
            INSERT INTO checkout_sessions (id, token_hash, user_id, document, version,
                created_at, updated_at, expires_at, closes_at)
            VALUES (\(session.id), \(tokenHash), \(userID), \(Self.text(session.document)),
                \(session.version), \(session.createdAt), \(session.createdAt),
                \(session.expiresAt), \(session.closesAt))
            """,
            until: deadline
        )
    }

    /// A session, from Redis or else MariaDB; nil if there is none.
    ///
    /// It may have expired.
    func find(_ id: String, until deadline: Deadline) throws -> CheckoutSession? {
        let key = CacheName.checkoutSession.key(id)
        func read(_ entry: CacheEntry) throws -> CheckoutSession {
            try session(id, JSON(parsing: Array(entry.body)), version: entry.version)
        }
        var cached: CheckoutSession?
        let entry = try cache.entry(
            .checkoutSession,
            key: key,
            if: { entry in
                // What cannot be read, as another release may have written it, is as good as nothing.
                cached = try? read(entry)
                return cached != nil || entry.isAbsent
            },
            until: deadline,
            load: { try load(id, until: deadline) }
        )
        return try cached ?? entry.map(read)
    }

    /// The row as the cache keeps it: the document beside owner and times.
    private func load(_ id: String, until deadline: Deadline) throws -> CacheEntry? {
        let rows = try database.query(
            """
            SELECT token_hash, user_id, document, version, created_at, expires_at, closes_at
            FROM checkout_sessions WHERE id = \(id)
            """,
            until: deadline
        )
        guard let row = rows.first else { return nil }
        let record: JSON = [
            "userId": JSON(try row.optionalString("user_id")),
            "tokenHash": JSON(try row.optionalBytes("token_hash").map(Hex.encode)),
            "createdAt": .integer(try row.timestamp("created_at").microseconds),
            "expiresAt": .integer(try row.timestamp("expires_at").microseconds),
            "closesAt": .integer(try row.timestamp("closes_at").microseconds),
            "document": try JSON(parsing: Array(try row.string("document").utf8)),
        ]
        return CacheEntry(
            version: try row.int64("version"),
            owner: nil,
            body: record.serialized()
        )
    }

    private func session(
        _ id: String,
        _ record: JSON,
        version: Int64
    ) throws -> CheckoutSession {
        let guest = record["tokenHash"]?.string.flatMap { Hex.decode($0) }.flatMap { Digest($0) }
        guard let document = record["document"], let created = record["createdAt"]?.integer,
            let expires = record["expiresAt"]?.integer, let closes = record["closesAt"]?.integer,
            let owner = record["userId"]?.string.map(CheckoutSession.Owner.customer)
                ?? guest.map(CheckoutSession.Owner.guest)
        else { throw CheckoutSession.UnreadableDocument() }
        return try CheckoutSession(
            id: id,
            owner: owner,
            document: document,
            version: version,
            createdAt: Timestamp(microseconds: created),
            expiresAt: Timestamp(microseconds: expires),
            closesAt: Timestamp(microseconds: closes)
        )
    }

    /// The session as the record has it, whatever a cache says: for what money depends on.
    func record(_ id: String, until deadline: Deadline) throws -> CheckoutSession? {
        guard let entry = try load(id, until: deadline) else { return nil }
        return try session(id, JSON(parsing: Array(entry.body)), version: entry.version)
    }

    /// Writes a changed session by compare-and-set.
    ///
    /// - Throws: a `Problem` with 412 if somebody else changed it meanwhile, 409 if it has been
    ///   ordered.
    func update(_ session: CheckoutSession, until deadline: Deadline) throws {
        // Also where it is refused: who has read an old copy could never do better.
        defer { drop(session.id, until: deadline) }
        try database.transaction(class: .write, until: deadline) { transaction in
            try Self.lockOpen(session.id, version: session.version, in: &transaction)
            try transaction.execute(
                """
                UPDATE checkout_sessions SET document = \(Self.text(session.document)),
                    version = \(session.version + 1), updated_at = \(clock.now),
                    expires_at = \(session.expiresAt)
                WHERE id = \(session.id)
                """
            )
            try Outbox.insert(CheckoutDrop(session.id), at: clock.now, in: &transaction)
        }
    }

    /// Locks a session's row, so that it can neither change nor be ordered meanwhile.
    private static func lockOpen(
        _ id: String,
        version: Int64?,
        in transaction: inout Transaction
    ) throws {
        let rows = try transaction.query(
            "SELECT version FROM checkout_sessions WHERE id = \(id) FOR UPDATE"
        )
        guard let row = rows.first else { throw Problem.notFound }
        let orders = try transaction.query(
            "SELECT 1 FROM orders WHERE checkout_session_id = \(id)"
        )
        guard orders.isEmpty else { throw Problem.sessionCompleted }
        guard try version == nil || row.int64("version") == version else {
            throw Problem.versionConflict
        }
    }

    /// Moves a session's sliding end; nothing else changes.
    ///
    /// Nobody repeats the drop: a copy with the end of before is asked about once that is over.
    func extend(_ session: CheckoutSession, to end: Timestamp, until deadline: Deadline) throws {
        _ = try database.execute(
            """
            UPDATE checkout_sessions SET expires_at = \(end)
            WHERE id = \(session.id) AND expires_at < \(end)
            """,
            until: deadline
        )
        drop(session.id, until: deadline)
    }

    func delete(_ id: String, until deadline: Deadline) throws {
        try database.transaction(class: .write, until: deadline) { transaction in
            try Self.lockOpen(id, version: nil, in: &transaction)
            try transaction.execute("DELETE FROM checkout_sessions WHERE id = \(id)")
            try Outbox.insert(CheckoutDrop(id), at: clock.now, in: &transaction)
        }
        drop(id, until: deadline)
    }

    func drop(_ id: String, until deadline: Deadline) {
        cache.drop(CheckoutDrop(id).keys, until: deadline)
    }

    private static func text(_ json: JSON) -> String {
        String(decoding: json.serialized(), as: UTF8.self)
    }
}

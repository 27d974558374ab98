import Commerce
import MariaDB
import Resilience
import Signing

/// The look-ups' rows, all SQL of theirs.
struct GuestLookUpStore: Sendable {
    let database: Database

    /// A look-up's row.
    struct Entry: Sendable {
        let rowID: Int64
        let publicID: String
        let orderNumber: String
        let emailDigest: Digest
        let network: ClientNetwork?
        let requestedAt: Timestamp
        let expiresAt: Timestamp
    }

    /// A look-up that a link may have been issued for.
    struct Found: Sendable {
        let rowID: Int64
        /// Nil if number and address do not belong together, or nobody knows yet.
        let orderID: Int64?
        let expiresAt: Timestamp
        let linkIssuedAt: Timestamp?
    }

    /// Writes a look-up down; the same statement whether or not there is such an order.
    func insert(_ lookUp: GuestLookUp, until deadline: Deadline) throws {
        try database.execute(
            """
            INSERT INTO guest_lookups
                (public_id, order_number, email_digest, network, requested_at, expires_at)
            VALUES (\(lookUp.publicID), \(lookUp.orderNumber?.description ?? ""),
                \(lookUp.emailDigest.bytes), \(lookUp.network?.text), \(lookUp.requestedAt),
                \(lookUp.expiresAt))
            """,
            class: .write,
            until: deadline
        )
    }

    /// The ids of the rows that wait for the worker, oldest first.
    func waiting(limit: Int, until deadline: Deadline) throws -> [Int64] {
        try database.query(
            """
            SELECT id FROM guest_lookups WHERE resolved_at IS NULL ORDER BY id LIMIT \(limit)
            """,
            class: .job,
            until: deadline
        ).map { try $0.int64("id") }
    }

    /// When the oldest of those was asked for; nil if none waits.
    func oldestWaiting(until deadline: Deadline) throws -> Timestamp? {
        try database.query(
            """
            SELECT requested_at FROM guest_lookups WHERE resolved_at IS NULL ORDER BY id LIMIT 1
            """,
            until: deadline
        ).first?.timestamp("requested_at")
    }

    /// Locks a row that waits; nil if another worker has it, or has done it.
    static func lockWaiting(
        _ rowID: Int64,
        in transaction: inout Transaction
    ) throws -> Entry? {
        try transaction.query(
            """
            SELECT id, public_id, order_number, email_digest, network, requested_at, expires_at
            FROM guest_lookups WHERE id = \(rowID) AND resolved_at IS NULL
            FOR UPDATE SKIP LOCKED
            """
        ).first.map(Entry.init)
    }

    /// Notes what became of a row; nil for no order.
    static func resolve(
        _ rowID: Int64,
        as orderID: Int64?,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE guest_lookups SET resolved_at = \(now), order_id = \(orderID)
            WHERE id = \(rowID)
            """
        )
    }

    /// A look-up by its public id, locked if so wanted; nil if there is none.
    static func find(
        _ publicID: String,
        isLocking: Bool = false,
        in transaction: inout Transaction
    ) throws -> Found? {
        let lock: SQL = isLocking ? "FOR UPDATE" : ""
        return try transaction.query(
            """
            SELECT id, order_id, expires_at, link_issued_at FROM guest_lookups
            WHERE public_id = \(publicID) \(lock)
            """
        ).first.map { row in
            Found(
                rowID: try row.int64("id"),
                orderID: try row.optionalInt64("order_id"),
                expiresAt: try row.timestamp("expires_at"),
                linkIssuedAt: try row.optionalTimestamp("link_issued_at")
            )
        }
    }

    /// Takes all look-ups of an order's number that have no link yet for ones of no order.
    static func close(
        of orderID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE guest_lookups SET resolved_at = COALESCE(resolved_at, \(now)), order_id = NULL
            WHERE link_issued_at IS NULL
                AND order_number = (SELECT number FROM orders WHERE id = \(orderID))
            """
        )
    }

    /// Notes that its link has been issued.
    static func noteLink(
        of rowID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            "UPDATE guest_lookups SET link_issued_at = \(now) WHERE id = \(rowID)"
        )
    }
}

extension GuestLookUpStore.Entry {
    /// A digest in a row has another length than digests have.
    private struct Malformed: Error {}

    fileprivate init(_ row: Row) throws {
        rowID = try row.int64("id")
        publicID = try row.string("public_id")
        orderNumber = try row.string("order_number")
        guard let digest = Digest(try row.bytes("email_digest")) else { throw Malformed() }
        emailDigest = digest
        network = try row.optionalString("network").map(ClientNetwork.init(stored:))
        requestedAt = try row.timestamp("requested_at")
        expiresAt = try row.timestamp("expires_at")
    }
}

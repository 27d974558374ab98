import MariaDB
import Resilience
import Signing

/// The record of guests' access: rows are added and read, and removed when they are old.
struct GuestAccessStore: Sendable {
    let database: Database

    /// An entry as it stands.
    struct Record: Sendable {
        let id: Int64
        let entry: GuestAccessEntry
    }

    /// Rows of one statement: a few counts, so that their texts stay in the statement cache.
    private static let statementRows = [64, 8, 1]

    /// Adds entries in one transaction; a token's second use of a route in a minute, which another
    /// process may have noted, is none.
    func insert(_ entries: [GuestAccessEntry], until deadline: Deadline) throws {
        try database.transaction(class: .job, until: deadline) { transaction in
            try Self.insert(entries, in: &transaction)
        }
    }

    static func insert(
        _ entries: [GuestAccessEntry],
        in transaction: inout Transaction
    ) throws {
        var rest = entries.map(\.row)[...]
        for count in statementRows {
            while rest.count >= count {
                try transaction.execute(
                    """
                    INSERT INTO guest_accesses
                        (order_id, event, token_hash, route, network, accessed_at, minute)
                    VALUES \(rows: rest.prefix(count)) ON DUPLICATE KEY UPDATE minute = minute
                    """
                )
                rest = rest.dropFirst(count)
            }
        }
    }

    /// An order's entries, newest first; those alone that are older than number `last`, if it is
    /// not 0.
    func records(
        ofOrder orderID: Int64,
        before last: Int64,
        limit: Int,
        until deadline: Deadline
    ) throws -> [Record] {
        try database.query(
            """
            SELECT id, order_id, event, token_hash, route, network, accessed_at
            FROM guest_accesses
            WHERE order_id = \(orderID) AND id < \(last == 0 ? Int64.max : last)
            ORDER BY id DESC LIMIT \(limit)
            """,
            until: deadline
        ).map(Record.init)
    }
}

extension GuestAccessEntry {
    fileprivate var row: [SQLValue] {
        [
            orderID.sqlValue, event.rawValue.sqlValue, tokenHash?.bytes.sqlValue ?? .null,
            route.sqlValue, network?.text.sqlValue ?? .null, at.sqlValue, at.minute.sqlValue,
        ]
    }
}

extension GuestAccessStore.Record {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        entry = GuestAccessEntry(
            orderID: try row.int64("order_id"),
            event: try row.word("event", GuestAccessEvent.init(rawValue:)),
            tokenHash: try row.optionalBytes("token_hash").flatMap { Digest($0) },
            route: try row.string("route"),
            network: try row.optionalString("network").map(ClientNetwork.init(stored:)),
            at: try row.timestamp("accessed_at")
        )
    }
}

import MariaDB
import Resilience
import Web

/// The record of what staff asked for: rows are added and read, never changed.
struct AuditStore: Sendable {
    let database: Database
    let clock: WallClock

    /// A record as it stands.
    struct Record: Sendable {
        let id: Int64
        let recordedAt: Timestamp
        let entry: AuditEntry
    }

    /// Adds records, all or none; blocks until they are committed.
    func record(_ entries: [AuditEntry], until deadline: Deadline) throws {
        guard !entries.isEmpty else { return }
        if entries.allSatisfy({ $0.invoiceID == nil }) {
            try insert(entries, until: deadline)
        } else {
            try insert(findingOrdersOf: entries, until: deadline)
        }
    }

    private func insert(_ entries: [AuditEntry], until deadline: Deadline) throws {
        let now = clock.now
        try database.execute(
            """
            INSERT INTO audit_records
                (recorded_at, actor, roles, route, order_id, user_id, subject, reason, request_id,
                 network)
            VALUES \(rows: entries.map { $0.values(at: now) })
            """,
            class: .write,
            until: deadline
        )
    }

    /// In one statement, whose text is the same for any number of records; it finds the orders of
    /// invoices as well, which takes twice the time.
    private func insert(findingOrdersOf entries: [AuditEntry], until deadline: Deadline) throws {
        let list = JSON.array(entries.map(JSON.init))
        // Wider than the table's columns: a value that does not fit is an error there, and would be
        // NULL here.
        try database.execute(
            """
            INSERT INTO audit_records
                (recorded_at, actor, roles, route, order_id, user_id, subject, reason, request_id,
                 network)
            SELECT \(clock.now), e.actor, e.roles, e.route, COALESCE(o.id, e.order_id),
                COALESCE(o.user_id, e.user_id), e.subject, e.reason, e.request_id, e.network
            FROM JSON_TABLE(\(String(decoding: list.serialized(), as: UTF8.self)), '$[*]'
                COLUMNS (number FOR ORDINALITY,
                    actor VARCHAR(1024) PATH '$.actor', roles VARCHAR(1024) PATH '$.roles',
                    route VARCHAR(1024) PATH '$.route', order_id BIGINT PATH '$.orderId',
                    user_id VARCHAR(1024) PATH '$.userId', subject VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.subject',
                    reason VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.reason',
                    request_id VARCHAR(1024) PATH '$.requestId',
                    network VARCHAR(1024) PATH '$.network',
                    invoice_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin
                        PATH '$.invoiceId')) AS e
            LEFT JOIN invoices i ON i.public_id = e.invoice_id
            LEFT JOIN orders o ON o.id = i.order_id
            ORDER BY e.number
            """,
            class: .write,
            until: deadline
        )
    }

    /// Adds a record about each of these orders, all or none; blocks until they are committed.
    ///
    /// In one statement, whose text is the same for any number of orders.
    func record(
        _ entry: AuditEntry,
        aboutEach orders: [OwnedOrder],
        until deadline: Deadline
    ) throws {
        let list = JSON.array(
            orders.map { ["orderId": .integer($0.id), "userId": JSON($0.userID)] }
        )
        try database.execute(
            """
            INSERT INTO audit_records
                (recorded_at, actor, roles, route, order_id, user_id, subject, reason, request_id,
                 network)
            SELECT \(clock.now), \(entry.actor), \(entry.roles.columnText), \(entry.route),
                o.order_id, o.user_id, \(entry.subject), \(entry.reason), \(entry.requestID),
                \(entry.network?.text)
            FROM JSON_TABLE(\(String(decoding: list.serialized(), as: UTF8.self)), '$[*]'
                COLUMNS (number FOR ORDINALITY, order_id BIGINT PATH '$.orderId',
                    user_id VARCHAR(64) PATH '$.userId')) AS o
            ORDER BY o.number
            """,
            class: .write,
            until: deadline
        )
    }

    /// Records, newest first; those alone that are older than number `last`, if it is not 0.
    func records(
        ofOrder orderID: Int64?,
        by actor: String?,
        before last: Int64,
        limit: Int,
        until deadline: Deadline
    ) throws -> [Record] {
        var statement: SQL = """
            SELECT id, recorded_at, actor, roles, route, order_id, user_id, subject, reason,
                request_id, network
            FROM audit_records WHERE id < \(last == 0 ? Int64.max : last)
            """
        if let orderID { statement.append(" AND order_id = \(orderID)") }
        if let actor { statement.append(" AND actor = \(actor)") }
        statement.append(" ORDER BY id DESC LIMIT \(limit)")
        return try database.query(statement, until: deadline).map(Record.init)
    }
}

extension AuditStore.Record {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        recordedAt = try row.timestamp("recorded_at")
        entry = AuditEntry(
            actor: try row.string("actor"),
            roles: Roles(columnText: try row.string("roles")),
            route: try row.string("route"),
            orderID: try row.optionalInt64("order_id"),
            userID: try row.optionalString("user_id"),
            subject: try row.optionalString("subject"),
            reason: try row.optionalString("reason"),
            requestID: try row.string("request_id"),
            network: try row.optionalString("network").map(ClientNetwork.init(stored:))
        )
    }
}

extension AuditEntry {
    /// The columns of a row but for its number.
    fileprivate func values(at time: Timestamp) -> [SQLValue] {
        [
            time.sqlValue, actor.sqlValue, roles.columnText.sqlValue, route.sqlValue,
            orderID.sqlValue, userID.sqlValue, subject.sqlValue, reason.sqlValue,
            requestID.sqlValue, network?.text.sqlValue ?? .null,
        ]
    }
}

extension JSON {
    /// A record as a member of a group.
    fileprivate init(_ entry: AuditEntry) {
        self = [
            "actor": .string(entry.actor), "roles": .string(entry.roles.columnText),
            "route": .string(entry.route), "orderId": JSON(entry.orderID),
            "userId": JSON(entry.userID), "subject": JSON(entry.subject),
            "reason": JSON(entry.reason), "requestId": .string(entry.requestID),
            "network": JSON(entry.network?.text), "invoiceId": JSON(entry.invoiceID),
        ]
    }
}

package import MariaDB
package import Resilience
package import Web

/// The events that the outbox still keeps.
package struct EventArchive: Sendable {
    let database: Database
    let clock: WallClock

    /// Which events are meant.
    package enum Selection: Sendable {
        /// Those of one order that were sent, or are dead.
        case order(Int64)
        /// Dead letters.
        case dead
        /// Those that were sent, or are dead, and happened no longer ago than this.
        case since(Duration)
    }

    /// An event's row.
    package struct Entry: Sendable {
        /// The row's number in the outbox.
        package let rowID: Int64
        /// The event's own id; nil of one that is not in the form of events.
        package let eventID: String?
        package let type: String
        package let orderID: Int64
        package let occurredAt: Timestamp
    }

    /// The most that one transaction takes.
    static let batch = 1_000

    /// Marks events as unsent, so that the relay sends them once more; blocks on MariaDB.
    ///
    /// Those of an order that happen meanwhile are sent after its old ones.
    ///
    /// - Parameters:
    ///   - selection: which events.
    ///   - isDryRun: lists only.
    ///   - batch: how many at a time.
    ///   - deadline: by which it is done, or fails; what is marked by then is sent.
    /// - Returns: the events, oldest first.
    /// - Throws: `MariaDBError`.
    package func replay(
        _ selection: Selection,
        isDryRun: Bool,
        batch: Int = EventArchive.batch,
        until deadline: Deadline
    ) throws -> [Entry] {
        let condition = condition(selection)
        var entries: [Entry] = []
        while true {
            let next = try mark(
                condition,
                after: entries.last?.rowID ?? 0,
                isDryRun: isDryRun,
                batch: batch,
                until: deadline
            )
            entries += next
            guard next.count == batch else { return entries }
        }
    }

    private func condition(_ selection: Selection) -> SQL {
        switch selection {
        case .order(let id): "order_id = \(id) AND next_attempt_at IS NULL"
        case .dead: "dead_at IS NOT NULL"
        case .since(let duration):
            "created_at >= \(clock.now - duration) AND next_attempt_at IS NULL"
        }
    }

    private func mark(
        _ condition: SQL,
        after rowID: Int64,
        isDryRun: Bool,
        batch: Int,
        until deadline: Deadline
    ) throws -> [Entry] {
        try database.transaction(class: .job, until: deadline) { transaction in
            let entries = try transaction.query(
                """
                SELECT id, order_id, topic, created_at, JSON_VALUE(payload, '$.id') AS event_id
                FROM outbox WHERE channel = 'event' AND id > \(rowID) AND \(condition)
                ORDER BY id LIMIT \(batch) FOR UPDATE
                """
            ).map(Entry.init)
            guard !isDryRun, !entries.isEmpty else { return entries }
            try transaction.execute(
                """
                UPDATE outbox SET sent_at = NULL, dead_at = NULL, attempts = 0,
                    next_attempt_at = \(clock.now)
                WHERE id IN (\(list: entries.map(\.rowID)))
                """
            )
            return entries
        }
    }
}

extension EventArchive.Entry {
    fileprivate init(_ row: Row) throws {
        rowID = try row.int64("id")
        eventID = try row.optionalString("event_id")
        type = try row.string("topic")
        orderID = try row.int64("order_id")
        occurredAt = try row.timestamp("created_at")
    }

    /// The event as commands print it.
    package var json: JSON {
        [
            "rowId": .integer(rowID), "eventId": JSON(eventID), "type": .string(type),
            "orderId": .integer(orderID), "occurredAt": .string(occurredAt.rfc3339),
        ]
    }
}

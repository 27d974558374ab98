import Commerce
import MariaDB
import Signing
import Web

/// The writing side of the outbox: rows in the transaction of the change they tell of.
enum Outbox {
    /// Writes the messages of a change of an order, in their order.
    static func insert(
        _ messages: [OutboxMessage],
        of order: Order,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let rows = messages.map { message in
            let payload = message.told.map { event($0, message, order, at: now) } ?? [:]
            return row(message, orderID: order.id, payload: payload, at: now)
        }
        try insert(rows, in: &transaction)
    }

    /// Writes messages that need no more than the order's id.
    static func insert(
        _ messages: [OutboxMessage],
        orderID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let rows = messages.map { row($0, orderID: orderID, payload: [:], at: now) }
        try insert(rows, in: &transaction)
    }

    /// Writes the invalidation of what belongs to an order, or to none.
    static func insert<Drop: NamedDrop>(
        _ drop: Drop,
        orderID: Int64 = 0,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let message = OutboxMessage(channel: .cache, topic: Drop.topic)
        try insert(
            [row(message, orderID: orderID, payload: drop.payload, at: now)],
            in: &transaction
        )
    }

    /// Whether a task of an order is left to be done.
    static func holds(
        _ task: OutboxMessage.Task,
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> Bool {
        try !transaction.query(
            """
            SELECT 1 FROM outbox FORCE INDEX (outbox_unsent_order_id_idx)
            WHERE channel = \(OutboxMessage.Channel.task.rawValue)
                AND unsent_order_id = \(orderID) AND topic = \(task.rawValue) LIMIT 1
            """
        ).isEmpty
    }

    private static func row(
        _ message: OutboxMessage,
        orderID: Int64,
        payload: JSON,
        at now: Timestamp
    ) -> [SQLValue] {
        [
            orderID.sqlValue, message.channel.rawValue.sqlValue, message.topic.sqlValue,
            String(decoding: payload.serialized(), as: UTF8.self).sqlValue, now.sqlValue,
            (message.dueAt ?? now).sqlValue,
        ]
    }

    private static func insert(_ rows: [[SQLValue]], in transaction: inout Transaction) throws {
        guard !rows.isEmpty else { return }
        try transaction.execute(
            """
            INSERT INTO outbox (order_id, channel, topic, payload, created_at, next_attempt_at)
            VALUES \(rows: rows)
            """
        )
    }

    /// An event as it is told, and told again: ids, states and sums; no personal data, no secret.
    ///
    /// Its form is held by `nginx/html/events`.
    private static func event(
        _ topic: OutboxMessage.Topic,
        _ message: OutboxMessage,
        _ order: Order,
        at now: Timestamp
    ) -> JSON {
        let summary: JSON = [
            "orderNumber": .string(order.number),
            "status": .string(order.status.rawValue),
            "paymentStatus": .string(order.paymentStatus.rawValue),
            "paymentMethod": .string(order.paymentMethod.rawValue),
            "total": order.total.json,
        ]
        return [
            // Random, for the row's number comes again after a restore of the database.
            "id": .string("evt_" + Base64URL.encode(SecureRandom.bytes(16))),
            "type": .string(topic.rawValue),
            "schemaVersion": JSON(topic.schemaVersion),
            "occurredAt": .string(now.rfc3339),
            "orderId": .integer(order.id),
            "orderVersion": .integer(order.version),
            "data": .object([("order", summary)] + [message.subject].compactMap { $0 }),
        ]
    }
}

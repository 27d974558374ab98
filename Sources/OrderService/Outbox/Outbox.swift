import Commerce
import MariaDB
import Web

/// The writing side of the outbox: rows in the transaction of the change they tell of.
enum Outbox {
    /// The version of the events' form.
    static let schemaVersion = 1

    /// Writes a message of a change of an order.
    static func insert(
        _ message: OutboxMessage,
        of order: Order,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let payload = message.channel == .event ? event(message, order, at: now) : [:]
        try insert(message, orderID: order.id, payload: payload, at: now, in: &transaction)
    }

    /// Writes a message that needs no more than the order's id.
    static func insert(
        _ message: OutboxMessage,
        orderID: Int64,
        payload: JSON = [:],
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let payload = String(decoding: payload.serialized(), as: UTF8.self)
        try transaction.execute(
            """
            INSERT INTO outbox (order_id, channel, topic, payload, created_at, next_attempt_at)
            VALUES (\(orderID), \(message.channel.rawValue), \(message.topic), \(payload),
                \(now), \(message.dueAt ?? now))
            """
        )
    }

    /// What an event tells: ids, states and sums; no personal data and no secret.
    private static func event(
        _ message: OutboxMessage,
        _ order: Order,
        at now: Timestamp
    ) -> JSON {
        let summary: JSON = [
            "id": .integer(order.id),
            "orderNumber": .string(order.number),
            "version": .integer(order.version),
            "status": .string(order.status.rawValue),
            "paymentStatus": .string(order.paymentStatus.rawValue),
            "paymentMethod": .string(order.paymentMethod.rawValue),
            "total": order.total.json,
        ]
        let members: [(name: String, value: JSON)] = [
            ("type", .string(message.topic)),
            ("schemaVersion", JSON(schemaVersion)),
            ("occurredAt", .string(now.rfc3339)),
            ("order", summary),
        ]
        return .object(members + [message.subject].compactMap { $0 })
    }
}

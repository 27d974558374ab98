import Web

/// Something that happened at Stripe, with the object as it was then.
struct Event {
    static let apiVersion = "2026-10-28.endive"

    let id: String
    let type: String
    let created: Instant
    /// The intent it is about, else the object itself: what has one subject is delivered in order.
    let subject: String
    /// The snapshot as JSON text: a tree of each event would take ten times the memory.
    let object: [UInt8]
    let previousAttributes: JSON?
    let requestID: String?
    let idempotencyKey: String?
    /// Webhooks that are not delivered yet, whether or not they are still tried.
    var pendingWebhooks: Int64

    var json: JSON {
        let snapshot = (try? JSON(parsing: object)) ?? .null
        var data: JSON = ["object": snapshot]
        if let previousAttributes {
            data = data.replacing("previous_attributes", with: previousAttributes)
        }
        return [
            "id": .string(id),
            "object": "event",
            "api_version": .string(Self.apiVersion),
            "created": JSON(created.seconds),
            "data": data,
            "livemode": false,
            "pending_webhooks": .integer(pendingWebhooks),
            "request": ["id": JSON(requestID), "idempotency_key": JSON(idempotencyKey)],
            "type": .string(type),
        ]
    }
}

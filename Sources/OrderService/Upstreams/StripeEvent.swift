import Web

/// An event of Stripe as its list has it.
struct StripeEvent: Sendable {
    /// The types that this service acts upon.
    ///
    /// The webhook has to be subscribed to them, and they alone are caught up with, because others
    /// would count as lost. Stripe takes 20 at most.
    static let types = [
        "payment_intent.requires_action", "payment_intent.processing",
        "payment_intent.amount_capturable_updated", "payment_intent.succeeded",
        "payment_intent.payment_failed", "payment_intent.canceled",
        "charge.failed", "charge.refunded", "charge.refund.updated", "charge.expired",
        "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
        "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
        "refund.created", "refund.updated", "refund.failed",
        "radar.early_fraud_warning.created", "radar.early_fraud_warning.updated",
    ]

    /// One page of the list.
    struct Page: Sendable {
        let events: [StripeEvent]
        let hasMore: Bool

        /// Reads Stripe's list; nil if it is not one of events.
        init?(_ json: JSON) {
            guard json["object"]?.string == "list", let data = json["data"]?.array,
                case .bool(let hasMore)? = json["has_more"]
            else { return nil }
            let events = data.compactMap(StripeEvent.init)
            guard events.count == data.count, !hasMore || !events.isEmpty else { return nil }
            self.events = events
            self.hasMore = hasMore
        }
    }

    let id: String
    let type: String
    let objectID: String?
    /// The event as JSON.
    let payload: [UInt8]

    private init?(_ json: JSON) {
        guard json["object"]?.string == "event", let id = json["id"]?.string,
            let type = json["type"]?.string, (1...64).contains(id.utf8.count),
            (1...96).contains(type.utf8.count)
        else { return nil }
        self.id = id
        self.type = type
        objectID = json["data"]?["object"]?["id"]?.string
        payload = json.serialized()
    }
}

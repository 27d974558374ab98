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

    let head: Head
    /// The event as JSON.
    let payload: [UInt8]

    private init?(_ json: JSON) {
        guard json["object"]?.string == "event", let head = Head(json) else { return nil }
        self.head = head
        payload = json.serialized()
    }

    /// What an event says of itself, in the words that the inbox's columns take.
    struct Head: Sendable {
        let id: String
        let type: String
        /// Of what it tells; nil if that has no id, or none that Stripe gives.
        let objectID: String?

        /// Reads an event, whichever way it came; nil if it is none.
        init?(_ json: JSON) {
            guard let id = Self.word(json["id"], longest: 64),
                let type = Self.word(json["type"], longest: 96)
            else { return nil }
            self.id = id
            self.type = type
            objectID = Self.word(json["data"]?["object"]?["id"], longest: 64)
        }

        /// Whether every id by which an object is found here is one of Stripe's, or is not there.
        static func hasOnlyWords(_ object: JSON) -> Bool {
            ["id", "payment_intent", "charge"].allSatisfy { name in
                object[name]?.string == nil || word(object[name], longest: 64) != nil
            }
        }

        /// An id or a type of Stripe's: printable ASCII.
        private static func word(_ json: JSON?, longest: Int) -> String? {
            json?.string.flatMap { text in
                let isWord = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
                return isWord && (1...longest).contains(text.utf8.count) ? text : nil
            }
        }
    }
}

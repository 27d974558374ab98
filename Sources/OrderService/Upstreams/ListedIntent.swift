import Commerce
import MariaDB
import Web

/// A PaymentIntent with its latest charge, as lists and look-ups for comparison have it.
struct ListedIntent: Sendable {
    let intent: PaymentIntent
    /// The latest of the times that Stripe tells of it: when it was made, charged, cancelled.
    let changedAt: Timestamp
    /// What of its charge was given back.
    let refunded: Money

    /// What of the money is still ours.
    var kept: Money {
        Money(minor: intent.amountReceived.minor - refunded.minor, refunded.currency)
    }

    /// Reads Stripe's object, its `latest_charge` expanded; nil if it is not one.
    init?(_ json: JSON) {
        guard let intent = PaymentIntent(json) else { return nil }
        self.intent = intent
        let charge = json["latest_charge"]
        let times = [json["created"], json["canceled_at"], charge?["created"]]
        changedAt = Timestamp(seconds: times.compactMap { $0?.integer }.max() ?? 0)
        refunded = Money(
            minor: charge?["amount_refunded"]?.integer ?? 0,
            intent.amountReceived.currency
        )
    }

    /// A page of a list, newest first.
    struct Page: Sendable {
        /// Those that name an order of ours.
        let intents: [ListedIntent]
        /// How many name none.
        let foreign: Int
        let lastID: String?
        let hasMore: Bool

        /// Reads Stripe's list, or what it found; nil if it is neither.
        init?(_ json: JSON) {
            guard let elements = json["data"]?.array else { return nil }
            let ours = elements.filter { $0["metadata"]?["order_id"]?.string != nil }
            let intents = ours.compactMap { ListedIntent($0) }
            // A page with something unreadable on it proves nothing about what is missing.
            guard intents.count == ours.count else { return nil }
            self.intents = intents
            foreign = elements.count - ours.count
            lastID = elements.last?["id"]?.string
            hasMore = json["has_more"]?.bool == true
        }
    }
}

/// A page of Stripe's list of refunds, newest first.
struct RefundPage: Sendable {
    let refunds: [StripeRefund]
    let lastID: String?
    let hasMore: Bool

    /// Reads Stripe's list; nil if it is not one.
    ///
    /// Refunds of no PaymentIntent are none of ours.
    init?(_ json: JSON) {
        guard let elements = json["data"]?.array else { return nil }
        let ofIntents = elements.filter {
            $0["payment_intent"].map { $0.string != nil || $0["id"]?.string != nil } ?? false
        }
        let refunds = ofIntents.compactMap { StripeRefund($0) }
        guard refunds.count == ofIntents.count else { return nil }
        self.refunds = refunds
        lastID = elements.last?["id"]?.string
        hasMore = json["has_more"]?.bool == true
    }
}

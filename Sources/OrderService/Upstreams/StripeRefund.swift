import Commerce
import MariaDB
import Web

/// A refund of Stripe, as much of it as decides anything here.
struct StripeRefund: Sendable {
    /// The states of Stripe's own list.
    enum Status: String, Sendable {
        case pending
        case requiresAction = "requires_action"
        case succeeded
        case failed
        case canceled

        /// What this state means for our row.
        var event: RefundEvent {
            switch self {
            case .pending: .wait
            case .requiresAction: .requireAction
            case .succeeded: .succeed
            case .failed: .fail
            case .canceled: .cancel
            }
        }
    }

    let id: String
    let status: Status
    let amount: Money
    let intentID: String
    /// Our refund, from the metadata; nil on those that were made at Stripe.
    let refundID: String?
    let reason: String?
    let failureReason: String?
    /// When it was made at Stripe.
    let createdAt: Timestamp

    /// Reads Stripe's object; nil if it is not one, or is of no PaymentIntent.
    init?(_ json: JSON) {
        guard json["object"]?.string == "refund", let id = json["id"]?.string,
            let status = json["status"]?.string.flatMap(Status.init(rawValue:)),
            let amount = json["amount"]?.integer,
            let currency = json["currency"]?.string.map({ $0.uppercased() })
                .flatMap(Currency.init(rawValue:)),
            let intentID = json["payment_intent"]?.string ?? json["payment_intent"]?["id"]?.string
        else { return nil }
        self.id = id
        self.status = status
        self.amount = Money(minor: amount, currency)
        self.intentID = intentID
        refundID = json["metadata"]?["refund_id"]?.string
        reason = json["reason"]?.string
        failureReason = json["failure_reason"]?.string
        createdAt = Timestamp(seconds: json["created"]?.integer ?? 0)
    }
}

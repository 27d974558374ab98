import Commerce
import MariaDB
import Web

/// A dispute of a charge as Stripe tells it.
struct StripeDispute: Sendable {
    let id: String
    let chargeID: String
    let intentID: String?
    let amount: Money
    let reason: String
    let status: DisputeStatus
    let evidenceDueAt: Timestamp?
    let openedAt: Timestamp

    /// Reads Stripe's object; nil if it is not one.
    ///
    /// A status that is not known here counts as open: it holds the goods until somebody looks.
    init?(_ json: JSON) {
        guard json["object"]?.string == "dispute", let id = json["id"]?.string,
            let charge = json["charge"]?.string ?? json["charge"]?["id"]?.string,
            let amount = json["amount"]?.integer, let status = json["status"]?.string,
            let currency = json["currency"]?.string
                .flatMap({ Currency(rawValue: $0.uppercased()) }),
            let created = json["created"]?.integer
        else { return nil }
        self.id = id
        chargeID = charge
        intentID = json["payment_intent"]?.string ?? json["payment_intent"]?["id"]?.string
        self.amount = Money(minor: amount, currency)
        reason = String((json["reason"]?.string ?? "general").prefix(64))
        self.status = DisputeStatus(rawValue: status) ?? .underReview
        evidenceDueAt = json["evidence_details"]?["due_by"]?.integer
            .map(Timestamp.init(seconds:))
        openedAt = Timestamp(seconds: created)
    }
}

/// A bank's notice that a charge is probably fraud, before any dispute.
struct FraudWarning: Sendable {
    let id: String
    let chargeID: String
    let intentID: String?
    let fraudType: String
    /// Whether something can still be done: it is neither disputed nor refunded in full.
    let isActionable: Bool
    let warnedAt: Timestamp

    /// Reads Stripe's object; nil if it is not one.
    init?(_ json: JSON) {
        guard json["object"]?.string == "radar.early_fraud_warning",
            let id = json["id"]?.string,
            let charge = json["charge"]?.string ?? json["charge"]?["id"]?.string,
            case .bool(let isActionable)? = json["actionable"],
            let created = json["created"]?.integer
        else { return nil }
        self.id = id
        chargeID = charge
        intentID = json["payment_intent"]?.string ?? json["payment_intent"]?["id"]?.string
        fraudType = String((json["fraud_type"]?.string ?? "misc").prefix(64))
        self.isActionable = isActionable
        warnedAt = Timestamp(seconds: created)
    }
}

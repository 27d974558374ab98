import Web

/// A payer's complaint to the bank about a charge.
struct Dispute {
    enum Status: String, CaseIterable {
        /// An inquiry: the bank asks, and takes no money yet.
        case warningNeedsResponse = "warning_needs_response"
        case warningUnderReview = "warning_under_review"
        case warningClosed = "warning_closed"
        case needsResponse = "needs_response"
        case underReview = "under_review"
        case won
        case lost

        var isInquiry: Bool { rawValue.hasPrefix("warning_") }
    }

    let id: String
    let charge: String
    let intent: String
    let created: Instant
    let amount: Int64
    let currency: String
    let reason: String
    var status = Status.needsResponse

    var json: JSON {
        [
            "id": .string(id),
            "object": "dispute",
            "amount": JSON(amount),
            "balance_transactions": [],
            "charge": .string(charge),
            "created": JSON(created.seconds),
            "currency": .string(currency),
            "evidence": [:],
            "evidence_details": [
                "due_by": JSON(created.adding(seconds: 9 * 86_400).seconds),
                "has_evidence": false, "past_due": false, "submission_count": 0,
            ],
            "is_charge_refundable": .bool(status.isInquiry),
            "livemode": false,
            "metadata": [:],
            "payment_intent": .string(intent),
            "reason": .string(reason),
            "status": .string(status.rawValue),
        ]
    }
}

/// Radar's request that a person look at a payment.
struct Review {
    let id: String
    let charge: String
    let intent: String
    let created: Instant
    var closedReason: String?

    var json: JSON {
        [
            "id": .string(id),
            "object": "review",
            "billing_zip": nil,
            "charge": .string(charge),
            "closed_reason": JSON(closedReason),
            "created": JSON(created.seconds),
            "ip_address": nil,
            "ip_address_location": nil,
            "livemode": false,
            "open": .bool(closedReason == nil),
            "opened_reason": "rule",
            "payment_intent": .string(intent),
            "reason": .string(closedReason ?? "rule"),
            "session": nil,
        ]
    }
}

/// A bank's notice that a charge is probably fraud, before any dispute.
struct FraudWarning {
    let id: String
    let charge: String
    let intent: String
    let created: Instant
    /// Until the charge is disputed or refunded in full.
    var isActionable = true

    var json: JSON {
        [
            "id": .string(id),
            "object": "radar.early_fraud_warning",
            "actionable": .bool(isActionable),
            "charge": .string(charge),
            "created": JSON(created.seconds),
            "fraud_type": "unauthorized_use_of_card",
            "livemode": false,
            "payment_intent": .string(intent),
        ]
    }
}

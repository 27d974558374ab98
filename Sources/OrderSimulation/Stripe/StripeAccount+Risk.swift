import Web

extension StripeAccount {
    /// Opens a dispute about a charge: the money is taken back at once.
    @discardableResult
    mutating func dispute(_ disputed: Charge, reason: String, _ call: Call) -> Dispute {
        var charge = disputed
        charge.isDisputed = true
        charges[charge.id] = charge
        let dispute = Dispute(
            id: random.id("dp"),
            charge: charge.id,
            intent: charge.intent,
            created: call.now,
            amount: charge.refundable,
            currency: charge.currency,
            reason: reason
        )
        disputes.append(dispute)
        emit("charge.dispute.created", dispute.json, call)
        emit("charge.dispute.funds_withdrawn", dispute.json, call)
        return dispute
    }

    /// Moves a dispute on; a won one gives the money back and the charge free for refunds.
    mutating func settleDispute(
        _ id: String,
        as status: Dispute.Status,
        _ call: Call
    ) throws(StripeError) -> Dispute {
        guard var dispute = disputes[id] else { throw .noSuch("dispute", id, param: "dispute") }
        dispute.status = status
        disputes[id] = dispute
        switch status {
        case .needsResponse, .underReview:
            emit("charge.dispute.updated", dispute.json, call)
        case .lost:
            emit("charge.dispute.closed", dispute.json, call)
        case .won:
            if var charge = charges[dispute.charge] {
                charge.isDisputed = false
                charges[charge.id] = charge
            }
            emit("charge.dispute.closed", dispute.json, call)
            emit("charge.dispute.funds_reinstated", dispute.json, call)
        }
        return dispute
    }

    @discardableResult
    mutating func warnOfFraud(_ charge: Charge, _ call: Call) -> FraudWarning {
        let warning = FraudWarning(
            id: random.id("issfr"),
            charge: charge.id,
            intent: charge.intent,
            created: call.now
        )
        fraudWarnings.append(warning)
        emit("radar.early_fraud_warning.created", warning.json, call)
        return warning
    }

    /// Ends a review: `approved`, `refunded`, `refunded_as_fraud` or `disputed`.
    mutating func closeReview(
        _ id: String,
        reason: String,
        _ call: Call
    ) throws(StripeError) -> Review {
        guard var review = reviews[id] else { throw .noSuch("review", id, param: "review") }
        guard review.closedReason == nil else {
            throw StripeError(.badRequest, "Review \(id) is already closed.")
        }
        review.closedReason = reason
        reviews[id] = review
        emit("review.closed", review.json, call)
        return review
    }
}

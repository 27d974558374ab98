import Web

extension StripeAccount {
    /// Opens a dispute about a charge: the money is taken back at once, by an inquiry not yet.
    @discardableResult
    mutating func dispute(
        _ disputed: Charge,
        reason: String,
        isInquiry: Bool = false,
        _ call: Call
    ) -> Dispute {
        var charge = disputed
        charge.isDisputed = !isInquiry
        charges[charge.id] = charge
        var dispute = Dispute(
            id: random.id("dp"),
            charge: charge.id,
            intent: charge.intent,
            created: call.now,
            amount: charge.refundable,
            currency: charge.currency,
            reason: reason
        )
        if isInquiry { dispute.status = .warningNeedsResponse }
        disputes.append(dispute)
        emit("charge.dispute.created", dispute.json, call)
        if !isInquiry { emit("charge.dispute.funds_withdrawn", dispute.json, call) }
        endWarnings(about: charge.id, call)
        return dispute
    }

    /// Moves a dispute on; a won one gives the money back and the charge free for refunds.
    mutating func settleDispute(
        _ id: String,
        as status: Dispute.Status,
        _ call: Call
    ) throws(StripeError) -> Dispute {
        guard var dispute = disputes[id] else { throw .noSuch("dispute", id, param: "dispute") }
        let isEscalated = dispute.status.isInquiry && !status.isInquiry
        dispute.status = status
        disputes[id] = dispute
        if isEscalated, var charge = charges[dispute.charge] {
            charge.isDisputed = true
            charges[charge.id] = charge
            emit("charge.dispute.funds_withdrawn", dispute.json, call)
        }
        switch status {
        case .needsResponse, .underReview, .warningNeedsResponse, .warningUnderReview:
            emit("charge.dispute.updated", dispute.json, call)
        case .lost, .warningClosed:
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

    /// Nothing is left to be done about the warnings of a charge that is disputed or refunded.
    mutating func endWarnings(about charge: String, _ call: Call) {
        for var warning in fraudWarnings.all where warning.charge == charge {
            guard warning.isActionable else { continue }
            warning.isActionable = false
            fraudWarnings[warning.id] = warning
            emit("radar.early_fraud_warning.updated", warning.json, call)
        }
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

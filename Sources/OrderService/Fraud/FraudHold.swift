import Commerce
import MariaDB
import Resilience

/// Decides about an order's money within the change that brings it, and holds the order where
/// somebody has to look first.
struct FraudHold: Sendable {
    let policy: FraudPolicy
    /// How long a review of money that is not taken yet may take.
    let reviewTime: Duration

    /// Looks at the money of an order that is there now, or of which more is known now, and keeps
    /// the decision.
    ///
    /// The order goes into review if the completion asked for it, or if the money does; what
    /// somebody has approved before is not asked again, but for a bank's new warning. An order on
    /// its way is past it; its goods are held by `ShippingHold`.
    ///
    /// - Returns: whether somebody has to look, or is looking, before it goes on.
    /// - Throws: `MariaDBError`.
    @discardableResult
    func judgeMoney(
        of change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Bool {
        let orderID = change.order.id
        let inputs = try FraudStore.settlement(of: orderID, in: &transaction)
        let past = try FraudStore.past(of: orderID, in: &transaction)
        let assessment = FraudAssessment(
            of: .settlement(inputs),
            by: policy,
            waiving: past.waived.subtracting([.fraudWarning])
        )
        let decisionID = try FraudStore.insert(
            assessment,
            orderID: orderID,
            at: change.now,
            in: &transaction
        )
        if let first = past.unmetReview {
            return try hold(&change, because: first.id, first.rules, &transaction)
        }
        guard assessment.outcome == .review else { return false }
        let rules = Set(assessment.reasons.map(\.rule))
        return try hold(&change, because: decisionID, rules, &transaction)
    }

    /// Holds an order that needs no money now, if its completion asked for a review.
    ///
    /// - Returns: whether it is held.
    /// - Throws: `MariaDBError`.
    func holdCompletion(
        of change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Bool {
        guard
            let decision = try FraudStore.past(of: change.order.id, in: &transaction).unmetReview
        else { return false }
        return try hold(&change, because: decision.id, decision.rules, &transaction)
    }

    private func hold(
        _ change: inout OrderChange,
        because decisionID: Int64,
        _ rules: Set<FraudRule>,
        _ transaction: inout Transaction
    ) throws -> Bool {
        let orderID = change.order.id
        if change.order.status == .paymentReview, change.order.closing == nil {
            // Somebody looks already, or at something else.
            if try FraudReviewStore.isWaiting(orderID, in: &transaction) { return true }
        } else {
            guard change.allows(.reviewPayment) else { return false }
            let words = FraudRule.allCases.filter(rules.contains).map(\.rawValue)
            try change.apply(.reviewPayment, cause: "fraud: " + words.joined(separator: " "))
        }
        // Money that is taken stays until somebody decides; a hold at the bank does not.
        let dueAt = change.order.paymentStatus.isSettled ? nil : change.now + reviewTime
        try FraudReviewStore.open(
            orderID,
            because: decisionID,
            dueAt: dueAt,
            at: change.now,
            in: &transaction
        )
        change.endDeadline()
        change.schedule(.extendReservation)
        return true
    }
}

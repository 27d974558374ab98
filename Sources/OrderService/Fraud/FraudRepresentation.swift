import Commerce
import MariaDB
import Web

/// The JSON forms of decisions and reviews, for staff alone.
enum FraudRepresentation {
    /// A review with the decisions that led to it, the allowing ones left out.
    static func review(
        _ review: FraudReviewStore.Review,
        _ decisions: [FraudStore.Decision],
        at now: Timestamp
    ) -> JSON {
        let end = review.decidedAt ?? now
        return [
            "id": .integer(review.id),
            "orderId": .integer(review.orderID),
            "orderNumber": .string(review.orderNumber),
            "orderStatus": .string(review.orderStatus.rawValue),
            "paymentStatus": .string(review.paymentStatus.rawValue),
            "paymentMethod": .string(review.paymentMethod.rawValue),
            "total": review.total.json,
            "state": .string(review.status.rawValue),
            "openedAt": .string(review.openedAt.rfc3339),
            "dueAt": JSON(review.dueAt?.rfc3339),
            "ageSeconds": .integer(end.distance(from: review.openedAt).components.seconds),
            "decidedAt": JSON(review.decidedAt?.rfc3339),
            "decidedBy": JSON(review.decidedBy),
            "reason": JSON(review.reason),
            "decisions": .array(
                decisions.filter { $0.outcome != .allow }.map { decision($0, isWhole: false) }
            ),
        ]
    }

    /// A decision; whole, also with its inputs and with the scores that it was compared with.
    static func decision(_ decision: FraudStore.Decision, isWhole: Bool) -> JSON {
        var members: [(name: String, value: JSON)] = [
            ("id", .integer(decision.id)),
            ("stage", .string(decision.stage.rawValue)),
            ("outcome", .string(decision.outcome.rawValue)),
            ("score", JSON(decision.score)),
            ("decidedAt", .string(decision.decidedAt.rfc3339)),
            ("reasons", decision.document["reasons"] ?? .array([])),
        ]
        guard isWhole else { return .object(members) }
        for name in ["inputs", "reviewScore", "blockScore", "version"] {
            members.append((name, decision.document[name] ?? .null))
        }
        return .object(members)
    }
}

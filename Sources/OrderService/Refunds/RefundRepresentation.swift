import Commerce
import MariaDB
import Web

/// The JSON forms of a refund.
enum RefundRepresentation {
    /// What staff sees.
    static func refund(_ refund: Refund, _ lines: [RefundLine]) -> JSON {
        let items = lines.map { line -> JSON in
            [
                "position": JSON(line.position), "quantity": JSON(line.quantity),
                "amount": line.amount.json,
            ]
        }
        return [
            "id": .string(refund.publicID),
            "orderId": .integer(refund.orderID),
            "status": .string(refund.status.rawValue),
            "amount": refund.amount.json,
            "reason": .string(refund.reason),
            "items": .array(items),
            "stripeRefundId": JSON(refund.providerID),
            "requestedBy": .string(refund.requestedBy),
            "attempts": JSON(refund.attempts),
            "lastError": JSON(refund.lastError),
            "failureReason": JSON(refund.failureReason),
            "reviewReason": JSON(refund.reviewReason),
            "evidence": JSON(refund.evidence),
            "resolvedBy": JSON(refund.resolvedBy),
            "resolvedAt": JSON(refund.resolvedAt?.rfc3339),
            "createdAt": .string(refund.createdAt.rfc3339),
            "updatedAt": .string(refund.updatedAt.rfc3339),
            "completedAt": JSON(refund.completedAt?.rfc3339),
        ]
    }

    /// What an event tells: no reason and nobody's name.
    static func event(_ refund: Refund) -> JSON {
        [
            "id": .string(refund.publicID),
            "status": .string(refund.status.rawValue),
            "amount": refund.amount.json,
        ]
    }
}

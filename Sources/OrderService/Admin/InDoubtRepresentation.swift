import Commerce
import MariaDB
import Web

/// The JSON forms of money in doubt and of reservations.
enum InDoubtRepresentation {
    static func payment(_ item: InDoubtStore.Item, at now: Timestamp) -> JSON {
        [
            "kind": "payment",
            "orderId": .integer(item.orderID),
            "orderNumber": .string(item.orderNumber),
            "paymentId": .string(item.publicID),
            "doubt": .string(item.doubt.rawValue),
            "status": .string(item.status.rawValue),
            "reviewReason": JSON(item.reviewReason),
            "attempts": JSON(item.attempts),
            "amount": item.amount.json,
            "captured": item.captured.json,
            "stripePaymentIntentId": JSON(item.intentID),
            "createdAt": .string(item.createdAt.rfc3339),
            "updatedAt": .string(item.updatedAt.rfc3339),
            "ageSeconds": age(item.createdAt, now),
        ]
    }

    static func refund(_ item: InDoubtStore.Refund, at now: Timestamp) -> JSON {
        [
            "kind": "refund",
            "orderId": .integer(item.orderID),
            "orderNumber": .string(item.orderNumber),
            "refundId": .string(item.publicID),
            "paymentId": .string(item.paymentPublicID),
            "doubt": .string(PaymentDoubt.unknown.rawValue),
            "status": .string(RefundStatus.unknown.rawValue),
            "attempts": JSON(item.attempts),
            "amount": item.amount.json,
            "lastError": JSON(item.lastError),
            "stripePaymentIntentId": JSON(item.intentID),
            "createdAt": .string(item.createdAt.rfc3339),
            "updatedAt": .string(item.updatedAt.rfc3339),
            "ageSeconds": age(item.createdAt, now),
        ]
    }

    static func reservation(_ item: InDoubtStore.Reservation, at now: Timestamp) -> JSON {
        [
            "orderId": .integer(item.orderID),
            "orderNumber": .string(item.orderNumber),
            "key": .string(item.key),
            "state": .string(item.status.rawValue),
            "requiresVerification": .bool(item.requiresVerification),
            "orderTotal": item.total.json,
            "createdAt": .string(item.createdAt.rfc3339),
            "updatedAt": .string(item.updatedAt.rfc3339),
            "expiresAt": JSON(item.expiresAt?.rfc3339),
            "ageSeconds": age(item.createdAt, now),
        ]
    }

    private static func age(_ time: Timestamp, _ now: Timestamp) -> JSON {
        .integer(now.distance(from: time).components.seconds)
    }
}

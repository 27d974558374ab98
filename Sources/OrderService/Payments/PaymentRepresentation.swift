import Commerce
import MariaDB
import Web

/// The JSON forms of a payment.
enum PaymentRepresentation {
    /// How long a client should wait before it asks again for a degraded payment, in seconds:
    /// as long as Stripe is sure not to be asked, and neither at once nor in minutes.
    private static func retryAfter(_ started: PaymentStarter.Started) -> Int64 {
        min(max((started.retryAfter?.components.seconds ?? 0) + 1, 5), 60)
    }

    /// The start of a payment where there is nothing to pay.
    static let noneRequired: JSON = [
        "id": nil, "status": "none_required", "degraded": false, "expiresAt": nil,
    ]

    /// What a look-up answers; never a secret.
    static func status(_ found: PaymentLookUp) -> JSON {
        guard let payment = found.payment else {
            return ["orderId": .integer(found.order.id), "status": .string("none_required")]
        }
        let tries = payment.attempts.map { attempt -> JSON in
            ["at": .string(attempt.at.rfc3339), "declineCode": JSON(shown(attempt.declineCode))]
        }
        return [
            "orderId": .integer(found.order.id),
            "paymentId": .string(payment.publicID),
            "status": .string(payment.status.rawValue),
            "amount": .integer(payment.amount.minor),
            "currency": .string(payment.amount.currency.rawValue),
            "stripePaymentIntentId": JSON(payment.intentID),
            "completedAt": JSON(payment.completedAt?.rfc3339),
            "attempts": .array(tries),
            "expiresAt": JSON(payment.expiresAt?.rfc3339),
        ]
    }

    /// What starting a payment answers, with the secret where there is one.
    static func started(_ started: PaymentStarter.Started, orderID: Int64) -> JSON {
        var members: [(name: String, value: JSON)] = [
            ("id", .string(started.payment.publicID)),
            // Whatever the row has learnt meanwhile: who asked has to ask again.
            (
                "status",
                .string(
                    (started.isDegraded ? .requiresRetry : started.payment.status).rawValue
                )
            ),
        ]
        if let secret = started.clientSecret { members.append(("clientSecret", .string(secret))) }
        members += [
            ("degraded", .bool(started.isDegraded)),
            ("expiresAt", JSON(started.payment.expiresAt?.rfc3339)),
        ]
        if started.isDegraded {
            members.append(
                (
                    "next",
                    [
                        "method": "POST", "href": .string("/v1/orders/\(orderID)/payments"),
                        "retryAfterSeconds": .integer(retryAfter(started)),
                    ]
                )
            )
        }
        return .object(members)
    }

    /// What an event tells of a payment: its id, and the money that was asked for or came.
    static func event(_ payment: Payment, _ amount: Money) -> (name: String, value: JSON) {
        ("payment", ["id": .string(payment.publicID), "amount": amount.json])
    }

    /// What an event tells of a declined card.
    static func event(
        _ payment: Payment,
        declined code: String
    ) -> (name: String, value: JSON) {
        (
            "payment",
            [
                "id": .string(payment.publicID), "amount": payment.amount.json,
                "declineCode": JSON(shown(code)),
            ]
        )
    }

    /// A decline's code as a payer may see it: that a card is reported lost or stolen, or a
    /// payment taken for fraud, is not for whoever holds the card (Stripe, «decline codes»).
    private static func shown(_ code: String?) -> String? {
        switch code {
        case "lost_card", "stolen_card", "fraudulent", "pickup_card", "merchant_blacklist":
            "generic_decline"
        default: code
        }
    }
}

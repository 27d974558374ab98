import Web

/// A payment method that a customer has entered: a test card under an id of its own.
struct PaymentMethod {
    let id: String
    let created: Instant
    let card: TestCard

    var json: JSON {
        var object = ObjectBuilder()
        object["id"] = .string(id)
        object["object"] = "payment_method"
        object["billing_details"] = Self.noBillingDetails
        object[card.type] =
            card.type == "card"
            ? [
                "brand": .string(card.brand), "country": .string(card.country), "exp_month": 12,
                "exp_year": 2034, "fingerprint": .string(card.fingerprint), "funding": "credit",
                "last4": .string(card.lastFour),
            ]
            : ["bank_name": "STRIPE TEST BANK", "last4": .string(card.lastFour)]
        object["created"] = JSON(created.seconds)
        object["customer"] = nil
        object["livemode"] = false
        object["metadata"] = [:]
        object["type"] = .string(card.type)
        return object.json
    }

    static let noBillingDetails: JSON = [
        "address": [
            "city": nil, "country": nil, "line1": nil, "line2": nil, "postal_code": nil,
            "state": nil,
        ],
        "email": nil, "name": nil, "phone": nil, "tax_id": nil,
    ]
}

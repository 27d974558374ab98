import Web

/// One attempt to move money for a PaymentIntent, successful or not.
struct Charge {
    enum Status: String {
        case succeeded
        case pending
        case failed
    }

    /// What the bank and Radar said.
    struct Verdict {
        var type = "authorized"
        var networkStatus = "approved_by_network"
        var reason: String?
        var riskLevel = "normal"
        var riskScore: Int64 = 12
        var sellerMessage = "Payment complete."
    }

    let id: String
    let intent: String
    let created: Instant
    let amount: Int64
    let currency: String
    let method: PaymentMethod
    var status: Status
    var isCaptured: Bool
    var amountCaptured: Int64
    /// What was given back, the part of an authorization that was never captured included.
    var amountRefunded: Int64 = 0
    var verdict: Verdict
    var failureCode: String?
    var failureMessage: String?
    var isDisputed = false
    var review: String?
    var metadata: [String: String] = [:]
    var isAuthenticated = false

    /// What can still be given back.
    var refundable: Int64 { isCaptured ? amount - amountRefunded : 0 }

    var json: JSON {
        var object = ObjectBuilder()
        object["id"] = .string(id)
        object["object"] = "charge"
        object["amount"] = JSON(amount)
        object["amount_captured"] = JSON(amountCaptured)
        object["amount_refunded"] = JSON(amountRefunded)
        object["application"] = nil
        object["balance_transaction"] = isCaptured ? .string("txn_" + id.dropFirst(3)) : .null
        object["billing_details"] = PaymentMethod.noBillingDetails
        object["calculated_statement_descriptor"] = "ORDERSIM"
        object["captured"] = .bool(isCaptured)
        object["created"] = JSON(created.seconds)
        object["currency"] = .string(currency)
        object["customer"] = nil
        object["description"] = nil
        object["disputed"] = .bool(isDisputed)
        object["failure_balance_transaction"] = nil
        object["failure_code"] = JSON(failureCode)
        object["failure_message"] = JSON(failureMessage)
        object["fraud_details"] = [:]
        object["livemode"] = false
        object["metadata"] = JSON(strings: metadata)
        object["outcome"] = outcome
        object["paid"] = .bool(status == .succeeded)
        object["payment_intent"] = .string(intent)
        object["payment_method"] = .string(method.id)
        object["payment_method_details"] = methodDetails
        object["receipt_email"] = nil
        object["receipt_url"] = nil
        object["refunded"] = .bool(status == .succeeded && amountRefunded == amount)
        object["review"] = JSON(review)
        object["shipping"] = nil
        object["source"] = nil
        object["statement_descriptor"] = nil
        object["status"] = .string(status.rawValue)
        object["transfer_group"] = nil
        return object.json
    }

    private var outcome: JSON {
        [
            "network_status": .string(verdict.networkStatus),
            "reason": JSON(verdict.reason),
            "risk_level": .string(verdict.riskLevel),
            "risk_score": .integer(verdict.riskScore),
            "seller_message": .string(verdict.sellerMessage),
            "type": .string(verdict.type),
        ]
    }

    private var methodDetails: JSON {
        guard method.card.type == "card" else {
            return ["type": .string(method.card.type), "us_bank_account": [:]]
        }
        let threeDSecure: JSON =
            isAuthenticated
            ? ["authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"]
            : nil
        return [
            "card": [
                "brand": .string(method.card.brand), "country": .string(method.card.country),
                "exp_month": 12, "exp_year": 2034,
                "fingerprint": .string(method.card.fingerprint), "funding": "credit",
                "last4": .string(method.card.lastFour),
                "network": .string(method.card.brand), "three_d_secure": threeDSecure,
                "wallet": nil,
            ],
            "type": "card",
        ]
    }
}

extension Charge.Verdict {
    /// The verdict on a card with this behaviour.
    init(_ card: TestCard) {
        self.init()
        switch card.risk {
        case .normal: break
        case .elevated:
            type = "manual_review"
            reason = "elevated_risk_level"
            riskLevel = "elevated"
            riskScore = 72
        case .highest:
            riskLevel = "highest"
            riskScore = 96
        }
        switch card.behaviour {
        case .succeed, .process: break
        case .decline(let code, let declineCode, _):
            type = "issuer_declined"
            networkStatus = "declined_by_network"
            reason = declineCode ?? code
            sellerMessage = "The bank did not return any further details with this decline."
        case .block:
            type = "blocked"
            networkStatus = "not_sent_to_network"
            reason = "highest_risk_level"
            sellerMessage = "Stripe blocked this payment as too risky."
        }
    }
}

import Web

/// What a decision is made of: numbers, countries and words, and nobody's name or address.
enum FraudInputs: Sendable, Equatable {
    case checkout(Checkout)
    case settlement(Settlement)

    /// What is known at a completion.
    struct Checkout: Sendable, Equatable {
        /// In minor units.
        var total: Int64
        var currency = "RON"
        var billingCountry: String
        var deliveryCountry: String
        /// Pieces of the line with the most.
        var largestQuantity: Int
        /// What happened before; nil if it could not be read.
        var history: History?
        /// Of the scoring service, 0 to 100; nil without one, or without its answer.
        var externalScore: Int?
        /// Whether a scoring service was asked.
        var wasScoringAsked = false
    }

    /// What the customer, his addresses and his network have done before.
    struct History: Sendable, Equatable {
        /// Of the customer's last orders, those whose money came.
        var paidOrders: Int
        /// The largest of them, in minor units.
        var largestPaid: Int64
        // Completions within `FraudHistory.window`, this one not counted.
        var byEmail: Int
        var byNetwork: Int
        var byDelivery: Int
    }

    /// What is known once the money is there.
    struct Settlement: Sendable, Equatable {
        var declines = 0
        /// Different cards that were tried.
        var cards = 0
        var billingCountry: String?
        var cardCountry: String?
        /// Stripe's words for the charge; nil if they are not known, or not yet.
        var riskLevel: String?
        var riskScore: Int?
        var outcomeType: String?
        /// Of banks, that nobody has cleared.
        var warnings = 0
    }

    var stage: FraudStage {
        switch self {
        case .checkout: .checkout
        case .settlement: .settlement
        }
    }

    /// The value that a rule compares; nil if it is not known, or says nothing here.
    func measure(_ rule: FraudRule) -> Int64? {
        switch self {
        case .checkout(let inputs): inputs.measure(rule)
        case .settlement(let inputs): inputs.measure(rule)
        }
    }
}

extension FraudInputs.Checkout {
    fileprivate func measure(_ rule: FraudRule) -> Int64? {
        switch rule {
        case .newCustomer: history.map { $0.paidOrders == 0 ? 1 : 0 }
        case .amountHigh, .amountVeryHigh: total
        case .amountBeyondHistory: percentOfLargest
        case .velocityEmail: history.map { Int64($0.byEmail) }
        case .velocityNetwork: history.map { Int64($0.byNetwork) }
        case .velocityDelivery: history.map { Int64($0.byDelivery) }
        case .countriesDiffer: billingCountry == deliveryCountry ? 0 : 1
        case .quantityOutlier, .quantityExtreme: Int64(largestQuantity)
        case .externalScore: externalScore.map(Int64.init)
        default: nil
        }
    }

    private var percentOfLargest: Int64? {
        guard let history, history.largestPaid > 0 else { return nil }
        let (hundredfold, isTooLarge) = total.multipliedReportingOverflow(by: 100)
        return isTooLarge ? Int64.max : hundredfold / history.largestPaid
    }
}

extension FraudInputs.Settlement {
    fileprivate func measure(_ rule: FraudRule) -> Int64? {
        switch rule {
        case .manyDeclines: Int64(declines)
        case .manyCards: Int64(cards)
        case .cardCountryDiffers:
            if let cardCountry, let billingCountry {
                cardCountry == billingCountry ? 0 : 1
            } else {
                nil
            }
        case .riskElevated: riskLevel.map { ["elevated", "highest"].contains($0) ? 1 : 0 }
        case .riskScore: riskScore.map(Int64.init)
        case .riskReview: outcomeType.map { $0 == "manual_review" ? 1 : 0 }
        case .fraudWarning: Int64(warnings)
        default: nil
        }
    }
}

extension FraudInputs {
    /// The inputs as a decision keeps them.
    var json: JSON {
        switch self {
        case .checkout(let inputs): inputs.json
        case .settlement(let inputs): inputs.json
        }
    }
}

extension FraudInputs.Checkout {
    fileprivate var json: JSON {
        let past: JSON =
            history.map { history in
                [
                    "paidOrders": JSON(history.paidOrders),
                    "largestPaid": .integer(history.largestPaid),
                    "byEmail": JSON(history.byEmail), "byNetwork": JSON(history.byNetwork),
                    "byDelivery": JSON(history.byDelivery),
                ]
            } ?? .null
        return [
            "total": .integer(total), "currency": .string(currency),
            "billingCountry": .string(billingCountry),
            "deliveryCountry": .string(deliveryCountry),
            "largestQuantity": JSON(largestQuantity), "history": past,
            "externalScore": JSON(externalScore.map(Int64.init)),
            "scoringAsked": .bool(wasScoringAsked),
        ]
    }
}

extension FraudInputs.Settlement {
    fileprivate var json: JSON {
        [
            "declines": JSON(declines), "cards": JSON(cards),
            "billingCountry": JSON(billingCountry), "cardCountry": JSON(cardCountry),
            "riskLevel": JSON(riskLevel), "riskScore": JSON(riskScore.map(Int64.init)),
            "outcomeType": JSON(outcomeType), "warnings": JSON(warnings),
        ]
    }
}

/// A sign of fraud by its word in decisions and settings; `FraudRule+Table.swift` says the rest.
///
/// The order is that of reasons in a decision.
enum FraudRule: String, Sendable, CaseIterable {
    // At a completion, before anybody can pay.
    case newCustomer = "new_customer"
    case amountHigh = "amount_high"
    case amountVeryHigh = "amount_very_high"
    case amountBeyondHistory = "amount_beyond_history"
    case velocityEmail = "velocity_email"
    case velocityNetwork = "velocity_network"
    case velocityDelivery = "velocity_delivery"
    case countriesDiffer = "countries_differ"
    case quantityOutlier = "quantity_outlier"
    case quantityExtreme = "quantity_extreme"
    case externalScore = "external_score"
    // Once the money is there.
    case manyDeclines = "many_declines"
    case manyCards = "many_cards"
    case cardCountryDiffers = "card_country_differs"
    case riskElevated = "risk_elevated"
    case riskScore = "risk_score"
    case riskReview = "risk_review"
    case fraudWarning = "fraud_warning"

    var stage: FraudStage {
        switch self {
        case .newCustomer, .amountHigh, .amountVeryHigh, .amountBeyondHistory, .velocityEmail,
            .velocityNetwork, .velocityDelivery, .countriesDiffer, .quantityOutlier,
            .quantityExtreme, .externalScore:
            .checkout
        case .manyDeclines, .manyCards, .cardCountryDiffers, .riskElevated, .riskScore,
            .riskReview, .fraudWarning:
            .settlement
        }
    }
}

/// When a decision is made.
enum FraudStage: String, Sendable, CaseIterable {
    /// At a completion, before there is anything to pay.
    case checkout
    /// When the money is there, and whenever more becomes known of it.
    case settlement
}

/// What a decision says.
enum FraudOutcome: String, Sendable, CaseIterable {
    case allow
    /// Somebody looks at it before money is taken, or goods are sent.
    case review
    /// There is no order; only at a completion.
    case block
}

/// What is to be known of a rule, apart from its word.
struct FraudRuleSpecification: Sendable {
    /// What it adds to the score.
    let weight: Int
    /// It holds from this value on.
    let threshold: Int64
    /// What the value counts.
    let unit: String
    /// Why it is a sign, for whoever decides.
    let reason: String

    init(_ weight: Int, from threshold: Int64, _ unit: String, _ reason: String) {
        self.weight = weight
        self.threshold = threshold
        self.unit = unit
        self.reason = reason
    }

    /// Of a rule that holds or not.
    init(_ weight: Int, _ reason: String) {
        self.init(weight, from: 1, "yes", reason)
    }
}

extension FraudRule {
    /// The version of the table: raised when a rule's meaning changes, and kept with each decision.
    static let version = 1

    /// The one table of all rules; `FRAUD_RULES` changes weights and thresholds without a build.
    ///
    /// No sign that ordinary buyers give is enough for a review by itself, nor are all velocities
    /// together, for which the limits of attempts to pay are there.
    var specification: FraudRuleSpecification {
        switch self {
        case .newCustomer:
            .init(5, "Nothing that this customer ordered before was paid.")
        case .amountHigh:
            .init(25, from: 500_000, "bani", "The order is large.")
        case .amountVeryHigh:
            .init(30, from: 2_500_000, "bani", "The order is very large.")
        case .amountBeyondHistory:
            .init(25, from: 300, "%", "It is far above the largest that this customer has paid.")
        case .velocityEmail:
            .init(15, from: 4, "an hour", "Many completions with this e-mail address.")
        case .velocityNetwork:
            .init(10, from: 8, "an hour", "Many completions from this network.")
        case .velocityDelivery:
            .init(15, from: 4, "an hour", "Many completions for this delivery address.")
        case .countriesDiffer:
            .init(25, "The bill and the goods go to different countries.")
        case .quantityOutlier:
            .init(15, from: 50, "pieces", "Many pieces of one thing.")
        case .quantityExtreme:
            .init(35, from: 250, "pieces", "Far more pieces of one thing than people need.")
        case .externalScore:
            .init(50, from: 75, "of 100", "The scoring service takes it for fraud.")
        case .manyDeclines:
            .init(35, from: 3, "charges", "Cards were declined again and again.")
        case .manyCards:
            .init(35, from: 3, "cards", "Many different cards were tried.")
        case .cardCountryDiffers:
            .init(20, "The card is of another country than the bill.")
        case .riskElevated:
            .init(50, "Stripe takes the risk for elevated, or worse.")
        case .riskScore:
            .init(25, from: 75, "of 100", "Stripe's score of the risk is high.")
        case .riskReview:
            .init(50, "Stripe's own rules want the payment reviewed.")
        case .fraudWarning:
            .init(100, from: 1, "warnings", "The card's bank warns that the payment is fraud.")
        }
    }

    /// What stands before and behind the table in `Operating.md`.
    static let markers = (start: "<!-- fraud rules -->", end: "<!-- /fraud rules -->")

    /// The table of all rules in Markdown, as it stands in `Operating.md` between the markers.
    static var document: String {
        let rows = allCases.map { rule in
            let row = rule.specification
            let threshold =
                row.unit == "yes" ? "" : "\(row.threshold) \(row.unit)"
            return "| `\(rule.rawValue)` | \(rule.stage.rawValue) | \(row.weight) | \(threshold) | "
                + "\(row.reason) |"
        }
        return (["| rule | stage | weight | from | why |", "|---|---|---|---|---|"] + rows)
            .joined(separator: "\n")
    }
}

import Web

/// Currencies and the amounts that Stripe takes in them.
extension StripeAccount {
    private static let currencies: Set<String> = [
        "ron", "eur", "usd", "gbp", "huf", "bgn", "pln", "czk", "chf", "sek", "nok", "dkk",
    ]

    static func currency(_ form: StripeForm) throws(StripeError) -> String {
        guard let text = form["currency"] else { throw .missingParameter("currency") }
        guard !text.isEmpty else { throw .emptyParameter("currency") }
        let currency = text.lowercased()
        guard currencies.contains(currency) else {
            throw .invalidParameter(
                "currency",
                code: nil,
                "Invalid currency: \(text). Stripe currently supports these currencies: "
                    + currencies.sorted().joined(separator: ", ")
            )
        }
        return currency
    }

    static func check(amount: Int64, _ currency: String) throws(StripeError) {
        guard amount >= 1 else {
            throw .invalidParameter(
                "amount",
                code: "parameter_invalid_integer",
                "This value must be greater than or equal to 1."
            )
        }
        let minimum: Int64 =
            switch currency {
            case "ron", "pln": 200
            case "gbp": 30
            case "huf": 17_500
            case "czk": 1_500
            case "bgn": 100
            case "sek", "nok": 300
            case "dkk": 250
            default: 50
            }
        guard amount >= minimum else {
            throw .invalidParameter(
                "amount",
                code: "amount_too_small",
                "Amount must be at least \(decimal(minimum)) \(currency)"
            )
        }
        guard amount <= 99_999_999 else {
            throw .invalidParameter(
                "amount",
                code: "amount_too_large",
                "Amount must be no more than 999,999.99 \(currency)"
            )
        }
    }

    static func decimal(_ amount: Int64) -> String {
        let cents = amount % 100
        return "\(amount / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
}

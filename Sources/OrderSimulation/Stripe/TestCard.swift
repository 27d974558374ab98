import Signing

/// What a test payment method of Stripe does when it is charged.
struct TestCard: Sendable {
    /// How an attempt ends.
    enum Behaviour: Sendable, Equatable {
        case succeed
        case decline(code: String, declineCode: String?, message: String)
        /// Blocked by Radar's rules before the bank is asked.
        case block
        /// A bank debit, which is `processing` until it is settled.
        case process
    }

    enum Risk: Sendable {
        case normal
        case elevated
        case highest
    }

    enum RefundBehaviour: Sendable {
        case succeed
        /// Succeeds at first, fails later.
        case failLater
        /// Is pending at first, succeeds later.
        case succeedLater
    }

    let names: [String]
    let number: String?
    var brand = "visa"
    /// Where the card's bank is.
    var country = "RO"
    var behaviour = Behaviour.succeed
    var requiresAuthentication = false
    var risk = Risk.normal
    var refunds = RefundBehaviour.succeed
    /// The reason of the dispute that the charge leads to.
    var disputeReason: String?
    var raisesFraudWarning = false

    init(_ names: String..., number: String? = nil) {
        self.names = names
        self.number = number
    }

    var type: String { behaviour == .process ? "us_bank_account" : "card" }
    /// The same for each use of the card, as Stripe's is for each number.
    var fingerprint: String {
        let digest = SHA256.digest(Array("card \(number ?? names[0])".utf8))
        return String(digest.hex.prefix(16))
    }
    var lastFour: String { String((number ?? "000123456789").suffix(4)) }
}

extension TestCard {
    /// The card of a test payment method's id, such as `pm_card_visa`.
    static func named(_ name: String) -> TestCard? {
        catalogue.first { $0.names.contains(name) }
    }

    /// The card with this number, blanks ignored.
    static func numbered(_ number: String) -> TestCard? {
        let digits = number.filter { !$0.isWhitespace }
        return catalogue.first { $0.number == digits }
    }

    private static let catalogue: [TestCard] = successes + declines + authentications + risks

    private func with(_ change: (inout TestCard) -> Void) -> TestCard {
        var card = self
        change(&card)
        return card
    }

    private func declined(_ code: String, _ declineCode: String?, _ message: String) -> TestCard {
        with { $0.behaviour = .decline(code: code, declineCode: declineCode, message: message) }
    }

    private func authenticated() -> TestCard {
        with { $0.requiresAuthentication = true }
    }

    private static let successes: [TestCard] = [
        TestCard("pm_card_visa", "tok_visa", number: "4242424242424242"),
        TestCard("pm_card_visa_debit", "tok_visa_debit", number: "4000056655665556"),
        TestCard("pm_card_mastercard", "tok_mastercard", number: "5555555555554444")
            .with { $0.brand = "mastercard" },
        TestCard("pm_card_amex", "tok_amex", number: "378282246310005")
            .with { $0.brand = "amex" },
        TestCard("pm_card_ro", "tok_ro", number: "4000006420000001"),
        TestCard("pm_card_us", "tok_us").with { $0.country = "US" },
        TestCard("pm_card_gb", "tok_gb", number: "4000008260000000").with { $0.country = "GB" },
        TestCard("pm_card_fr", "tok_fr", number: "4000002500000003").with { $0.country = "FR" },
        TestCard("pm_card_de", "tok_de", number: "4000002760000016").with { $0.country = "DE" },
        TestCard("pm_card_threeDSecureOptional", number: "4000000000003055"),
        TestCard("pm_card_refundFail", "tok_refundFail", number: "4000000000005126")
            .with { $0.refunds = .failLater },
        TestCard("pm_card_pendingRefund", "tok_pendingRefund", number: "4000000000007726")
            .with { $0.refunds = .succeedLater },
        TestCard("pm_card_createDispute", "tok_createDispute", number: "4000000000000259")
            .with { $0.disputeReason = "fraudulent" },
        TestCard("pm_card_createDisputeProductNotReceived", number: "4000000000002685")
            .with { $0.disputeReason = "product_not_received" },
        TestCard("pm_card_createIssuerFraudRecord", number: "4000000000005423")
            .with { $0.raisesFraudWarning = true },
        TestCard("pm_usBankAccount_success", "pm_usBankAccount_processing")
            .with { $0.behaviour = .process },
    ]

    private static let declines: [TestCard] = [
        TestCard(
            "pm_card_chargeDeclined",
            "pm_card_visa_chargeDeclined",
            "tok_chargeDeclined",
            number: "4000000000000002"
        ).declined("card_declined", "generic_decline", "Your card was declined."),
        TestCard(
            "pm_card_chargeDeclinedInsufficientFunds",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "tok_chargeDeclinedInsufficientFunds",
            number: "4000000000009995"
        ).declined("card_declined", "insufficient_funds", "Your card has insufficient funds."),
        TestCard(
            "pm_card_chargeDeclinedLostCard",
            "pm_card_visa_chargeDeclinedLostCard",
            "tok_chargeDeclinedLostCard",
            number: "4000000000009987"
        ).declined("card_declined", "lost_card", "Your card was declined."),
        TestCard(
            "pm_card_chargeDeclinedStolenCard",
            "pm_card_visa_chargeDeclinedStolenCard",
            "tok_chargeDeclinedStolenCard",
            number: "4000000000009979"
        ).declined("card_declined", "stolen_card", "Your card was declined."),
        TestCard(
            "pm_card_chargeDeclinedFraudulent",
            "tok_chargeDeclinedFraudulent",
            number: "4100000000000027"
        ).declined("card_declined", "fraudulent", "Your card was declined."),
        TestCard(
            "pm_card_chargeDeclinedVelocityLimitExceeded",
            "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
            number: "4000000000006975"
        ).declined(
            "card_declined",
            "card_velocity_exceeded",
            "Your card was declined for making repeated attempts too frequently or exceeding "
                + "its amount limit."
        ),
        TestCard(
            "pm_card_chargeDeclinedExpiredCard",
            "pm_card_expiredCard",
            "tok_chargeDeclinedExpiredCard",
            number: "4000000000000069"
        ).declined("expired_card", "expired_card", "Your card has expired."),
        TestCard(
            "pm_card_chargeDeclinedIncorrectCvc",
            "tok_chargeDeclinedIncorrectCvc",
            number: "4000000000000127"
        ).declined("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
        TestCard(
            "pm_card_chargeDeclinedProcessingError",
            "tok_chargeDeclinedProcessingError",
            number: "4000000000000119"
        ).declined(
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit."
        ),
    ]

    private static let authentications: [TestCard] = [
        TestCard("pm_card_authenticationRequired", number: "4000002760003184").authenticated(),
        TestCard("pm_card_authenticationRequiredOnSetup", number: "4000002500003155")
            .authenticated(),
        TestCard("pm_card_threeDSecure2Required", number: "4000000000003220").authenticated(),
        TestCard("pm_card_threeDSecureRequired", number: "4000000000003063").authenticated(),
        TestCard(
            "pm_card_threeDSecureRequiredChargeDeclined",
            number: "4000008400001629"
        ).authenticated().declined("card_declined", "generic_decline", "Your card was declined."),
        TestCard(
            "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            number: "4000008260003178"
        ).authenticated()
            .declined("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    ]

    private static let risks: [TestCard] = [
        TestCard("pm_card_riskLevelElevated", "tok_riskLevelElevated", number: "4000000000009235")
            .with { $0.risk = .elevated },
        TestCard("pm_card_riskLevelHighest", "tok_riskLevelHighest", number: "4000000000004954")
            .with {
                $0.risk = .highest
                $0.behaviour = .block
            },
        TestCard("pm_card_radarBlock", "tok_radarBlock", number: "4100000000000019")
            .with {
                $0.risk = .highest
                $0.behaviour = .block
            },
    ]
}

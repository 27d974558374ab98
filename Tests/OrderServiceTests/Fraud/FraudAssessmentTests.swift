import Testing
import Web

@testable import OrderService

@Suite("Assessments of fraud") struct FraudAssessmentTests {
    /// An ordinary order of somebody who has bought before.
    private static func ordinary(
        _ change: (inout FraudInputs.Checkout) -> Void = { _ in }
    ) -> FraudInputs {
        var inputs = FraudInputs.Checkout(
            total: 20_000,
            billingCountry: "RO",
            deliveryCountry: "RO",
            largestQuantity: 2,
            history: FraudInputs.History(
                paidOrders: 3,
                largestPaid: 30_000,
                byEmail: 0,
                byNetwork: 0,
                byDelivery: 0
            )
        )
        change(&inputs)
        return .checkout(inputs)
    }

    /// An ordinary payment.
    private static func paid(
        _ change: (inout FraudInputs.Settlement) -> Void = { _ in }
    ) -> FraudInputs {
        var inputs = FraudInputs.Settlement(
            declines: 0,
            cards: 1,
            billingCountry: "RO",
            cardCountry: "RO",
            riskLevel: "normal",
            riskScore: 12,
            outcomeType: "authorized",
            warnings: 0
        )
        change(&inputs)
        return .settlement(inputs)
    }

    /// Inputs, and the rules that hold for them.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let inputs: FraudInputs
        let rules: [FraudRule]

        init(_ name: String, _ inputs: FraudInputs, _ rules: FraudRule...) {
            testDescription = name
            self.inputs = inputs
            self.rules = rules
        }
    }

    private static let cases: [Case] = [
        Case("an ordinary order", ordinary()),
        Case("the first order", ordinary { $0.history?.paidOrders = 0 }, .newCustomer),
        Case(
            "below a large amount",
            ordinary {
                $0.total = 499_999
                $0.history?.largestPaid = 499_999
            }
        ),
        Case(
            "a large amount",
            ordinary {
                $0.total = 500_000
                $0.history?.largestPaid = 500_000
            },
            .amountHigh
        ),
        Case(
            "a very large amount",
            ordinary {
                $0.total = 2_500_000
                $0.history?.largestPaid = 2_500_000
            },
            .amountHigh,
            .amountVeryHigh
        ),
        Case("less than three times the largest", ordinary { $0.total = 89_999 }),
        Case("three times the largest", ordinary { $0.total = 90_000 }, .amountBeyondHistory),
        Case(
            "an amount that no hundredfold fits",
            ordinary { $0.total = .max },
            .amountHigh,
            .amountVeryHigh,
            .amountBeyondHistory
        ),
        Case("three before by e-mail", ordinary { $0.history?.byEmail = 3 }),
        Case("four before by e-mail", ordinary { $0.history?.byEmail = 4 }, .velocityEmail),
        Case("eight by network", ordinary { $0.history?.byNetwork = 8 }, .velocityNetwork),
        Case("four to one door", ordinary { $0.history?.byDelivery = 4 }, .velocityDelivery),
        Case("a bill abroad", ordinary { $0.billingCountry = "DE" }, .countriesDiffer),
        Case("49 pieces", ordinary { $0.largestQuantity = 49 }),
        Case("50 pieces", ordinary { $0.largestQuantity = 50 }, .quantityOutlier),
        Case(
            "250 pieces",
            ordinary { $0.largestQuantity = 250 },
            .quantityOutlier,
            .quantityExtreme
        ),
        Case("no history to be had", ordinary { $0.history = nil }),
        Case("a low score", ordinary { $0.externalScore = 74 }),
        Case("a high score", ordinary { $0.externalScore = 75 }, .externalScore),
        Case("an ordinary payment", paid()),
        Case(
            "two declines",
            paid {
                $0.declines = 2
                $0.cards = 2
            }
        ),
        Case("three declines of one card", paid { $0.declines = 3 }, .manyDeclines),
        Case(
            "three declines of three cards",
            paid {
                $0.declines = 3
                $0.cards = 3
            },
            .manyDeclines,
            .manyCards
        ),
        Case("a card from abroad", paid { $0.cardCountry = "FR" }, .cardCountryDiffers),
        Case("a card from nowhere", paid { $0.cardCountry = nil }),
        Case("elevated risk", paid { $0.riskLevel = "elevated" }, .riskElevated),
        Case("highest risk", paid { $0.riskLevel = "highest" }, .riskElevated),
        Case("a risk not assessed", paid { $0.riskLevel = "not_assessed" }),
        Case("a high risk score", paid { $0.riskScore = 75 }, .riskScore),
        Case("Stripe's own review", paid { $0.outcomeType = "manual_review" }, .riskReview),
        Case("a bank's warning", paid { $0.warnings = 1 }, .fraudWarning),
        Case(
            "nothing known of the charge",
            paid {
                $0.riskLevel = nil
                $0.riskScore = nil
                $0.outcomeType = nil
            }
        ),
    ]

    @Test("hold the rules whose values are reached, and no others", arguments: cases)
    func rules(of example: Case) {
        let assessment = FraudAssessment(of: example.inputs, by: FraudPolicy())
        #expect(assessment.reasons.map(\.rule) == example.rules)
        let weights = example.rules.map(\.specification.weight)
        #expect(assessment.score == weights.reduce(0, +))
    }

    @Test("let ordinary buyers order again and again, even new ones")
    func busyBuyer() {
        let inputs = Self.ordinary { inputs in
            inputs.history = FraudInputs.History(
                paidOrders: 0,
                largestPaid: 0,
                byEmail: 1_000,
                byNetwork: 1_000,
                byDelivery: 1_000
            )
        }
        #expect(FraudAssessment(of: inputs, by: FraudPolicy()).outcome == .allow)
    }

    @Test(
        "compare the score with what the policy allows",
        arguments: [
            (weight: 49, outcome: FraudOutcome.allow), (50, .review), (99, .review),
            (100, .block), (1_000, .block),
        ]
    )
    func outcomes(weight: Int, outcome: FraudOutcome) throws {
        var policy = FraudPolicy()
        try policy.change(by: "countries_differ=\(weight)")
        let inputs = Self.ordinary { $0.billingCountry = "DE" }
        #expect(FraudAssessment(of: inputs, by: policy).outcome == outcome)
    }

    @Test("of money that is there never block")
    func moneyIsKept() {
        let inputs = Self.paid { inputs in
            inputs.warnings = 9
            inputs.riskLevel = "highest"
        }
        let assessment = FraudAssessment(of: inputs, by: FraudPolicy())
        #expect(assessment.score >= 100 && assessment.outcome == .review)
    }

    @Test("leave out what somebody has looked at")
    func waived() {
        let inputs = Self.paid { $0.riskLevel = "elevated" }
        let assessment = FraudAssessment(
            of: inputs,
            by: FraudPolicy(),
            waiving: [.riskElevated]
        )
        #expect(assessment.reasons.isEmpty && assessment.outcome == .allow)
    }

    @Test("keep all that explains them")
    func document() {
        let inputs = Self.ordinary { $0.billingCountry = "DE" }
        let document = FraudAssessment(of: inputs, by: FraudPolicy()).document
        #expect(document["inputs"]?["billingCountry"] == "DE")
        #expect(document["inputs"]?["history"]?["paidOrders"] == 3)
        #expect(document["reviewScore"] == 50 && document["blockScore"] == 100)
        let reason = document["reasons"]?[0]
        #expect(reason?["rule"] == "countries_differ" && reason?["weight"] == 25)
        #expect(reason?["value"] == 1 && reason?["threshold"] == 1)
    }
}

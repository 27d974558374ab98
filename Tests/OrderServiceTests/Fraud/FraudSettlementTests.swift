import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Checks for fraud once the money is there", .enabled(if: ServiceUnderTest.isAvailable))
struct FraudSettlementTests {
    private static let rules = ServiceUnderTest.fraud()

    @Test("hold what Stripe takes for risky, and the money stays")
    func elevated() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_riskLevelElevated")
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            #expect(try service.report("start", of: order).code == "illegal_transition")
            let reasons = try service.reviews()[0]["decisions"]?[0]?["reasons"]?.array ?? []
            #expect(reasons.map { $0["rule"] } == ["risk_elevated", "risk_review"])
            // Taken money waits for somebody, and is not given back by itself.
            service.advance(by: .seconds(48 * 3_600))
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            #expect(try service.decide(service.waitingReview(), "approve").status == 200)
            #expect(service.state(order) == "confirmed paid")
            try service.settle()
            #expect(service.stock() == ["committed"])
            #expect(try service.report("start", of: order).status == 200)
        }
    }

    @Test("give rejected money back, and the stock")
    func reject() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_riskLevelElevated")
            try service.settle()
            #expect(try service.decide(service.waitingReview(), "reject").status == 200)
            for _ in 0..<2 {
                service.advance(by: .seconds(120))
                try service.settle()
            }
            #expect(service.state(order) == "rejected refunded")
            #expect(service.stock() == ["released"])
        }
    }

    @Test("hold what was paid after many cards were declined")
    func declines() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            for card in [
                "pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds",
                "pm_card_chargeDeclinedExpiredCard",
            ] {
                try service.pay(order, with: card)
                try service.settle()
            }
            try service.pay(order)
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            let inputs = try JSON(
                parsing: Array(
                    service.query(
                        "SELECT document FROM fraud_decisions WHERE stage = 'settlement'"
                    )[0].string("document").utf8
                )
            )["inputs"]
            #expect(inputs?["declines"] == 3 && inputs?["cards"] == 4)
            #expect(inputs?["riskLevel"] == "normal" && inputs?["cardCountry"] == "RO")
        }
    }

    @Test(
        "hold what was paid after many cards were declined, whichever is heard of first",
        arguments: [false, true]
    )
    func lateDeclines(comesBack: Bool) async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            for card in [
                "pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds",
                "pm_card_chargeDeclinedExpiredCard",
            ] {
                try service.pay(order, with: card)
            }
            try service.pay(order)
            if comesBack {
                service.send(.post, "\(order.path)/payments/refresh", token: order.token)
                #expect(service.state(order) == "confirmed paid")
            }
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            #expect(try service.report("start", of: order).status == 409)
        }
    }

    @Test("let two declines of one card and a card from abroad pass")
    func harmless() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            for _ in 0..<2 { try service.pay(order, with: "pm_card_chargeDeclined") }
            try service.pay(order, with: "pm_card_fr")
            try service.settle()
            #expect(service.state(order) == "confirmed paid")
            #expect(try service.decisions().last == "settlement allow 20")
        }
    }

    @Test("hold a confirmed order that a bank warns of, until somebody sends it all the same")
    func warning() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.paidOrder()
            #expect(service.state(order) == "confirmed paid")
            service.warnOfFraud(order)
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            #expect(try service.report("start", of: order).status == 409)
            #expect(try service.decide(service.waitingReview(), "approve").status == 200)
            #expect(service.state(order) == "confirmed paid")
            // The warning is cleared with it.
            #expect(try service.report("start", of: order).status == 200)
        }
    }

    @Test("ask again for an approved order only if there is news")
    func newsAfterApproval() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_riskLevelElevated")
            try service.settle()
            try service.decide(service.waitingReview(), "approve")
            service.advance(by: .seconds(60))
            try service.settle()
            #expect(service.state(order) == "confirmed paid")
            service.warnOfFraud(order)
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            let last = try service.decisions().last
            #expect(last == "settlement review 100")
        }
    }

    @Test("look again where Stripe's words about the charge came late")
    func late() async throws {
        let changes = Self.rules.merging(
            ["STRIPE_READ_POLICY": "attempts=1 minimumCalls=1000"]
        ) { $1 }
        try await ServiceUnderTest.run(changes) { service in
            let order = try service.placedOrder()
            service.setFault("GET /stripe/v1/payment_intents/*", "status", status: 503)
            try service.pay(order, with: "pm_card_riskLevelElevated")
            // The signed event says that it is paid, and no more.
            try service.settle()
            #expect(service.state(order) == "confirmed paid")
            service.removeFaults()
            service.advance(by: .seconds(120))
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            #expect(
                try service.decisions()
                    == ["checkout allow 5", "settlement allow 0", "settlement review 100"]
            )
        }
    }

    @Test("hold what was paid at the last moment before it expired")
    func whileExpiring() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            service.standIn(.post, "/_webhooks", ["paused": true])
            try service.pay(order, with: "pm_card_riskLevelElevated")
            service.advance(by: .seconds(1_810))
            try service.drain()
            #expect(service.state(order) == "payment_review paid")
            #expect(service.stock() == ["held"])
            #expect(try service.reviews().count == 1)
        }
    }
}

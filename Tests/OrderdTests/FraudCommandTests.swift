import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite(
    "orderd fraud explain",
    .enabled(if: Program.isAvailable && ServiceUnderTest.isAvailable)
)
struct FraudCommandTests {
    private static let rules = [
        "FRAUD_REVIEW_SCORE": "50", "FRAUD_BLOCK_SCORE": "100", "FRAUD_RULES": "new_customer=50",
    ]

    @Test("prints both stages with inputs and reasons, and the review, by id and by number")
    func explains() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_fr")
            try service.settle()
            let number = try #require(order.answer["order", "orderNumber"].string)
            for name in [String(order.id), number] {
                let run = try Program.run(["fraud", "explain", name], service.settings)
                #expect(run.status == 0, "\(run.errors)")
                for part in [
                    "order \(order.id) \(number): payment_review, authorized",
                    "checkout: review, score 50 (review from 50, block from 100",
                    "+50 new_customer: 1 of 1 yes. Nothing that this customer ordered",
                    "settlement: allow, score 20 (review from 50,", "+20 card_country_differs",
                    "cardCountry = FR", "riskLevel = normal", ": waiting, opened ",
                ] { #expect(run.output.contains(part), "\(part) is not in \(run.output)") }
                #expect(!run.output.contains("ana@"))
            }
        }
    }

    @Test("prints the same as JSON, and ends with 1 where there is no such order")
    func json() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let run = try Program.run(
                ["fraud", "explain", String(order.id), "--json"],
                service.settings
            )
            let told = try JSON(parsing: Array(run.output.utf8))
            #expect(told["orderId"]?.integer == order.id)
            let decision = told["decisions"]?[0]
            #expect(decision?["outcome"] == "review" && decision?["version"] == 1)
            #expect(decision?["inputs"]?["history"]?["paidOrders"] == 0)
            #expect(told["reviews"]?[0]?["state"] == "waiting")
            let none = try Program.run(["fraud", "explain", "RO-NONE"], service.settings)
            #expect(none.status == 1 && none.output == "")
            #expect(none.errors.contains("there is no order RO-NONE"))
        }
    }
}

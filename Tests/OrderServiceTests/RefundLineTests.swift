import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Refunds by lines", .enabled(if: ServiceUnderTest.isAvailable))
struct RefundLineTests {
    @Test("cost what the pieces cost, and no piece goes back twice")
    func byLines() async throws {
        try await ServiceUnderTest.run { service in
            try service.sell("CANA-ROSIE", price: 1_999)
            try service.sell("LINGURA", price: 701)
            let order = try service.placedOrder([
                ServiceUnderTest.item("CANA-ROSIE", 3), ServiceUnderTest.item("LINGURA", 1),
            ])
            try service.pay(order)
            try service.settle()
            let token = try service.staff()
            let first = service.refund(
                order,
                token: token,
                key: "1",
                [("items", [["sku": "CANA-ROSIE", "quantity": 2]])]
            )
            #expect(first.status == 201 && first["amount", "amount"] == 3_998)
            #expect(
                first["items"] == [
                    [
                        "position": 1, "quantity": 2,
                        "amount": ["amount": 3_998, "currency": "RON"],
                    ]
                ]
            )
            let tooMany = service.refund(
                order,
                token: token,
                key: "2",
                [("items", [["position": 1, "quantity": 2]])]
            )
            #expect(tooMany.status == 409 && tooMany.code == "refund_exceeds_captured")
            #expect(tooMany.faults == ["/items/0/quantity range"])
            let inSteps = service.refund(
                order,
                token: token,
                key: "3",
                [
                    (
                        "items",
                        [
                            ["position": 1, "quantity": 1], ["sku": "CANA-ROSIE", "quantity": 1],
                        ]
                    )
                ]
            )
            #expect(inSteps.status == 409 && inSteps.faults == ["/items/1/quantity range"])
            let rest = service.refund(
                order,
                token: token,
                key: "4",
                [
                    (
                        "items",
                        [["sku": "LINGURA", "quantity": 1], ["position": 1, "quantity": 1]]
                    )
                ]
            )
            #expect(rest.status == 201 && rest["amount", "amount"] == 2_700)
            #expect(try service.sums(of: order).refunded == 6_698)
        }
    }

    @Test("that failed at Stripe may be asked for again")
    func failedLines() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_refundFail")
            try service.settle()
            let token = try service.staff()
            let items: JSON = [["position": 1, "quantity": 1]]
            #expect(service.refund(order, token: token, key: "1", [("items", items)]).status == 201)
            #expect(service.refund(order, token: token, key: "2", [("items", items)]).status == 409)
            service.advance(by: .seconds(60))
            try service.settle()
            #expect(try service.refundStatuses(of: order) == ["failed"])
            #expect(service.refund(order, token: token, key: "3", [("items", items)]).status == 201)
        }
    }
}

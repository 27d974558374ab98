import OrderServiceTesting
import Testing
import Web

extension WholeStackTests {
    /// Customers who want the same thing at the same moment.
    @Suite("Contention")
    struct ContentionTests {
        private static let shopSKU = "CAFEA-250"

        @Test("50 completions of one checkout at once make one order and one intent")
        func oneCheckout() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest()
                try stack.stockUp(sku: Self.shopSKU)
                let checkout = try stack.shopper().prepare(sku: Self.shopSKU)
                let answers = try (0..<50).map { number in
                    // Half of them click again and again, the others come from tabs of their own.
                    let key = number.isMultiple(of: 2) ? "same" : "tab-\(number)"
                    return completion(of: checkout, key, in: stack)
                }.map { try $0.join(within: 60) }
                let orders = Set(answers.map { $0.json?["order"]?["id"]?.integer })
                #expect(answers.allSatisfy { $0.status == 201 })
                #expect(orders.count == 1)
                let tokens = answers.compactMap { $0.json?["guestToken"]?.string }
                #expect(Set(tokens).count == 1)
                let state = try stack.simulatorState()
                #expect(state["paymentIntents"]?.array?.count == 1)
                #expect(state["reservations"]?.array?.count == 1)
                let audit = try Audit.atRest(stack, initialStock: [Self.shopSKU: 1_000_000])
                #expect(audit.findings == [])
                #expect(audit.census == ["awaiting_payment, requires_payment_method": 1])
            }
        }

        @Test("of two buyers of the last piece one wins, and the other is never asked for money")
        func lastPiece() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest()
                for round in 0..<5 {
                    let sku = "ULTIMA-\(round)"
                    let product: JSON = [
                        "sku": .string(sku), "name": "Ultima bucată", "price": 9_900,
                        "vatRate": 21, "stock": 1,
                    ]
                    try stack.simulate(.json("PUT", "/products", ["products": [product]]))
                    let checkouts = try (0..<2).map { _ in
                        try stack.shopper().prepare(sku: sku)
                    }
                    let answers = try checkouts.map { completion(of: $0, $0.id, in: stack) }
                        .map { try $0.join() }
                    #expect(answers.map(\.status).sorted() == [201, 409])
                    let refused = answers.first { $0.status == 409 }?.json
                    #expect(refused?["code"] == "out_of_stock")
                    let intents = try stack.simulatorState()["paymentIntents"]?.array ?? []
                    #expect(intents.count == round + 1)
                    let audit = try Audit.atRest(stack, initialStock: [sku: 1])
                    #expect(audit.findings == [])
                }
            }
        }

        /// Starts a completion, asked again while another one with its key is under way.
        private func completion(
            of checkout: ReadyCheckout,
            _ key: String,
            in stack: StackUnderTest
        ) -> Companion<HTTPAnswer> {
            var call = checkout.completion()
            call.fields.removeAll { $0.name == "Idempotency-Key" }
            call = call.with("Idempotency-Key", key)
            let (port, final) = (stack.port, call)
            return Companion {
                while true {
                    let answer = try HTTPConnection(port: port).send(final)
                    guard answer.json?["code"] == "idempotency_in_progress" else { return answer }
                }
            }
        }
    }
}

import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing
import Web

extension WholeStackTests {
    /// One of the shop's own services is away.
    @Suite("Services away")
    struct FallbackTests {
        private static let settings = [
            "USER_SERVICE_POLICY": policy, "PRODUCT_SERVICE_POLICY": policy,
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "1000000", "PAYMENT_LIMIT_CUSTOMER_DAY": "1000000",
            "PAYMENT_LIMIT_ADDRESS_HOUR": "1000000",
            "FRAUD_REVIEW_SCORE": "1000000", "FRAUD_BLOCK_SCORE": "1000000",
        ]

        private static let policy =
            "minimumCalls=10 attemptTimeout=500ms totalTimeout=1s slowCallDuration=400ms"
            + " openWait=700ms openWaitCap=700ms"

        @Test("keep a customer's cart from the last look, and sell without a reservation")
        func away() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest(settings: Self.settings)
                try stack.stockUp()
                for fault in StandInFault.all.filter(\.isTotal) {
                    try cartsFromCache(stack, fault)
                }
                let checkouts = FaultyCheckouts(stack)
                for fault in StandInFault.all.prefix(2) {
                    try optimisticOrders(stack, checkouts, fault)
                }
                try expectVerification(stack)
            }
        }

        private func cartsFromCache(_ stack: StackUnderTest, _ fault: StandInFault) throws {
            let cart: JSON = ["items": [["sku": "CAFEA-250", "quantity": 2]]]
            let id = stack.value("CUSTOMER_ID")
            try stack.simulate(.json("PUT", "/users/\(id)/cart", cart))
            let call = HTTPCall.json(
                "POST",
                "/v1/checkout/sessions",
                [:],
                token: stack.customerToken
            )
            let isFresh = try eventually(within: .seconds(20)) {
                try stack.shopper().expect(201, call).json?["fromCache"]?.bool == false
            }
            #expect(isFresh, "\(fault)")

            try stack.setFault(fault.json, at: "* /users/*")
            let load = Load(clients: 8, port: stack.port, limit: 50) { client in
                let answer = try Shopper(client.connection).expect(201, call)
                guard let json = answer.json, json["fromCache"]?.bool == true,
                    json["lines"]?[0]?["quantity"]?.integer == 2
                else { throw UnexpectedAnswer(call, answer) }
            }
            let seen = try load.join()
            try stack.removeFaults()
            #expect(seen.complaints == [], "\(fault)")
            #expect(seen.answered == 50, "\(fault)")
        }

        private func optimisticOrders(
            _ stack: StackUnderTest,
            _ checkouts: FaultyCheckouts,
            _ fault: StandInFault
        ) throws {
            // The breaker may still be open after the last fault, or half-open: then it lets two
            // calls through, and closes after them.
            let isBack = eventually(within: .seconds(20)) {
                (0..<4).allSatisfy { _ in (try? stack.shopper().prepare()) != nil }
            }
            try #require(isBack)
            try checkouts.prepare(20)
            for route in ["* /products/*", "* /products", "* /reservations/*", "* /reservations"] {
                try stack.setFault(fault.json, at: route)
            }
            let completions = try checkouts.complete(20, clients: 5)
            try stack.removeFaults()
            #expect(completions.count == 20, "\(fault)")
            #expect(completions.allSatisfy { $0.isOptimistic && !$0.isDegraded }, "\(fault)")
        }

        /// The worker makes sure of the stock once product-service is back.
        private func expectVerification(_ stack: StackUnderTest) throws {
            let database = stack.openDatabase()
            defer { database.close() }
            let deadline = Deadline.after(.seconds(60))
            let areVerified = try eventually(within: .seconds(40), every: .milliseconds(200)) {
                try database.query(
                    "SELECT COUNT(*) AS n FROM orders WHERE requires_verification",
                    until: deadline
                ).first?.int("n") == 0
            }
            #expect(areVerified)
            let states = try database.query(
                "SELECT DISTINCT status FROM reservations",
                until: deadline
            )
            let words = try states.map { try $0.string("status") }
            #expect(words == ["held"])
        }
    }
}

import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

/// A creation that Stripe is still at when its repetition comes.
@Suite("Keys that Stripe is slow with", .enabled(if: ServiceUnderTest.isAvailable))
struct SlowKeyTests {
    private static let create = "POST /stripe/v1/payment_intents"
    private static let policy = [
        "STRIPE_PAYMENT_POLICY": """
        attempts=2 attemptTimeout=500ms minimumUsefulTime=100ms totalTimeout=5s laneWait=5s \
        backoff.base=1ms
        """
    ]

    private func creations(_ service: ServiceUnderTest) -> Int {
        service.standInRequests("POST", "/stripe/v1/payment_intents")
    }

    @Test("give a key up that Stripe is slow with, and cancel the intent that comes of it later")
    func givesSlowKeyUp() async throws {
        try await ServiceUnderTest.run(Self.policy) { service in
            service.setFault(Self.create, "hold", times: 1)
            let order = try service.placedOrder()
            #expect(order.clientSecret != nil && order.answer["payment", "degraded"] == false)
            // The one that hangs, the one that was told so, and that under another key.
            #expect(creations(service) == 3)
            service.removeFaults()
            #expect(eventually { service.intents.count == 2 })
            try service.settle()
            #expect(service.intents.map { $0["status"] }.contains("canceled"))
            try service.pay(order)
            try service.settle()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
            #expect(service.intents.filter { $0["status"] == "succeeded" }.count == 1)
        }
    }

    @Test("tell a second click the intent that the first one makes under another key")
    func followsToAnotherKey() async throws {
        try await ServiceUnderTest.run(Self.policy) { service in
            service.setFault(Self.create, "hold", times: 1)
            let token = try service.session("1", .customer)
            let checkout = try service.cartCheckout(token: token)
            let first = Companion { service.complete(checkout, key: "one") }
            #expect(eventually { service.standIn(.get, "/_faults")["held"] == 1 })
            let second = service.complete(checkout, key: "two")
            let secret = try first.join()["payment", "clientSecret"].string
            #expect(secret != nil && second["payment", "clientSecret"].string == secret)
            #expect(second["payment", "degraded"] == false)
            service.removeFaults()
            #expect(eventually { service.intents.count == 2 })
            try service.settle()
            let states = service.intents.compactMap { $0["status"]?.string }.sorted()
            #expect(states == ["canceled", "requires_payment_method"])
        }
    }

    @Test("open the breaker by the repetitions that are refused while Stripe hangs")
    func opensWhileHanging() async throws {
        let policy = Self.policy.mapValues { $0 + " minimumCalls=4 openWait=5min" }
        try await ServiceUnderTest.run(policy) { service in
            service.setFault(Self.create, "hold")
            let first = try service.placedOrder()
            // Two keys, each hanging once and refused once: four calls, of which none was well.
            #expect(first.answer["payment", "degraded"] == true && creations(service) == 4)
            let second = try service.placedOrder()
            #expect(second.answer["payment", "degraded"] == true && creations(service) == 4)
            service.removeFaults()
        }
    }

    @Test("try no third key where Stripe hangs, and leave the payment to the worker")
    func hangsTwice() async throws {
        try await ServiceUnderTest.run(Self.policy) { service in
            let isInUse: JSON = [
                "match": .string(Self.create), "kind": "status", "status": 409, "times": 1,
                "body": [
                    "error": ["type": "idempotency_error", "code": "idempotency_key_in_use"]
                ],
            ]
            for _ in 1...2 {
                service.setFault(Self.create, "hold", times: 1)
                #expect(service.standIn(.post, "/_faults", isInUse).status == 201)
            }
            let order = try service.placedOrder()
            #expect(order.clientSecret == nil && order.answer["payment", "degraded"] == true)
            #expect(creations(service) == 4)
            service.removeFaults()
            #expect(eventually { service.intents.count == 2 })
            service.advance(by: .seconds(60))
            try service.settle()
            let payable = service.intents.filter { $0["status"] == "requires_payment_method" }
            #expect(payable.count == 1 && service.intents.count == 2)
        }
    }
}

import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Fallbacks", .enabled(if: ServiceUnderTest.isAvailable))
struct FallbackTests {
    private static let create = "POST /stripe/v1/payment_intents"

    private func reservation(_ service: ServiceUnderTest, _ id: Int64) throws -> String? {
        let rows = try service.query(
            "SELECT status FROM reservations WHERE order_id = \(id) ORDER BY id DESC LIMIT 1"
        )
        return try rows.first?.string("status")
    }

    private func isFlagged(_ service: ServiceUnderTest, _ id: Int64) throws -> Bool? {
        let rows = try service.query("SELECT requires_verification FROM orders WHERE id = \(id)")
        return try rows.first?.bool("requires_verification")
    }

    private func creations(_ service: ServiceUnderTest) -> Int {
        service.standInRequests("POST", "/stripe/v1/payment_intents")
    }

    @Test("degrade payments at once when Stripe's breaker is open, and ask it no more")
    func openBreaker() async throws {
        let policy = "attempts=1 minimumCalls=3 openWait=5min attemptTimeout=5s laneWait=5s"
        try await ServiceUnderTest.run(["STRIPE_PAYMENT_POLICY": policy]) { service in
            service.setFault(Self.create, "status", status: 503)
            for _ in 0..<3 {
                let order = try service.placedOrder()
                #expect(order.answer["payment", "degraded"] == true)
            }
            #expect(creations(service) == 3)
            service.removeFaults()
            let order = try service.placedOrder()
            #expect(order.answer["payment", "status"] == "requires_retry")
            #expect(order.answer["payment", "degraded"] == true)
            // As long as the breaker is sure to refuse, but no longer than a minute.
            #expect(order.answer["payment", "next", "retryAfterSeconds"] == 60)
            #expect(creations(service) == 3)
            // Reading is another dependency, which is well.
            #expect(service.send(.get, order.path, token: order.token).status == 200)
        }
    }

    @Test("repeat a creation whose answer was lost, under the same key, within one request")
    func repeatsLostAnswer() async throws {
        let policy = "attempts=2 attemptTimeout=5s laneWait=5s backoff.base=1ms"
        try await ServiceUnderTest.run(["STRIPE_PAYMENT_POLICY": policy]) { service in
            service.setFault(Self.create, "drop_after", times: 1)
            let order = try service.placedOrder()
            #expect(order.clientSecret != nil)
            #expect(service.intents.count == 1 && creations(service) == 2)
        }
    }

    @Test("never repeat a stored failure of Stripe") func doesNotRepeatStored() async throws {
        let policy = "attempts=3 attemptTimeout=5s laneWait=5s backoff.base=1ms"
        try await ServiceUnderTest.run(["STRIPE_PAYMENT_POLICY": policy]) { service in
            service.setFault(Self.create, "status", status: 500)
            let order = try service.placedOrder()
            #expect(order.answer["payment", "degraded"] == true)
            #expect(creations(service) == 1)
        }
    }

    @Test("verify an optimistic reservation once product-service is back")
    func verifiesReservation() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /reservations", "status", status: 503)
            let order = try service.placedOrder()
            #expect(
                order.answer["reservation"] == ["optimistic": true, "requiresVerification": true]
            )
            service.advance(by: .seconds(6))
            try service.drain()
            #expect(try reservation(service, order.id) == "optimistic")
            service.removeFaults()
            service.advance(by: .seconds(10))
            try service.drain()
            #expect(try reservation(service, order.id) == "held")
            #expect(try isFlagged(service, order.id) == false)
            #expect(service.standIn(.get, "/_state")["reservations"].array?.count == 1)
        }
    }

    @Test("have somebody look at an order whose optimistic stock is gone") func losesStock()
        async throws
    {
        try await ServiceUnderTest.run { service in
            try service.sell("ULTIMA", price: 5_000, stock: 1)
            let checkout = try service.readyCheckout([ServiceUnderTest.item("ULTIMA")])
            service.setFault("POST /reservations", "drop_before")
            let answer = service.complete(checkout)
            #expect(answer["reservation", "optimistic"] == true)
            let id = try #require(answer["order", "id"].integer)
            service.removeFaults()
            try service.sell("ULTIMA", price: 5_000, stock: 0)
            service.advance(by: .seconds(6))
            try service.drain()
            #expect(try reservation(service, id) == "lost")
            let token = answer["guestToken"].string
            #expect(
                service.send(.get, "/v1/orders/\(id)", token: token)["status"] == "stock_review"
            )
        }
    }

    @Test("reserve what was sold unreserved before it is made final") func reservesBeforeCommit()
        async throws
    {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /reservations", "status", status: 503, times: 1)
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            #expect(order.answer["order", "status"] == "confirmed")
            try service.drain()
            #expect(try reservation(service, order.id) == "committed")
            #expect(try isFlagged(service, order.id) == false)
        }
    }

    @Test("let snapshot prices stand while product-service is down, and say so")
    func snapshotPrices() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            service.setFault("GET /products", "status", status: 503)
            let more: JSON = ["items": [ServiceUnderTest.item("CANA-ALBA", 3)]]
            let changed = service.send(.patch, checkout.path, token: checkout.token, more)
            #expect(changed.status == 200 && changed["requiresVerification"] == true)
            #expect(changed["lines", "0", "quantity"] == 3)
            let other: JSON = ["items": [ServiceUnderTest.item("TRICOU-M", 1)]]
            let refused = service.send(.patch, checkout.path, token: checkout.token, other)
            #expect(refused.status == 503 && refused.code == "dependency_unavailable")
            service.removeFaults()
            let again = service.send(.patch, checkout.path, token: checkout.token, more)
            #expect(again.status == 200 && again["requiresVerification"] == false)
        }
    }

    @Test("tell the shop's services how long an answer is waited for") func passesDeadline()
        async throws
    {
        try await ServiceUnderTest.run { service in
            _ = try service.placedOrder()
            let deadlines = service.gateway.headers("X-Deadline-Ms")
            #expect(!deadlines.isEmpty)
            #expect(deadlines.allSatisfy { (1...4_000).contains(Int($0) ?? 0) })
        }
    }
}

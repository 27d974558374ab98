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

    @Test("believe no empty answer of product-service")
    func emptyAnswers() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /reservations", "status", status: 200)
            let order = try service.placedOrder()
            #expect(order.answer["reservation", "optimistic"] == true)
            service.removeFaults()
            service.setFault("POST /reservations/*/*", "status", status: 200)
            try service.pay(order)
            service.advance(by: .seconds(10))
            try service.settle()
            let rows = try service.query("SELECT status FROM reservations")
            #expect(try rows.map { try $0.string("status") } == ["held"])
        }
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

    @Test("take a refusal in nobody's words for an outage")
    func gateway() async throws {
        let policy = "attempts=1 minimumCalls=3 openWait=5min attemptTimeout=5s laneWait=5s"
        try await ServiceUnderTest.run(["STRIPE_PAYMENT_POLICY": policy]) { service in
            let fault: JSON = [
                "match": .string(Self.create), "kind": "status", "status": 404,
                "body": ["message": "no route"],
            ]
            #expect(service.standIn(.post, "/_faults", fault).status == 201)
            for _ in 0..<4 {
                let order = try service.placedOrder()
                #expect(order.answer["payment", "degraded"] == true)
            }
            #expect(creations(service) == 3)
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

    /// An order of the last piece, placed while product-service did not answer.
    private func optimisticOrder(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        try service.sell("ULTIMA", price: 5_000, stock: 1)
        service.setFault("POST /reservations", "drop_before")
        let order = try service.placedOrder([ServiceUnderTest.item("ULTIMA")])
        #expect(order.answer["reservation", "optimistic"] == true)
        return order
    }

    @Test("end an unpaid order whose optimistic stock is gone, and cancel its payment")
    func losesStock() async throws {
        try await ServiceUnderTest.run { service in
            let order = try optimisticOrder(service)
            service.removeFaults()
            try service.sell("ULTIMA", price: 5_000, stock: 0)
            service.advance(by: .seconds(6))
            try service.drain()
            #expect(try reservation(service, order.id) == "lost")
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "rejected" && after["paymentStatus"] == "cancelled")
            #expect(service.intents.map { $0["status"]?.string } == ["canceled"])
        }
    }

    @Test("only authorize the money of an optimistic order, and take it once the stock is held")
    func capturesAfterVerification() async throws {
        try await ServiceUnderTest.run { service in
            let order = try optimisticOrder(service)
            try service.pay(order)
            try service.settle()
            let waiting = service.send(.get, order.path, token: order.token)
            #expect(waiting["status"] == "awaiting_payment")
            #expect(waiting["paymentStatus"] == "authorized")
            service.removeFaults()
            // The answer of the capture is lost once; it is found out that it went well.
            service.setFault(
                "POST /stripe/v1/payment_intents/*/capture",
                "drop_after",
                times: 1
            )
            for _ in 0..<3 {
                service.advance(by: .seconds(60))
                try service.settle()
            }
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
            #expect(try reservation(service, order.id) == "committed")
        }
    }

    @Test("void the authorized money of an optimistic order whose stock is gone")
    func voidsAuthorization() async throws {
        try await ServiceUnderTest.run { service in
            let order = try optimisticOrder(service)
            try service.pay(order)
            try service.settle()
            service.removeFaults()
            try service.sell("ULTIMA", price: 5_000, stock: 0)
            for _ in 0..<2 {
                service.advance(by: .seconds(60))
                try service.settle()
            }
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "rejected" && after["paymentStatus"] == "cancelled")
            #expect(service.intents.map { $0["status"]?.string } == ["canceled"])
        }
    }

    @Test("void authorized money after a day in which the stock could not be verified")
    func authorizationExpires() async throws {
        try await ServiceUnderTest.run { service in
            let order = try optimisticOrder(service)
            try service.pay(order)
            try service.settle()
            service.advance(by: .seconds(23 * 3_600))
            try service.drain()
            let waiting = service.send(.get, order.path, token: order.token)
            #expect(waiting["status"] == "awaiting_payment")
            service.advance(by: .seconds(2 * 3_600))
            try service.drain()
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "expired" && after["paymentStatus"] == "cancelled")
        }
    }

    @Test("leave an order in review that is paid while somebody looks at its stock")
    func staysInReview() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.execute(
                "UPDATE orders SET status = 'stock_review' WHERE id = \(order.id)"
            )
            try service.pay(order)
            try service.settle()
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "stock_review" && after["paymentStatus"] == "paid")
        }
    }

    @Test("send nothing whose stock is not certain") func shipsNothingUncertain() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /reservations", "status", status: 503)
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let warehouse = try service.session("9", .service)
            let report = "/v1/admin/orders/\(order.id)/fulfilment"
            let refused = service.send(.post, report, token: warehouse, ["event": "start"])
            #expect(refused.status == 409 && refused.code == "illegal_transition")
            service.removeFaults()
            service.advance(by: .seconds(60))
            try service.drain()
            let started = service.send(.post, report, token: warehouse, ["event": "start"])
            #expect(started.status == 200 && started["status"] == "in_fulfilment")
        }
    }

    @Test("reserve under a new key where the first one has run out unseen") func renewsKey()
        async throws
    {
        try await ServiceUnderTest.run { service in
            // The reservation is made, and its answer is lost.
            service.setFault("POST /reservations", "drop_after")
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            service.removeFaults()
            service.setFault("POST /reservations", "status", status: 503)
            service.advance(by: .seconds(3_600))
            try service.drain()
            service.removeFaults()
            for _ in 0..<3 {
                service.advance(by: .seconds(600))
                try service.drain()
            }
            #expect(try reservation(service, order.id) == "committed")
            let states = (service.standIn(.get, "/_state")["reservations"].array ?? []).map {
                $0["status"]?.string
            }
            #expect(states == ["expired", "committed"])
        }
    }

    @Test("take a 404 of something in between for no answer") func foreignNotFound() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let fault: JSON = [
                "match": "POST /reservations/*/commit", "kind": "status", "status": 404,
                "body": ["message": "no Route matched"],
            ]
            #expect(service.standIn(.post, "/_faults", fault).status == 201)
            try service.drain()
            #expect(try reservation(service, order.id) == "held")
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.drain()
            #expect(try reservation(service, order.id) == "committed")
        }
    }

    @Test("count nothing that Stripe repeats of its illness against it") func replayedFailures()
        async throws
    {
        let policy = "attempts=1 minimumCalls=7 openWait=5min attemptTimeout=5s laneWait=5s"
        try await ServiceUnderTest.run(["STRIPE_PAYMENT_POLICY": policy]) { service in
            let fault: JSON = [
                "match": .string(Self.create), "kind": "status", "status": 500, "times": 3,
                "stored": true,
            ]
            #expect(service.standIn(.post, "/_faults", fault).status == 201)
            let orders = try (0..<3).map { _ in try service.placedOrder() }
            service.removeFaults()
            // Each key brings its stored failure once more; then a new one is used.
            for order in orders {
                let started = service.send(
                    .post,
                    "\(order.path)/payments",
                    token: order.token,
                    key: "again",
                    [:]
                )
                #expect(started.status == 200 && started["degraded"] == false)
            }
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

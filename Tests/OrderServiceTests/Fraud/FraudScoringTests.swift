import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("The scoring service", .enabled(if: ServiceUnderTest.isAvailable))
struct FraudScoringTests {
    private static let route = "POST /scoring/assess"
    private static let generous = "attemptTimeout=4s totalTimeout=4s attempts=1 laneWait=4s"

    /// Settings with the stand-in for the scoring service, whose word is enough for a review.
    private static func settings(policy: String = generous) -> [String: String] {
        ServiceUnderTest.fraud(
            "external_score=60",
            ["FRAUD_SCORING_URL": ServiceUnderTest.scoring, "FRAUD_SCORING_POLICY": policy]
        )
    }

    private func inputs(_ service: ServiceUnderTest) throws -> JSON {
        let rows = try service.query(
            "SELECT document FROM fraud_decisions ORDER BY id DESC LIMIT 1"
        )
        return try JSON(parsing: Array(rows[0].string("document").utf8))["inputs"] ?? .null
    }

    @Test("is heard", arguments: [(score: 74, isHeld: false), (75, true), (100, true)])
    func heard(score: Int, isHeld: Bool) async throws {
        try await ServiceUnderTest.run(Self.settings()) { service in
            service.standIn(.put, "/scoring", ["score": JSON(score)])
            _ = try service.placedOrder()
            let last = try service.decisions().last
            #expect(last == (isHeld ? "checkout review 65" : "checkout allow 5"))
            #expect(try inputs(service)["externalScore"]?.integer == Int64(score))
            #expect(
                service.intents.map { $0["capture_method"] } == [isHeld ? "manual" : "automatic"]
            )
        }
    }

    @Test("is told no name, no address and no network")
    func discretion() async throws {
        try await ServiceUnderTest.run(Self.settings()) { service in
            let ready = try service.ready(try service.foreignCheckout())
            service.setFault(Self.route, "hold", times: 1)
            let deciding = Companion {
                try service.services.screening.decide(ready, service.context())
            }
            #expect(eventually { service.standIn(.get, "/_faults")["held"] == 1 })
            service.removeFaults()
            let completion = try deciding.join().completion
            let known = [ready.email, ready.name, ready.address.street, "127.0.0.1"]
            let told = FraudScoringClient.body(
                FraudInputs.Checkout(
                    total: 1,
                    billingCountry: "DE",
                    deliveryCountry: "RO",
                    largestQuantity: 1
                ),
                completion
            ).serialized()
            let text = String(decoding: told, as: UTF8.self)
            for personal in known { #expect(!text.contains(personal)) }
            #expect(text.contains("\"billingCountry\":\"DE\""))
        }
    }

    @Test(
        "keeps nobody from ordering by being away",
        arguments: ["status", "drop_before", "drop_after", "garbage"]
    )
    func away(kind: String) async throws {
        try await ServiceUnderTest.run(Self.settings()) { service in
            service.standIn(.put, "/scoring", ["score": 100])
            service.setFault(Self.route, kind, status: kind == "status" ? 503 : nil)
            let order = try service.paidOrder()
            #expect(service.state(order) == "confirmed paid")
            #expect(try service.decisions().first == "checkout allow 5")
            let document = try service.query(
                "SELECT document FROM fraud_decisions WHERE stage = 'checkout'"
            )[0].string("document")
            let inputs = try JSON(parsing: Array(document.utf8))["inputs"]
            #expect(inputs?["externalScore"] == .null && inputs?["scoringAsked"] == true)
            let text = service.send(.get, "/metrics").text
            #expect(text.contains("orderd_fraud_unavailable_total{source=\"scoring\"} 1"))
        }
    }

    @Test("is not asked while its breaker is open, and the rules decide")
    func breaker() async throws {
        try await ServiceUnderTest.run(
            Self.settings(policy: "\(Self.generous) minimumCalls=2 openWait=1min openWaitCap=1min")
        ) { service in
            service.setFault(Self.route, "status", status: 500)
            for number in 0..<4 {
                let checkout = try service.readyCheckout(email: "a\(number)@example.ro")
                #expect(service.complete(checkout, key: "key-\(number)").status == 201)
            }
            #expect(service.standInRequests("POST", "/scoring") == 2)
            #expect(try service.decisions().count == 4)
        }
    }

    @Test("is waited for no longer than its policy says")
    func slow() async throws {
        let policy = "attemptTimeout=200ms totalTimeout=300ms attempts=1"
        try await ServiceUnderTest.run(Self.settings(policy: policy)) { service in
            service.setFault(Self.route, "hold")
            let order = try service.placedOrder()
            let score = try inputs(service)["externalScore"]
            #expect(order.clientSecret != nil && score == .null)
        }
    }

    @Test("is asked by nobody where none is set")
    func off() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.fraud()) { service in
            _ = try service.placedOrder()
            #expect(service.standInRequests("POST", "/scoring") == 0)
            #expect(try inputs(service)["scoringAsked"] == false)
        }
    }
}

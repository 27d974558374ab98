import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Reviews of fraud", .enabled(if: ServiceUnderTest.isAvailable))
struct FraudReviewTests {
    private static let rules = ServiceUnderTest.fraud(ServiceUnderTest.strict)
    private static let capture = "POST /stripe/v1/payment_intents/*/capture"
    private static let cancel = "POST /stripe/v1/payment_intents/*/cancel"

    @Test("that are approved take the money and let the order go on")
    func approve() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let answer = try service.decide(service.waitingReview(), "approve")
            #expect(answer.status == 200 && answer["state"] == "approved")
            #expect(answer["decidedBy"] == "staff:support-1")
            #expect(answer["reason"] == "spoke with the customer")
            #expect(service.state(order) == "confirmed paid")
            try service.settle()
            #expect(service.stock() == ["committed"])
            #expect(service.intents.map { $0["status"] } == ["succeeded"])
            #expect(try service.reviews().isEmpty)
            #expect(try service.reviews("approved").count == 1)
            let topics = try service.streamedTopics(of: order.id)
            #expect(topics == ["order.placed", "payment.succeeded", "order.confirmed"])
            #expect(try service.report("start", of: order).status == 200)
        }
    }

    @Test("of money that differs cannot be approved before the difference is settled")
    func difference() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let review = try service.waitingReview()
            let intent = try #require(service.intents.first?["id"]?.string)
            service.stripe(.post, "payment_intents/\(intent)/capture", "amount_to_capture=1000")
            try service.settle()
            let refused = try service.decide(review, "approve")
            #expect(refused.status == 409 && refused.code == "illegal_transition")
            #expect(refused["reviewStatus"] == "waiting")
            #expect(refused["detail"].string?.contains("amount_short") == true)
            #expect(service.state(order) == "payment_review paid")
            try service.execute("UPDATE payments SET review_reason = NULL")
            #expect(try service.decide(review, "approve").status == 200)
            #expect(service.state(order) == "confirmed paid")
        }
    }

    @Test("that are rejected let the money go, and give the stock back")
    func reject() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let answer = try service.decide(service.waitingReview(), "reject")
            #expect(answer.status == 200 && answer["state"] == "rejected")
            #expect(service.state(order) == "rejected cancelled")
            #expect(service.intents.map { $0["status"] } == ["canceled"])
            #expect(service.stock() == ["released"])
            try service.settle()
            let topics = try service.streamedTopics(of: order.id)
            #expect(topics == ["order.placed", "order.cancelled"])
        }
    }

    @Test("are on record: who decided what, and why, in the history and in the audit")
    func record() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let review = try service.waitingReview()
            try service.decide(review, "approve")
            let row = try #require(
                try service.query(
                    "SELECT actor, cause FROM order_events WHERE kind = 'fraud.approved'"
                ).first
            )
            #expect(try row.string("actor") == "staff:support-1")
            #expect(try row.string("cause") == "spoke with the customer")
            let entry = try #require(
                try service.query(
                    """
                    SELECT actor, subject, reason FROM audit_records
                    WHERE route = 'POST /v1/admin/fraud/reviews/{id}'
                    """
                ).first
            )
            #expect(try entry.string("subject") == String(review))
            #expect(try entry.string("reason") == "spoke with the customer")
            let told = service.events(order, as: order.token)
            #expect(!told.contains { $0.hasPrefix("fraud.") })
        }
    }

    @Test("take the same decision twice as once, and no other after it")
    func decidedOnce() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let review = try service.waitingReview()
            #expect(try service.decide(review, "approve").status == 200)
            let again = try service.decide(review, "approve", as: "support-2", because: "so do I")
            #expect(again.status == 200 && again["decidedBy"] == "staff:support-1")
            let other = try service.decide(review, "reject", as: "support-2")
            #expect(other.status == 409 && other.code == "illegal_transition")
            #expect(other["reviewStatus"] == "approved")
            #expect(service.state(order) == "confirmed paid")
            #expect(try service.decide(999, "approve").status == 404)
        }
    }

    @Test("go by the first of many who decide at once")
    func race() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let review = try service.waitingReview()
            let companions = (0..<8).map { number in
                Companion {
                    try service.decide(
                        review,
                        number.isMultiple(of: 2) ? "approve" : "reject",
                        as: "support-\(number)"
                    )
                }
            }
            let answers = try companions.map { try $0.join() }
            try service.settle()
            let end = try #require(
                try service.query("SELECT status, decided_by FROM fraud_reviews").first
            )
            let isApproved = try end.string("status") == "approved"
            #expect(service.state(order) == (isApproved ? "confirmed paid" : "rejected cancelled"))
            for (number, answer) in answers.enumerated() {
                let agrees = number.isMultiple(of: 2) == isApproved
                #expect(agrees ? [200, 202].contains(answer.status) : answer.status == 409)
            }
            let decided = try service.query(
                "SELECT kind FROM order_events WHERE kind IN ('fraud.approved', 'fraud.rejected')"
            )
            #expect(decided.count == 1)
        }
    }

    @Test("are gone on with by the worker where Stripe does not answer", arguments: [true, false])
    func outage(isApproved: Bool) async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            service.setFault(isApproved ? Self.capture : Self.cancel, "drop_before")
            let answer = try service.decide(
                service.waitingReview(),
                isApproved ? "approve" : "reject"
            )
            #expect(answer.status == 202)
            #expect(service.state(order) == "payment_review authorized")
            service.removeFaults()
            service.advance(by: .seconds(120))
            try service.settle()
            #expect(service.state(order) == (isApproved ? "confirmed paid" : "rejected cancelled"))
        }
    }

    @Test("that nobody decides in time let the money go, and not before")
    func timeOut() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            service.advance(by: .seconds(24 * 3_600 - 60))
            try service.settle()
            #expect(service.state(order) == "payment_review authorized")
            // As long as somebody may look, the stock is there.
            #expect(service.stock() == ["held"])
            service.advance(by: .seconds(120))
            try service.settle()
            #expect(service.state(order) == "rejected cancelled")
            #expect(service.stock() == ["released"])
            #expect(service.intents.map { $0["status"] } == ["canceled"])
            let ended = try service.reviews("timed_out")
            #expect(ended.map { $0["decidedBy"] } == ["worker"])
        }
    }

    @Test("take as long as the setting says")
    func setting() async throws {
        let rules = Self.rules.merging(["FRAUD_REVIEW_TIME": "2h"]) { $1 }
        try await ServiceUnderTest.run(rules) { service in
            let order = try service.suspiciousOrder(["paymentMethod": "cash_on_delivery"])
            try service.drain()
            service.advance(by: .seconds(2 * 3_600 + 1))
            try service.drain()
            #expect(service.state(order) == "rejected cancelled")
            #expect(service.stock() == ["released"])
        }
    }

    @Test("end with an order that its customer cancels")
    func lapse() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let review = try service.waitingReview()
            let path = "\(order.path)/cancel"
            #expect(service.send(.post, path, token: order.token, key: "c").status == 200)
            #expect(service.state(order) == "cancelled cancelled")
            #expect(try service.reviews("lapsed").map { $0["id"]?.integer } == [review])
            let late = try service.decide(review, "approve")
            #expect(late.status == 409 && late["reviewStatus"] == "lapsed")
        }
    }

    @Test("end with the authorization that the bank lets go")
    func authorizationLapses() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let review = try service.waitingReview()
            let id = try #require(order.clientSecret?.split(separator: "_secret_").first)
            service.stripe(.post, "payment_intents/\(id)/cancel")
            try service.settle()
            try service.settle()
            #expect(service.state(order) == "rejected cancelled")
            #expect(try service.decide(review, "approve").status == 409)
        }
    }

    @Test("wait on where the money was taken at Stripe, however long")
    func capturedElsewhere() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            let order = try service.heldOrder()
            let id = try #require(order.clientSecret?.split(separator: "_secret_").first)
            service.stripe(.post, "payment_intents/\(id)/capture")
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            // Looked at by the worker before its stock runs out, as it does all day.
            service.advance(by: .seconds(24 * 3_600 + 60))
            try service.settle()
            #expect(service.state(order) == "payment_review paid")
            service.advance(by: .seconds(24 * 3_600))
            #expect(try service.decide(service.waitingReview(), "approve").status == 200)
            try service.settle()
            #expect(service.state(order) == "confirmed paid")
            #expect(service.stock() == ["committed"])
        }
    }

    @Test("are listed oldest first, page by page, and only to support and admins")
    func list() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            for number in 0..<3 {
                _ = try service.suspiciousOrder(
                    ["paymentMethod": "cash_on_delivery"],
                    key: "key-\(number)"
                )
                service.advance(by: .seconds(60))
            }
            let token = try service.session("a", .admin)
            let path = "/v1/admin/fraud/reviews?size=2"
            let first = service.send(.get, path, token: token)
            let ages = (first["items"].array ?? []).compactMap { $0["ageSeconds"]?.integer }
            #expect(ages.count == 2 && ages[0] >= 180 && ages[1] >= 120 && ages[1] < ages[0])
            let cursor = try #require(first["nextCursor"].string)
            let second = service.send(.get, "\(path)&cursor=\(cursor)", token: token)
            #expect(second["items"].array?.count == 1 && second["nextCursor"] == .null)
            let wrong = service.send(.get, "\(path)&state=open", token: token)
            #expect(wrong.status == 400)
            for roles in [Roles.customer, .finance, .service] {
                let other = try service.session("b", roles)
                #expect(service.send(.get, path, token: other).status == 403)
            }
        }
    }

    @Test("show in the metrics, and so do decisions")
    func metrics() async throws {
        try await ServiceUnderTest.run(Self.rules) { service in
            _ = try service.placedOrder()
            _ = try service.suspiciousOrder(["paymentMethod": "cash_on_delivery"], key: "2")
            service.advance(by: .seconds(90))
            try service.services.makeSampler().drain()
            let text = service.send(.get, "/metrics").text
            let checkout = "orderd_fraud_decisions{stage=\"checkout\",outcome=\"%\"} 1"
            #expect(text.contains(checkout.replacing("%", with: "allow")))
            #expect(text.contains(checkout.replacing("%", with: "review")))
            #expect(text.contains("orderd_fraud_reviews_waiting 1"))
            #expect(text.contains(/orderd_fraud_reviews_oldest_seconds 9\d/))
        }
    }
}

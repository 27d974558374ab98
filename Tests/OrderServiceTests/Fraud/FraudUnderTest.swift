import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

/// What tests of the fraud checks do and see.
extension ServiceUnderTest {
    /// Settings with the scores as they are shipped, and rules that differ.
    static func fraud(
        _ rules: String = "",
        _ more: [String: String] = [:]
    ) -> [String: String] {
        ["FRAUD_REVIEW_SCORE": "50", "FRAUD_BLOCK_SCORE": "100", "FRAUD_RULES": rules]
            .merging(more) { $1 }
    }

    /// Rules by which a bill that goes abroad is looked at, and 60 pieces of one thing are refused.
    static let strict = "countries_differ=50 quantity_outlier=100@60"

    /// A guest's session that lacks nothing, and whose bill goes to Germany.
    func foreignCheckout(
        _ items: [JSON] = [ServiceUnderTest.item()],
        email: String = "ana@example.ro"
    ) throws -> Checkout {
        let checkout = try readyCheckout(items, email: email)
        let billing: JSON = [
            "name": "Ana Țîrlea",
            "address": [
                "street": "Lange Str. 1", "city": "Berlin", "postalCode": "10115",
                "country": "DE",
            ],
        ]
        let answer = send(
            .patch,
            checkout.path,
            token: checkout.token,
            ["billing": billing]
        )
        try #require(answer.status == 200, "\(answer.text)")
        return checkout
    }

    /// An order that somebody has to look at, under the rules `strict`.
    func suspiciousOrder(_ body: JSON = [:], key: String = "key-1") throws -> Placed {
        try placedOrder(of: try foreignCheckout(), key: key, body)
    }

    /// The same once its money is held.
    func heldOrder() throws -> Placed {
        let order = try suspiciousOrder()
        try pay(order)
        try settle()
        return order
    }

    /// The status of an order and that of its payment.
    func state(_ order: Placed) -> String {
        let summary = send(.get, order.path, token: order.token)
        return [summary["status"].string, summary["paymentStatus"].string]
            .map { $0 ?? "?" }.joined(separator: " ")
    }

    /// The reviews in a state, as support sees them.
    func reviews(_ state: String = "waiting") throws -> [JSON] {
        let token = try session("support-1", .support)
        let answer = send(.get, "/v1/admin/fraud/reviews?state=\(state)", token: token)
        try #require(answer.status == 200, "\(answer.text)")
        return answer["items"].array ?? []
    }

    /// The number of the one review that waits.
    func waitingReview() throws -> Int64 {
        let waiting = try reviews()
        try #require(waiting.count == 1)
        return try #require(waiting[0]["id"]?.integer)
    }

    /// Decides a review as somebody of the shop's.
    @discardableResult
    func decide(
        _ review: Int64,
        _ decision: String,
        as user: String = "support-1",
        because reason: String = "spoke with the customer"
    ) throws -> TestAnswer {
        send(
            .post,
            "/v1/admin/fraud/reviews/\(review)",
            token: try session(user, .support),
            ["decision": .string(decision), "reason": .string(reason)]
        )
    }

    /// The decisions on record as `stage outcome score`, oldest first.
    func decisions() throws -> [String] {
        try query("SELECT stage, outcome, score FROM fraud_decisions ORDER BY id").map { row in
            "\(try row.string("stage")) \(try row.string("outcome")) \(try row.int("score"))"
        }
    }

    /// Where the reservations at the stand-in stand.
    func stock() -> [String?] {
        (standIn(.get, "/_state")["reservations"].array ?? []).map { $0["status"]?.string }
    }

    /// A session as its completion would find it.
    func ready(_ checkout: Checkout) throws -> OrderPlacement.Ready {
        let store = CheckoutStore(
            database: services.database,
            cache: services.cache,
            clock: services.clock
        )
        let session = try #require(try store.record(checkout.id, until: soon))
        return try services.placement.ready(
            session,
            paymentMethod: .card,
            from: ClientNetwork(address: "127.0.0.1")
        )
    }

    /// The context of some request.
    func context() -> Context {
        Context(
            request: Request(.post, "/v1"),
            captures: Captures(),
            requestID: "request-1",
            deadline: soon,
            principal: .nobody,
            calls: CallLog(requestID: "request-1")
        )
    }
}

import MariaDB
import OrderServiceHarness
import Web

@testable import OrderService

/// What tests of bulk cancels start from.
extension ServiceUnderTest {
    static let bulkCancels = "/v1/orders/bulk/cancel"
    static let cancelIntent = "POST /stripe/v1/payment_intents/*/cancel"

    /// Asks for the cancel of these orders.
    func cancelAll(
        _ ids: [Int64],
        token: String,
        key: String = "all",
        reason: String = "the batch is recalled",
        to application: OrderApplication? = nil
    ) -> TestAnswer {
        let body: JSON = ["ids": .array(ids.map(JSON.integer)), "reason": .string(reason)]
        return send(.post, Self.bulkCancels, token: token, key: key, to: application, body)
    }

    /// Looks at a bulk cancel again, by what was answered when it was asked for.
    func lookAgain(at asked: TestAnswer, token: String) -> TestAnswer {
        send(.get, asked.field("Location") ?? "/nowhere", token: token)
    }

    /// The outcomes of a bulk cancel's orders, in its order.
    func outcomes(_ asked: TestAnswer, token: String) -> [String] {
        outcomes(lookAgain(at: asked, token: token))
    }

    func outcomes(_ look: TestAnswer) -> [String] {
        (look["items"].array ?? []).map { $0["outcome"]?.string ?? "?" }
    }

    /// How often each intent was cancelled at the stand-in for Stripe.
    var intentCancels: [Int] {
        intents.map { intent in
            let id = intent["id"]?.string ?? "?"
            return standInRequests("POST", "/stripe/v1/payment_intents/\(id)/cancel")
        }
    }

    /// The entries of an order's history that tell of its end, with who made them and why.
    func endings(of id: Int64) throws -> [String] {
        try query(
            """
            SELECT kind, actor, cause FROM order_events
            WHERE order_id = \(id) AND kind IN ('order.closing', 'order.cancelled') ORDER BY id
            """
        ).map { row in
            [try row.string("kind"), try row.string("actor"), try row.optionalString("cause")]
                .compactMap { $0 }.joined(separator: ", ")
        }
    }

    /// Sends an order that is paid at the door.
    func shippedOrder() throws -> Placed {
        let order = try placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
        let warehouse = try session("wms", .service)
        for event in ["start", "ship"] {
            let report = "/v1/admin/orders/\(order.id)/fulfilment"
            send(.post, report, token: warehouse, ["event": .string(event)])
        }
        return order
    }
}

import Foundation
package import MariaDB
import Resilience
package import Web

/// A guest's order, as its completion answered it.
package struct PlacedOrder: Sendable {
    package let id: Int64
    package let sessionID: String
    package let guestToken: String
    package let clientSecret: String?

    /// The request by which the browser charges the card with the client's secret; nil where
    /// there is nothing to charge.
    package var confirmation: HTTPCall? { Self.confirmation(of: clientSecret) }

    /// The same for any client secret and test card of Stripe's.
    package static func confirmation(
        of clientSecret: String?,
        card: String = "pm_card_visa"
    ) -> HTTPCall? {
        guard let clientSecret, let end = clientSecret.range(of: "_secret") else { return nil }
        return HTTPCall(
            "POST",
            "/stripe/v1/payment_intents/\(clientSecret[..<end.lowerBound])/confirm",
            fields: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(
                "key=pk_test_shop&client_secret=\(clientSecret)&payment_method=\(card)".utf8
            )
        )
    }
}

/// A guest's checkout that lacks nothing but its completion.
package struct ReadyCheckout: Sendable {
    package let id: String
    package let token: String

    package init(id: String, token: String) {
        self.id = id
        self.token = token
    }

    /// The request that makes it an order, always with the same key.
    package func completion(method: String = "card") -> HTTPCall {
        HTTPCall.json(
            "POST",
            "/v1/checkout/sessions/\(id)/complete",
            ["paymentMethod": .string(method)],
            token: token
        ).with("Idempotency-Key", "complete-\(id)")
    }
}

/// What a guest does, one request after the other.
package struct Shopper {
    package let connection: HTTPConnection

    package init(_ connection: HTTPConnection) {
        self.connection = connection
    }

    /// Sends a request that has to be answered with `status`.
    @discardableResult
    package func expect(_ status: Int, _ call: HTTPCall) throws -> HTTPAnswer {
        let answer = try connection.send(call)
        guard answer.status == status else { throw UnexpectedAnswer(call, answer) }
        return answer
    }

    /// Fills a basket and says where it goes.
    package func prepare(
        sku: String = "CAFEA-250",
        email: String = "ana@example.ro"
    ) throws -> ReadyCheckout {
        let create = HTTPCall.json(
            "POST",
            "/v1/checkout/sessions",
            ["email": .string(email), "items": [["sku": .string(sku), "quantity": 1]]]
        )
        let answer = try expect(201, create)
        guard let id = answer.json?["id"]?.string, let token = answer.json?["token"]?.string else {
            throw UnexpectedAnswer(create, answer)
        }
        let checkout = ReadyCheckout(id: id, token: token)
        try addDetails(to: checkout)
        return checkout
    }

    /// Says who orders, and where it goes.
    package func addDetails(to checkout: ReadyCheckout) throws {
        let address: JSON = [
            "street": "Str. Lungă 1", "city": "Cluj-Napoca", "county": "RO-CJ",
            "postalCode": "400001", "country": "RO",
        ]
        let details: JSON = [
            "contact": ["name": "Ana Pop"],
            "shipping": ["method": "courier", "address": address],
        ]
        let target = "/v1/checkout/sessions/\(checkout.id)"
        try expect(200, .json("PATCH", target, details, token: checkout.token))
    }

    /// Completes a checkout once.
    package func complete(
        _ checkout: ReadyCheckout,
        method: String = "card"
    ) throws -> PlacedOrder {
        let call = checkout.completion(method: method)
        let answer = try expect(201, call)
        guard let id = answer.json?["order"]?["id"]?.integer,
            let token = answer.json?["guestToken"]?.string
        else { throw UnexpectedAnswer(call, answer) }
        return PlacedOrder(
            id: id,
            sessionID: checkout.id,
            guestToken: token,
            clientSecret: answer.json?["payment"]?["clientSecret"]?.string
        )
    }
}

extension StackUnderTest {
    /// A guest with a connection of its own.
    package func shopper() -> Shopper { Shopper(connect()) }

    /// Fills the shelves, so that no load sells the shop out.
    package func stockUp(sku: String = "CAFEA-250") throws {
        let product: JSON = [
            "sku": .string(sku), "name": "Cafea boabe", "price": 3_490, "vatRate": 11,
            "stock": 1_000_000,
        ]
        try simulate(.json("PUT", "/products", ["products": [product]]))
    }

    /// Sends a request to the stand-ins that has to succeed.
    @discardableResult
    package func simulate(_ call: HTTPCall) throws -> HTTPAnswer {
        let answer = try connectToSimulator().send(call)
        guard (200...299).contains(answer.status) else { throw UnexpectedAnswer(call, answer) }
        return answer
    }

    /// Makes a route of the stand-ins late, until `removeFaults`.
    package func delay(_ route: String, milliseconds: Int64) throws {
        try setFault(["kind": "delay", "delayMs": .integer(milliseconds)], at: route)
    }

    /// Lets a route of the stand-ins misbehave, until `removeFaults`.
    ///
    /// The fault has the members of `POST /_faults` but `match`, which is the route: method and
    /// path, with wildcards.
    package func setFault(_ fault: JSON, at route: String) throws {
        let members = [(name: "match", value: JSON.string(route))] + (fault.members ?? [])
        try simulate(.json("POST", "/_faults", .object(members)))
    }

    package func removeFaults() throws {
        try simulate(HTTPCall("DELETE", "/_faults"))
    }

    /// What the stand-ins hold.
    package func simulatorState() throws -> JSON {
        try simulate(.get("/_state")).json ?? .null
    }

    /// The stack's database, as its owner.
    package func openDatabase() -> Database {
        Database(TestDatabase.configuration(socket: value("MARIADB_SOCKET"), schema: "orders"))
    }

    /// Makes everything due now that waits for its time, such as the refund that a process had
    /// taken its turn to send.
    package func hastenTasks() throws {
        let database = openDatabase()
        defer { database.close() }
        for table: SQL in ["refunds", "outbox"] {
            try database.execute(
                """
                UPDATE \(table) SET next_attempt_at = UTC_TIMESTAMP(6)
                WHERE next_attempt_at > UTC_TIMESTAMP(6)
                """,
                until: .after(.seconds(10))
            )
        }
    }
}

package import OrderService
import OrderServiceTesting
package import Web

/// What tests start from: sessions, checkouts and orders, each with defaults.
extension ServiceUnderTest {
    /// What a fixture could not be made of.
    package struct FixtureFailure: Error {
        package let step: String
        package let answer: String
    }

    /// A checkout session and the token that opens it.
    package struct Checkout: Sendable {
        package let id: String
        package let token: String
        package var path: String { "/v1/checkout/sessions/\(id)" }
    }

    /// An order that was placed, with what its completion answered.
    package struct Placed: Sendable {
        package let id: Int64
        /// A guest's token, or the customer's session.
        package let token: String
        package let checkout: Checkout
        package let answer: TestAnswer
        package var path: String { "/v1/orders/\(id)" }

        package var clientSecret: String? { answer["payment", "clientSecret"].string }
    }

    package static let address: JSON = [
        "street": "Str. Memorandumului 28", "city": "Cluj-Napoca",
        "county": "RO-CJ", "postalCode": "400114", "country": "RO",
    ]

    package static func item(_ sku: String = "CANA-ALBA", _ quantity: Int = 1) -> JSON {
        ["sku": .string(sku), "quantity": JSON(quantity)]
    }

    /// A session's token.
    package func session(_ user: String, _ roles: Roles, seconds: Int = 3_600) throws -> String {
        try services.sessions.issue(
            userID: user,
            roles: roles,
            timeToLive: .seconds(seconds),
            until: soon
        ).token
    }

    /// Puts a product into the stand-in's catalogue.
    package func sell(_ sku: String, price: Int, vatRate: Int = 21, stock: Int = 1_000) throws {
        let product: JSON = [
            "sku": .string(sku), "name": .string("Produs \(sku)"), "price": JSON(price),
            "vatRate": JSON(vatRate), "stock": JSON(stock),
        ]
        try require(standIn(.put, "/products", .array([product])), 200, "products")
    }

    /// A guest's session without contact and address.
    package func guestCheckout(
        _ items: [JSON] = [ServiceUnderTest.item()],
        email: String = "ana@example.ro"
    ) throws -> Checkout {
        let answer = send(
            .post,
            "/v1/checkout/sessions",
            ["email": .string(email), "items": .array(items)]
        )
        try require(answer, 201, "create")
        guard let id = answer["id"].string, let token = answer["token"].string else {
            throw FixtureFailure(step: "create", answer: answer.text)
        }
        return Checkout(id: id, token: token)
    }

    /// A guest's session that lacks nothing.
    package func readyCheckout(
        _ items: [JSON] = [ServiceUnderTest.item()],
        email: String = "ana@example.ro",
        method: String = "courier"
    ) throws -> Checkout {
        let checkout = try guestCheckout(items, email: email)
        try fill(checkout, method: method)
        return checkout
    }

    /// A customer's session that lacks nothing, made of a cart with these items.
    package func readyCheckout(
        customer: String,
        token: String,
        _ items: [JSON] = [ServiceUnderTest.item()]
    ) throws -> Checkout {
        try require(
            standIn(.put, "/users/\(customer)/cart", ["items": .array(items)]),
            200,
            "cart"
        )
        return try cartCheckout(token: token)
    }

    /// A customer's session that lacks nothing, made of the cart as it is.
    package func cartCheckout(token: String) throws -> Checkout {
        let answer = send(.post, "/v1/checkout/sessions", token: token, [:])
        try require(answer, 201, "create")
        let checkout = Checkout(id: answer["id"].string ?? "", token: token)
        try fill(checkout)
        return checkout
    }

    private func fill(_ checkout: Checkout, method: String = "courier") throws {
        let changes: JSON = [
            "contact": ["name": "Ana Țîrlea", "phone": "+40 722 000 111"],
            "shipping": ["address": Self.address, "method": .string(method)],
        ]
        try require(send(.patch, checkout.path, token: checkout.token, changes), 200, "fill")
    }

    /// Completes a session.
    @discardableResult
    package func complete(
        _ checkout: Checkout,
        key: String = "key-1",
        from address: String = "127.0.0.1",
        at application: OrderApplication? = nil,
        body: JSON = [:]
    ) -> TestAnswer {
        send(
            .post,
            "\(checkout.path)/complete",
            token: checkout.token,
            key: key,
            from: address,
            to: application,
            body
        )
    }

    /// A guest's order of one thing, completed with this body.
    package func placedOrder(completion body: JSON) throws -> Placed {
        try placedOrder([Self.item()], body)
    }

    /// A guest's order that waits for its payment.
    package func placedOrder(
        _ items: [JSON] = [ServiceUnderTest.item()],
        method: String = "courier",
        _ body: JSON = [:]
    ) throws -> Placed {
        let checkout = try readyCheckout(items, method: method)
        let answer = complete(checkout, body: body)
        try require(answer, 201, "complete")
        guard let id = answer["order", "id"].integer, let token = answer["guestToken"].string
        else { throw FixtureFailure(step: "complete", answer: answer.text) }
        return Placed(id: id, token: token, checkout: checkout, answer: answer)
    }

    /// A guest's order of a session that lacks nothing.
    package func placedOrder(
        of checkout: Checkout,
        key: String = "key-1",
        _ body: JSON = [:]
    ) throws -> Placed {
        let answer = complete(checkout, key: key, body: body)
        try require(answer, 201, "complete")
        guard let id = answer["order", "id"].integer, let token = answer["guestToken"].string
        else { throw FixtureFailure(step: "complete", answer: answer.text) }
        return Placed(id: id, token: token, checkout: checkout, answer: answer)
    }

    /// A customer's order that waits for its payment.
    package func placedOrder(customer: String, token: String) throws -> Placed {
        let checkout = try readyCheckout(customer: customer, token: token)
        let answer = complete(checkout)
        try require(answer, 201, "complete")
        return Placed(
            id: answer["order", "id"].integer ?? 0,
            token: token,
            checkout: checkout,
            answer: answer
        )
    }

    /// A guest's order that is paid and confirmed.
    package func paidOrder() throws -> Placed {
        let order = try placedOrder()
        try pay(order)
        try settle()
        return order
    }

    /// The browser confirms the payment at the stand-in with a test card.
    @discardableResult
    package func pay(_ order: Placed, with card: String = "pm_card_visa") throws -> TestAnswer {
        try pay(secret: order.clientSecret, with: card)
    }

    @discardableResult
    package func pay(secret: String?, with card: String = "pm_card_visa") throws -> TestAnswer {
        guard let id = secret?.split(separator: "_secret_").first else {
            throw FixtureFailure(step: "pay", answer: "no client secret")
        }
        return stripe(.post, "payment_intents/\(id)/confirm", "payment_method=\(card)")
    }

    /// Calls the stand-in for Stripe with the secret key, past the network.
    @discardableResult
    package func stripe(_ method: Method, _ path: String, _ form: String = "") -> TestAnswer {
        let headers = [
            (name: "Authorization", value: "Bearer \(Self.stripeSecretKey)"),
            (name: "Content-Type", value: "application/x-www-form-urlencoded"),
        ]
        let request = Request(
            method,
            "/stripe/v1/\(path)",
            headers: headers,
            body: Array(form.utf8)
        )
        return TestAnswer(response: simulation.respond(to: request))
    }

    private func require(_ answer: TestAnswer, _ status: Int, _ step: String) throws {
        guard answer.status == status else { throw FixtureFailure(step: step, answer: answer.text) }
    }
}

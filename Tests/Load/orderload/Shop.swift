import Foundation
import OrderServiceTesting
import Synchronization
import Web

/// A shop with orders in it, and what its visitors do.
final class Shop: Sendable {
    /// An order, with the tag of its summary as it was seen first.
    private struct Known: Sendable {
        let order: PlacedOrder
        let tag: String
    }

    let port: UInt16
    private let simulatorPort: UInt16
    private let customerToken: String
    private let supportToken: String
    private let known: Mutex<[Known]>

    // Enough that look-ups spread, few enough that most are hits.
    private static let kept = 500

    /// Places the first orders; nil if the environment lacks something.
    init?(_ environment: [String: String]) throws {
        guard let port = Self.port(environment["BASE_URL"]),
            let simulatorPort = Self.port(environment["SIM_URL"]),
            let customerToken = environment["CUSTOMER_TOKEN"],
            let customerID = environment["CUSTOMER_ID"],
            let supportToken = environment["SUPPORT_TOKEN"]
        else { return nil }
        self.port = port
        self.simulatorPort = simulatorPort
        self.customerToken = customerToken
        self.supportToken = supportToken
        known = Mutex([])
        try stock(for: customerID)
        let connection = HTTPConnection(port: port)
        for _ in 0..<50 { try buy(connection) }
        for _ in 0..<30 { try buyAsCustomer(connection, customerID) }
    }

    private static func port(_ url: String?) -> UInt16? {
        url.flatMap { $0.split(separator: ":").last }.flatMap { UInt16($0) }
    }

    private func stock(for customerID: String) throws {
        let shelf: JSON = [
            "products": [
                [
                    "sku": "CAFEA-250", "name": "Cafea boabe", "price": 3_490, "vatRate": 11,
                    "stock": 100_000_000,
                ]
            ]
        ]
        let simulator = Shopper(HTTPConnection(port: simulatorPort))
        try simulator.expect(200, .json("PUT", "/products", shelf))
    }

    // MARK: Visits

    /// Makes one visit, of one of these kinds.
    ///
    /// In thousandths of all visits:
    ///
    /// | 700 | 100 | 60 | 40 | 40 | 30 | 20 | 7 | 3 |
    /// |---|---|---|---|---|---|---|---|---|
    /// | look-up | 304 | unknown order | lines | history | events | no token | no route | order |
    func visit(_ connection: HTTPConnection) throws {
        let shopper = Shopper(connection)
        switch Int.random(in: 0..<1_000) {
        case 0..<700: try lookUp(shopper)
        case 700..<800: try revalidate(shopper)
        case 800..<860:
            let id = Int64.random(in: 900_000_000..<900_001_000)
            try shopper.expect(404, .get("/v1/orders/\(id)", token: supportToken))
        case 860..<900:
            let order = pick().order
            try shopper.expect(200, .get("/v1/orders/\(order.id)/items", token: order.guestToken))
        case 900..<940:
            let page = Int.random(in: 0..<4)
            try shopper.expect(200, .get("/v1/orders?page=\(page)&size=10", token: customerToken))
        case 940..<970:
            try shopper.expect(
                200,
                .get("/v1/orders/\(pick().order.id)/events", token: supportToken)
            )
        case 970..<990:
            try shopper.expect(401, .get("/v1/orders/\(pick().order.id)"))
        case 990..<997:
            try shopper.expect(404, .get("/v1/nothing/\(Int.random(in: 0..<1_000))"))
        default:
            try buy(connection)
        }
    }

    private func pick() -> Known {
        known.withLock { $0[Int.random(in: $0.indices)] }
    }

    private func lookUp(_ shopper: Shopper) throws {
        let order = pick().order
        let part = ["", "/payment", "/tracking"].randomElement() ?? ""
        let call = HTTPCall.get("/v1/orders/\(order.id)\(part)", token: order.guestToken)
        let answer = try shopper.expect(200, call)
        guard answer.text.prefix(60).contains(#"d":\#(order.id),"#) else {
            throw UnexpectedAnswer(call, answer)
        }
    }

    /// Nothing new, or the order's payment has come meanwhile.
    private func revalidate(_ shopper: Shopper) throws {
        let known = pick()
        let call = HTTPCall.get("/v1/orders/\(known.order.id)", token: known.order.guestToken)
            .with("If-None-Match", known.tag)
        let answer = try shopper.connection.send(call)
        guard answer.status == 304 || answer.status == 200 else {
            throw UnexpectedAnswer(call, answer)
        }
    }

    // MARK: Purchases

    /// A guest orders and pays, so that a webhook comes; an old order makes place for it.
    private func buy(_ connection: HTTPConnection) throws {
        let shopper = Shopper(connection)
        let order = try shopper.complete(shopper.prepare())
        try pay(order)
        try remember(order, shopper)
    }

    private func remember(_ order: PlacedOrder, _ shopper: Shopper) throws {
        let summary = try shopper.expect(
            200,
            .get("/v1/orders/\(order.id)", token: order.guestToken)
        )
        let known = Known(order: order, tag: summary.field("ETag") ?? "")
        self.known.withLock { orders in
            if orders.count < Self.kept {
                orders.append(known)
            } else {
                orders[Int.random(in: orders.indices)] = known
            }
        }
    }

    /// The customer's cart becomes an order, for the history.
    private func buyAsCustomer(_ connection: HTTPConnection, _ customerID: String) throws {
        let cart: JSON = ["items": [["sku": "CAFEA-250", "quantity": 1]]]
        try Shopper(HTTPConnection(port: simulatorPort))
            .expect(200, .json("PUT", "/users/\(customerID)/cart", cart))
        let shopper = Shopper(connection)
        let answer = try shopper.expect(
            201,
            .json("POST", "/v1/checkout/sessions", [:], token: customerToken)
        )
        let checkout = ReadyCheckout(id: answer.json?["id"]?.string ?? "", token: customerToken)
        try shopper.addDetails(to: checkout)
        try shopper.expect(201, checkout.completion(method: "cash_on_delivery"))
    }

    /// The card is charged, as the browser does it with the client's secret.
    private func pay(_ order: PlacedOrder) throws {
        guard let call = order.confirmation else { return }
        try Shopper(HTTPConnection(port: simulatorPort)).expect(200, call)
    }
}

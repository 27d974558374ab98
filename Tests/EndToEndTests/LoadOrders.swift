import OrderServiceTesting

/// Orders that exist, for a load to look up.
struct OrderShelf: Sendable {
    private let orders: [PlacedOrder]

    /// Places so many orders, and looks each up once, so that the caches are filled.
    init(_ count: Int, in stack: StackUnderTest) throws {
        try stack.stockUp()
        let shopper = stack.shopper()
        orders = try (0..<count).map { _ in try shopper.complete(shopper.prepare()) }
        for number in 0..<(count * Self.parts.count) { try lookUp(number, shopper) }
    }

    private static let parts = ["", "/payment", "/tracking"]

    /// Looks up one part of one order after the other, and checks that it is that order's.
    func lookUp(_ client: Load.Client) throws {
        let number = Int.random(in: 0..<(orders.count * Self.parts.count))
        try lookUp(number, Shopper(client.connection))
    }

    private func lookUp(_ number: Int, _ shopper: Shopper) throws {
        let order = orders[number / Self.parts.count]
        let call = HTTPCall.get(
            "/v1/orders/\(order.id)\(Self.parts[number % Self.parts.count])",
            token: order.guestToken
        )
        let answer = try shopper.expect(200, call)
        let start = answer.text.prefix(60)
        guard start.contains(#"d":\#(order.id),"#) else { throw UnexpectedAnswer(call, answer) }
    }
}

extension StackUnderTest {
    /// The sum of a metric over all its labels; 0 if there is none.
    func metric(_ name: String) throws -> Double {
        let text = try shopper().expect(200, .get("/metrics")).text
        return text.split(separator: "\n")
            .filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
            .reduce(0, +)
    }
}

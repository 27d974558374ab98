import Foundation
import OrderServiceTesting
import Synchronization
import Web

/// Guests buy by card, one purchase after the other: `paymentload CLIENTS SECONDS`, in the
/// environment of the stack's `env`.
///
/// A purchase is timed from its completion until its order shows as paid, which the webhook
/// brings; filling the basket is not. At last it prints one line of JSON with all samples.
@main
enum PaymentLoad {
    static func main() {
        do {
            try run()
        } catch {
            print("paymentload: \(error)")
            exit(1)
        }
    }

    private static func run() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let environment = ProcessInfo.processInfo.environment
        guard arguments.count == 2, arguments.allSatisfy({ $0 > 0 }),
            let port = Self.port(environment["BASE_URL"]),
            let simulatorPort = Self.port(environment["SIM_URL"])
        else {
            print("usage: paymentload CLIENTS SECONDS, in the environment of .run/env")
            exit(2)
        }
        let samples = Mutex<[Purchase]>([])
        try Purchase.stock(simulatorPort)
        let buyers = Load(clients: arguments[0], port: port) { client in
            let purchase = try Purchase(client.connection, simulatorPort)
            samples.withLock { $0.append(purchase) }
        }
        _ = buyers.hasEnded(within: arguments[1] * 1_000)
        buyers.stop()
        let seen = try buyers.join()
        let result: JSON = [
            "purchases": .array(samples.withLock { $0 }.map(\.json)),
            "failures": .array(seen.failures.map { JSON.string($0.description) }),
        ]
        print(String(decoding: result.serialized(), as: UTF8.self))
    }

    private static func port(_ url: String?) -> UInt16? {
        url?.split(separator: ":").last.flatMap { UInt16($0) }
    }
}

/// One purchase, and how long each of its steps took.
private struct Purchase: Sendable {
    let completion: Duration
    let confirmation: Duration
    /// From the card's charge until the order shows as paid.
    let settlement: Duration

    /// How often a page asks whether the payment has come; in seconds.
    private static let pause = 0.02
    /// When it asks the service to look at Stripe itself.
    private static let refreshAfter = Duration.seconds(1)
    private static let patience = Duration.seconds(10)

    /// Fills a basket, buys it and waits for its payment; blocks.
    init(_ connection: HTTPConnection, _ simulatorPort: UInt16) throws {
        let shopper = Shopper(connection)
        let checkout = try shopper.prepare()
        let start = ContinuousClock.now
        let order = try shopper.complete(checkout)
        let completed = ContinuousClock.now
        let secret = try order.clientSecret ?? Self.ensureSecret(of: order, shopper)
        guard let call = PlacedOrder.confirmation(of: secret) else { throw Unpaid() }
        try Shopper(HTTPConnection(port: simulatorPort)).expect(200, call)
        let confirmed = ContinuousClock.now
        let path = "/v1/orders/\(order.id)"
        let look = HTTPCall.get(path, token: order.guestToken)
        var hasRefreshed = false
        while try shopper.expect(200, look).json?["paymentStatus"] != "paid" {
            let waited = ContinuousClock.now - confirmed
            guard waited < Self.patience else { throw Unpaid() }
            if waited > Self.refreshAfter, !hasRefreshed {
                hasRefreshed = true
                _ = try connection.send(
                    .json("POST", "\(path)/payments/refresh", [:], token: order.guestToken)
                )
            }
            Thread.sleep(forTimeInterval: Self.pause)
        }
        completion = completed - start
        confirmation = confirmed - completed
        settlement = .now - confirmed
    }

    struct Unpaid: Error {}

    /// Comes back for a payment that started degraded, as a page does.
    private static func ensureSecret(
        of order: PlacedOrder,
        _ shopper: Shopper
    ) throws -> String? {
        for number in 1...5 {
            Thread.sleep(forTimeInterval: 1)
            let call = HTTPCall.json(
                "POST",
                "/v1/orders/\(order.id)/payments",
                [:],
                token: order.guestToken
            ).with("Idempotency-Key", "pay-\(order.id)-\(number)")
            let answer = try shopper.expect(200, call).json
            if let secret = answer?["clientSecret"]?.string { return secret }
        }
        return nil
    }

    /// Fills the shelves, so that nothing is sold out meanwhile.
    static func stock(_ simulatorPort: UInt16) throws {
        let coffee: JSON = [
            "sku": "CAFEA-250", "name": "Cafea boabe", "price": 3_490, "vatRate": 11,
            "stock": 1_000_000,
        ]
        try Shopper(HTTPConnection(port: simulatorPort))
            .expect(200, .json("PUT", "/products", ["products": [coffee]]))
    }

    /// In milliseconds.
    var json: JSON {
        [
            "completion": .number(completion / .milliseconds(1)),
            "confirmation": .number(confirmation / .milliseconds(1)),
            "settlement": .number(settlement / .milliseconds(1)),
        ]
    }
}

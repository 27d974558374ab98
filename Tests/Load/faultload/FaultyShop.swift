import OrderServiceTesting
import Synchronization
import Web

/// Orders to be looked up, checkouts to be completed, and how long either took.
final class FaultyShop: Sendable {
    /// One good answer.
    struct Sample: Sendable {
        let start: ContinuousClock.Instant
        let duration: Duration
        var requestID = ""
        var isDegraded = false
        var isOptimistic = false

        /// Times in milliseconds.
        func json(since origin: ContinuousClock.Instant) -> JSON {
            [
                "at": .number(FaultLoad.milliseconds(start - origin)),
                "ms": .number(FaultLoad.milliseconds(duration)),
                "requestId": .string(requestID),
                "degraded": .bool(isDegraded),
                "optimistic": .bool(isOptimistic),
            ]
        }
    }

    struct Samples: Sendable {
        var lookUps: [Sample] = []
        var checkouts: [Sample] = []
    }

    /// More completions were asked for than checkouts are ready.
    struct Exhausted: Error {}

    private static let orders = 50

    private let known: [PlacedOrder]
    private let ready: Mutex<[ReadyCheckout]>
    private let seen = Mutex(Samples())

    /// Places the orders and makes the checkouts ready.
    init(_ port: UInt16, checkouts: Int) throws {
        let shopper = Shopper(HTTPConnection(port: port))
        // Without a card, so that Stripe's breaker has not seen a call when the load begins.
        known = try (0..<Self.orders).map { _ in
            try shopper.complete(shopper.prepare(), method: "cash_on_delivery")
        }
        ready = Mutex(try (0..<checkouts).map { _ in try shopper.prepare() })
        for _ in 0..<(Self.orders * 10) { try lookUp(shopper.connection, since: .now) }
        seen.withLock { $0 = Samples() }
    }

    var samples: Samples { seen.withLock { $0 } }

    /// Looks up one order; its time counts from when it was due, so that a stall of one answer
    /// shows in all that had to wait for it.
    func lookUp(_ connection: HTTPConnection, since due: ContinuousClock.Instant) throws {
        guard let order = known.randomElement() else { return }
        let part = ["", "/payment", "/tracking"].randomElement() ?? ""
        let call = HTTPCall.get("/v1/orders/\(order.id)\(part)", token: order.guestToken)
        let answer = try Shopper(connection).expect(200, call)
        guard answer.text.prefix(60).contains(#"d":\#(order.id),"#) else {
            throw UnexpectedAnswer(call, answer)
        }
        let sample = Sample(start: due, duration: .now - due)
        seen.withLock { $0.lookUps.append(sample) }
    }

    /// Completes the next checkout, which has to be answered with 201.
    func complete(_ connection: HTTPConnection) throws {
        guard let checkout = ready.withLock({ $0.popLast() }) else { throw Exhausted() }
        let requestID = "bench-\(checkout.id)"
        let call = checkout.completion().with("X-Request-Id", requestID)
        let start = ContinuousClock.now
        let answer = try Shopper(connection).expect(201, call)
        let sample = Sample(
            start: start,
            duration: .now - start,
            requestID: requestID,
            isDegraded: answer.json?["payment"]?["degraded"]?.bool ?? true,
            isOptimistic: answer.json?["reservation"]?["optimistic"]?.bool ?? true
        )
        seen.withLock { $0.checkouts.append(sample) }
    }
}

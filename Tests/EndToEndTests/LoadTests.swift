import Foundation
import OrderServiceTesting
import Resilience
import Testing

/// Tests that start a whole stack each; one after the other, so that none loads another's machine.
@Suite("Whole stack", .serialized, .enabled(if: StackUnderTest.isAvailable))
struct WholeStackTests {}

extension WholeStackTests {
    @Suite("Load")
    struct LoadTests {
        /// How many look-ups a run makes; more by LOOKUPS=100000.
        private static let lookUps =
            ProcessInfo.processInfo.environment["LOOKUPS"].flatMap { Int($0) } ?? 20_000

        /// How late Stripe is.
        private static let lateness = Duration.seconds(3)

        @Test("answers every look-up at once beside slow checkouts")
        func lookUpsBesideSlowCheckouts() async throws {
            try await onOwnThread {
                // A breaker that never opens, or the checkouts would soon be fast again.
                let stack = try StackUnderTest(settings: [
                    "STRIPE_PAYMENT_POLICY":
                        "attempts=1 minimumCalls=100000 window=100000calls"
                ])
                let orders = try OrderShelf(20, in: stack)
                try stack.delay(
                    "POST /stripe/v1/payment_intents",
                    milliseconds: Self.lateness.wholeMilliseconds
                )

                let checkouts = Load(clients: 20, port: stack.port) { client in
                    let shopper = Shopper(client.connection)
                    _ = try shopper.complete(shopper.prepare())
                }
                // More clients than the service has threads for look-ups.
                let lookUps = Load(clients: 64, port: stack.port, limit: Self.lookUps) { client in
                    try orders.lookUp(client)
                }
                let seen = try lookUps.join(within: 300)
                checkouts.stop()
                let slow = try checkouts.join(within: 40)

                print(
                    "look-ups: \(seen.answered), p50 \(seen.percentile(50)),",
                    "p99 \(seen.percentile(99)), slowest \(seen.slowest);",
                    "checkouts: \(slow.answered), p50 \(slow.percentile(50)),",
                    "slowest \(slow.slowest)"
                )
                #expect(seen.complaints == [])
                #expect(seen.answered == Self.lookUps)
                #expect(slow.complaints == [])
                #expect(slow.answered >= 20)
                #expect(slow.percentile(50) >= .seconds(2), "the stand-in is late")
                #expect(seen.percentile(99) < slow.percentile(50), "look-ups wait for no checkout")
            }
        }

        @Test("serves 256 clients without a failure")
        func manyClients() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest()
                let orders = try OrderShelf(20, in: stack)
                let lookUps = Load(clients: 256, port: stack.port, limit: 20_000) { client in
                    try orders.lookUp(client)
                }
                let seen = try lookUps.join(within: 120)
                #expect(seen.complaints == [])
                #expect(seen.answered == 20_000)
                #expect(try stack.metric("orderd_pool_exhausted_total") == 0)
            }
        }

        @Test("refuses at once what finds no lane, and answers hits all the same")
        func overload() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest(
                    settings: ["REQUEST_LANES": "4", "LANE_QUEUE": "4"]
                )
                let orders = try OrderShelf(5, in: stack)
                let shopper = stack.shopper()
                let checkouts = try (0..<24).map { _ in try shopper.prepare() }
                try stack.delay(
                    "POST /stripe/v1/payment_intents",
                    milliseconds: Self.lateness.wholeMilliseconds
                )

                let completions = Load(clients: 24, port: stack.port, limit: 24) { client in
                    let call = checkouts[client.number].completion()
                    let answer = try client.connection.send(call)
                    guard answer.status != 201 else { return }
                    throw UnexpectedAnswer(call, answer)
                }
                let areRefused = try eventually {
                    try stack.metric("orderd_lanes_refused_total") >= 16
                }
                #expect(areRefused, "4 lanes and 4 places in the queue, 24 checkouts")
                let hits = Load(clients: 16, port: stack.port, limit: 1_000) { client in
                    try orders.lookUp(client)
                }
                let seen = try hits.join()
                #expect(seen.complaints == [])
                #expect(seen.percentile(99) < Self.lateness, "hits wait for no lane")

                let completed = try completions.join()
                #expect(completed.answered == 8)
                #expect(completed.failures.count == 16)
                #expect(
                    completed.failures.allSatisfy { failure in
                        failure.description.contains(": 503 ")
                            && failure.description.contains(#""code":"overloaded""#)
                    }
                )
            }
        }
    }
}

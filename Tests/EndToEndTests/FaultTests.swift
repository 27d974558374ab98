import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing
import Web

extension WholeStackTests {
    /// Other services fail in every way they can, while customers look up orders and buy.
    @Suite("Faults of other services")
    struct FaultTests {
        private static let creation = "POST /stripe/v1/payment_intents"
        private static let everything = "* /*"
        private static let openWait = Duration.milliseconds(700)
        private static let minimumCalls = 10
        private static let probes = 2

        private static let waits =
            "openWait=700ms openWaitCap=700ms attemptTimeout=600ms slowCallDuration=500ms"

        /// As in production, but for the waits, which are short, and limits of ours that a load
        /// would reach.
        private static let settings = [
            "STRIPE_PAYMENT_POLICY": "\(waits) totalTimeout=1500ms minimumUsefulTime=100ms",
            "PRODUCT_SERVICE_POLICY": "\(waits) totalTimeout=1300ms minimumCalls=10",
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "1000000", "PAYMENT_LIMIT_CUSTOMER_DAY": "1000000",
            "PAYMENT_LIMIT_ADDRESS_HOUR": "1000000",
            "FRAUD_REVIEW_SCORE": "1000000", "FRAUD_BLOCK_SCORE": "1000000",
        ]

        @Test("of Stripe or of all degrade payments, never fail an answer, and end with it")
        func faults() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest(settings: Self.settings)
                let orders = try OrderShelf(10, in: stack)
                let checkouts = FaultyCheckouts(stack)
                // Its creations would be counted with those of the customers.
                try stack.stop(.worker)
                for fault in StandInFault.all {
                    for route in [Self.creation, Self.everything] {
                        try weather(fault, on: route, stack, orders, checkouts)
                    }
                }
                try stack.start(.worker)
                try expectOnePaymentEach(stack, checkouts.completions)
            }
        }

        /// Lets a fault strike under load, removes it, and looks at everything meanwhile.
        private func weather(
            _ fault: StandInFault,
            on route: String,
            _ stack: StackUnderTest,
            _ orders: OrderShelf,
            _ checkouts: FaultyCheckouts
        ) throws {
            let name: Comment = "\(fault) at \(route)"
            let (count, clients) = (30, 8)
            try checkouts.prepare(count + 12)
            let askedBefore = try stack.creations()
            try stack.setFault(fault.json, at: route)
            let start = ContinuousClock.now
            let lookUps = Load(clients: 4, port: stack.port) { try orders.lookUp($0) }
            let completions = try checkouts.complete(count, clients: clients)
            lookUps.stop()
            let seen = try lookUps.join()
            let asked = try stack.creations() - askedBefore
            let duration = ContinuousClock.now - start

            #expect(seen.complaints == [], name)
            #expect(seen.answered > 0, name)
            #expect(completions.count == count, name)
            if fault.isTotal {
                let optimistic = completions.count(where: \.isOptimistic)
                #expect(completions.count(where: \.isDegraded) == count, name)
                #expect(optimistic == (route == Self.everything ? count : 0), name)
                // Half-open it probes; a wait is at least nine tenths of what is set.
                let openings = Int(duration / (Self.openWait * 0.9)) + 1
                let bound = Self.minimumCalls + clients + Self.probes * openings
                #expect(asked > 0 && asked <= bound, name)
            }
            // The budget of all calls is far below the request's own deadline, which nobody waits for.
            #expect(completions.allSatisfy { $0.duration < .seconds(20) }, name)

            try stack.removeFaults()
            try expectRecovery(checkouts, stack, name)
        }

        /// Payments start at once again after the breaker's wait, and go on to do so.
        private func expectRecovery(
            _ checkouts: FaultyCheckouts,
            _ stack: StackUnderTest,
            _ name: Comment
        ) throws {
            let connection = stack.connect()
            func isWell() throws -> Bool {
                let completion = try checkouts.completeNext(connection)
                return !completion.isDegraded && !completion.isOptimistic
            }
            let limit = Self.openWait + .seconds(9)
            // A call may be slow on a busy machine, and open the breaker again.
            let staysWell = try eventually(within: limit, every: .milliseconds(200)) {
                try (0..<4).allSatisfy { _ in try isWell() }
            }
            #expect(staysWell, name)
        }

        /// Each order has one payment at Stripe at last, and knows it.
        private func expectOnePaymentEach(
            _ stack: StackUnderTest,
            _ completions: [Completion]
        ) throws {
            let database = stack.openDatabase()
            defer { database.close() }
            let deadline = Deadline.after(.seconds(60))
            let isSettled = try eventually(within: .seconds(40), every: .milliseconds(200)) {
                try database.query(
                    """
                    SELECT COUNT(*) AS n FROM payments
                    WHERE provider_intent_id IS NULL AND NOT is_void
                    """,
                    until: deadline
                ).first?.int("n") == 0
            }
            #expect(isSettled, "the worker starts the payments that were degraded")
            let rows = try database.query(
                "SELECT live_order_id, provider_intent_id FROM payments WHERE NOT is_void",
                until: deadline
            )
            var known: [Int64: [String]] = [:]
            for row in rows {
                guard let order = try row.optionalInt64("live_order_id") else { continue }
                known[order, default: []].append(try row.string("provider_intent_id"))
            }
            let intents = try stack.liveIntents()
            #expect(completions.count(where: \.isDegraded) > 0)
            for completion in completions {
                let id = completion.orderID
                #expect(intents[id]?.count == 1 && intents[id] == known[id], "order \(id)")
            }
        }
    }
}

import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Synchronization
import Testing
import Web

extension WholeStackTests {
    /// Servers are restarted while customers look up orders and buy.
    @Suite("Restart under load")
    struct RestartTests {
        @Test(
            "recovers within two seconds, with no order lost or doubled",
            arguments: [StackUnderTest.Part.redis, .mariadb, .nginx]
        )
        func restart(_ part: StackUnderTest.Part) async throws {
            try await onOwnThread {
                let stack = try StackUnderTest()
                let orders = try OrderShelf(20, in: stack)
                let ledger = OrdersAnswered()
                let lookUps = Load(clients: 16, port: stack.port) { client in
                    try orders.lookUp(client)
                }
                let shoppers = Load(clients: 3, port: stack.port) { client in
                    try buy(client, ledger)
                }
                try #require(eventually { ledger.count >= 3 }, "the load runs before the restart")
                let outage = try stack.restart(part)
                let before = ledger.count
                let recovery = outage.upperBound + .seconds(2)
                #expect(eventually { ContinuousClock.now > recovery && ledger.count > before + 6 })
                lookUps.stop()
                shoppers.stop()
                let seen = try lookUps.join()
                let bought = try shoppers.join()

                print(
                    "\(part): away \(outage.upperBound - outage.lowerBound);",
                    "look-ups \(seen.answered), failed \(seen.failures.count);",
                    "orders \(ledger.count), failed steps \(bought.failures.count)"
                )
                let window = outage.lowerBound...recovery
                let outside = (seen.failures + bought.failures).filter { !window.contains($0.at) }
                #expect(outside.prefix(5).map(\.description) == [])
                if part == .redis { #expect(seen.complaints == []) }
                for (number, checkout) in ledger.openCheckouts {
                    ledger.add(try stack.shopper().complete(checkout), of: number)
                }
                try expectAgreement(stack, ledger)
            }
        }

        /// One try of one guest to buy: a completion that failed is repeated with its key.
        private func buy(_ client: Load.Client, _ ledger: OrdersAnswered) throws {
            let shopper = Shopper(client.connection)
            let checkout = try ledger.open(of: client.number) ?? shopper.prepare()
            ledger.begin(checkout, of: client.number)
            ledger.add(try shopper.complete(checkout), of: client.number)
        }

        /// The database, the stand-in and the customers have seen the same orders.
        private func expectAgreement(_ stack: StackUnderTest, _ ledger: OrdersAnswered) throws {
            let database = stack.openDatabase()
            defer { database.close() }
            let deadline = Deadline.after(.seconds(60))
            // The worker makes the intents that a completion could not.
            let isSettled = try eventually(within: .seconds(30), every: .milliseconds(200)) {
                try database.query(
                    """
                    SELECT COUNT(*) AS n FROM payments
                    WHERE provider_intent_id IS NULL AND NOT is_void
                    """,
                    until: deadline
                ).first?.int("n") == 0
            }
            #expect(isSettled, "every payment has its intent at last")

            let rows = try database.query(
                """
                SELECT o.id, o.checkout_session_id, p.provider_intent_id
                FROM orders o LEFT JOIN payments p ON p.live_order_id = o.id
                WHERE o.visible_at IS NOT NULL
                """,
                until: deadline
            )
            var intentOfOrder: [Int64: String] = [:]
            var sessionOfOrder: [Int64: String] = [:]
            for row in rows {
                let id = try row.int64("id")
                #expect(intentOfOrder[id] == nil, "order \(id) has two live payments")
                intentOfOrder[id] = try row.optionalString("provider_intent_id") ?? ""
                sessionOfOrder[id] = try row.string("checkout_session_id")
            }
            for order in ledger.all {
                #expect(sessionOfOrder[order.id] == order.sessionID, "order \(order.id) is lost")
            }
            let answered = ledger.all
            #expect(Set(answered.map(\.sessionID)).count == answered.count)

            let intents = try stack.simulatorState()["paymentIntents"]?.array ?? []
            let live = intents.filter { $0["status"]?.string != "canceled" }
            let byOrder = Dictionary(grouping: live) { $0["metadata"]?["order_id"]?.string ?? "" }
            for (order, intents) in byOrder {
                let ids = intents.compactMap { $0["id"]?.string }
                #expect(ids == [intentOfOrder[Int64(order) ?? 0] ?? "none"], "order \(order)")
            }
            for id in intentOfOrder.keys {
                #expect(byOrder[String(id)]?.count == 1, "order \(id) has one intent")
            }
        }
    }
}

/// What the customers know, each on a thread of its own.
private final class OrdersAnswered: Sendable {
    private struct State {
        var orders: [PlacedOrder] = []
        var open: [Int: ReadyCheckout] = [:]
    }

    private let state = Mutex(State())

    /// The orders that were answered with 201.
    var all: [PlacedOrder] { state.withLock { $0.orders } }
    var count: Int { all.count }
    /// The checkouts by customer whose completion has not been answered with 201.
    var openCheckouts: [Int: ReadyCheckout] { state.withLock { $0.open } }

    func open(of customer: Int) -> ReadyCheckout? {
        state.withLock { $0.open[customer] }
    }

    func begin(_ checkout: ReadyCheckout, of customer: Int) {
        state.withLock { $0.open[customer] = checkout }
    }

    func add(_ order: PlacedOrder, of customer: Int) {
        state.withLock { state in
            state.orders.append(order)
            state.open[customer] = nil
        }
    }
}

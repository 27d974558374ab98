import MariaDB
import OrderServiceTesting
import Resilience
import Testing
import Web

extension WholeStackTests {
    /// Invoices of many orders at once, by workers that die.
    @Suite("Invoices under SIGKILL")
    struct InvoiceCrashTests {
        private static let orders = 200
        private static let deaths = 30
        private static let patience = Duration.seconds(120)

        @Test("200 confirmations at once and 30 dead workers leave no gap and one invoice each")
        func numbering() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest()
                try stack.stockUp()
                try stack.stop(.worker)
                try Self.buy(stack)
                let database = stack.openDatabase()
                defer { database.close() }
                try Self.wait("the webhooks") {
                    try Self.count(database, "SELECT COUNT(*) FROM webhook_inbox") >= Self.orders
                }
                let died = try Self.kill(stack)
                #expect(died == Self.deaths)
                let before = try Self.count(database, Self.issued)
                #expect(before > 0 && before < Self.orders, "\(before) before the last worker")

                try stack.start(.worker)
                try Self.wait("all invoices") {
                    try stack.hastenTasks()
                    return try Self.count(database, Self.issued) == Self.orders
                }
                let ordinals = try database.query(
                    "SELECT ordinal FROM invoices WHERE series = 'MEX' ORDER BY ordinal",
                    until: .after(.seconds(10))
                ).map { try $0.int(0) }
                #expect(ordinals == Array(1...Self.orders))
                let invoiced = try Self.count(
                    database,
                    "SELECT COUNT(DISTINCT order_id) FROM invoices WHERE kind = 'invoice'"
                )
                #expect(invoiced == Self.orders)
                let told = try Self.count(
                    database,
                    "SELECT COUNT(*) FROM outbox WHERE topic = 'invoice.issued'"
                )
                #expect(told == Self.orders)
                try Self.expectVerified(stack)
                let audit = try Audit.atRest(stack, initialStock: ["CAFEA-250": 1_000_000])
                #expect(audit.findings == [])
                #expect(audit.census == ["confirmed, paid": Self.orders])
                print("invoices: \(died) deaths, \(before) issued before the last worker")
            }
        }

        private static let issued: SQL = "SELECT COUNT(*) FROM invoices WHERE kind = 'invoice'"

        /// Places and pays all orders while nobody applies what Stripe tells.
        private static func buy(_ stack: StackUnderTest) throws {
            let customers = (0..<8).map { number in
                Companion {
                    let shopper = stack.shopper()
                    for ordinal in 0..<(orders / 8) {
                        let email = "ana\(number)-\(ordinal)@example.ro"
                        let order = try shopper.complete(shopper.prepare(email: email))
                        guard let confirmation = order.confirmation else {
                            throw TooLate("order \(order.id) has nothing to pay")
                        }
                        try stack.simulate(confirmation)
                    }
                }
            }
            for customer in customers { try customer.join(within: 120) }
        }

        /// Two workers at a time, each of which dies beside the commit of an invoice of its own.
        ///
        /// - Returns: how many have died.
        private static func kill(_ stack: StackUnderTest) throws -> Int {
            var died = 0
            while died < deaths {
                let pair = try (0..<2).map { number in
                    let side = (died + number).isMultiple(of: 2) ? "before" : "after"
                    return try OrderdProcess(
                        .worker,
                        in: stack,
                        dyingAt: "\(side):invoice.issued:\(1 + (died + number) % 3)",
                        ["LOG_LEVEL": "error"]
                    )
                }
                defer { for worker in pair { worker.kill() } }
                try wait("death \(died + 2)") { pair.allSatisfy(\.hasEnded) }
                died += 2
            }
            return died
        }

        private static func wait(_ what: String, _ condition: () throws -> Bool) throws {
            guard try eventually(within: patience, every: .milliseconds(20), condition) else {
                throw TooLate("not in time: \(what)")
            }
        }

        private static func count(_ database: Database, _ query: SQL) throws -> Int {
            try database.query(query, until: .after(.seconds(10))).first?.int(0) ?? 0
        }

        private static func expectVerified(_ stack: StackUnderTest) throws {
            let script = #""$0" invoice verify; echo "exit $?""#
            let child = try ChildProcess(
                "/usr/bin/env",
                stack.settings
                    + ["/bin/bash", "-c", script, "\(StackUnderTest.root)/scripts/orderd"]
            )
            var output = ""
            let last = try child.line(containing: "exit ") { output = $0 }
            #expect(last == "exit 0", "\(output)")
            #expect(output.contains("\(orders) documents"))
        }
    }
}

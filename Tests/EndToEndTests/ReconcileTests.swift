import MariaDB
import OrderServiceTesting
import Resilience
import Testing
import Web

extension WholeStackTests {
    /// `orderd reconcile` beside a shop at work.
    @Suite("Reconciling a running shop")
    struct ReconcileTests {
        @Test("50 customers at once give no false alarm, and nothing is fixed under their hands")
        func running() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest()
                try stack.stockUp()
                let customers = (0..<50).map { number in
                    Companion {
                        let customer = SoakCustomer(
                            stack: stack,
                            connection: stack.connect(),
                            habit: SoakHabit(ofCustomer: number),
                            patience: .seconds(60)
                        )
                        try customer.buy()
                    }
                }
                for _ in 0..<4 { try Self.expectNothing(stack) }
                for customer in customers { try customer.join(within: 120) }
                let report = try Self.expectNothing(stack)
                #expect(report["compared"]?["intents"]?.integer ?? 0 > 40)
                let database = stack.openDatabase()
                defer { database.close() }
                let fixes = try database.query(
                    "SELECT id FROM order_events WHERE actor = 'reconcile'",
                    until: .after(.seconds(30))
                )
                #expect(fixes.isEmpty)
            }
        }

        @discardableResult
        private static func expectNothing(_ stack: StackUnderTest) throws -> JSON {
            let script = #""$0" reconcile --fix --json; echo "exit $?""#
            let child = try ChildProcess(
                "/usr/bin/env",
                stack.settings
                    + ["/bin/bash", "-c", script, "\(StackUnderTest.root)/scripts/orderd"]
            )
            var output = ""
            let last = try child.line(containing: "exit ") { output = $0 }
            #expect(last == "exit 0", "\(output)")
            let line = output.split(separator: "\n").first { $0.hasPrefix("{") } ?? ""
            let report = try JSON(parsing: Array(line.utf8))
            #expect(report["agrees"] == true && report["findings"] == [])
            return report
        }
    }
}

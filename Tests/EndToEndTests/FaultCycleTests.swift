import Foundation
import OrderServiceTesting
import Testing
import Web

extension WholeStackTests {
    @Suite("Cycles of failure and recovery")
    struct FaultCycleTests {
        /// Waits so short that a cycle takes a fraction of a second.
        private static let settings = [
            "STRIPE_PAYMENT_POLICY": policy, "PRODUCT_SERVICE_POLICY": policy,
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "1000000", "PAYMENT_LIMIT_CUSTOMER_DAY": "1000000",
            "PAYMENT_LIMIT_ADDRESS_HOUR": "1000000",
            "FRAUD_REVIEW_SCORE": "1000000", "FRAUD_BLOCK_SCORE": "1000000",
        ]
        private static let policy =
            "minimumCalls=4 attemptTimeout=150ms totalTimeout=300ms minimumUsefulTime=20ms"
            + " slowCallDuration=120ms openWait=50ms openWaitCap=50ms"

        private static let cycles = 50
        /// More than a cycle's, so that afterwards no cycle needs a connection more than pools hold.
        private static let clientsOfWarmUp = 24
        /// What pools and nginx may still open and then keep; less than one each second cycle.
        private static let slack = 20

        @Test("leave no thread and no descriptor behind in serve") func leavesNothing()
            async throws
        {
            try await onOwnThread {
                let stack = try StackUnderTest(settings: Self.settings)
                try stack.stockUp()
                let checkouts = FaultyCheckouts(stack)
                for number in 0..<StandInFault.all.count {
                    try cycle(number, stack, checkouts, clients: Self.clientsOfWarmUp)
                }
                let before = try ProcessCounts(of: stack)
                for number in 0..<Self.cycles { try cycle(number, stack, checkouts, clients: 5) }
                // Idle threads end after some seconds.
                var after = try ProcessCounts(of: stack)
                let areGone = try eventually(within: .seconds(15), every: .milliseconds(200)) {
                    after = try ProcessCounts(of: stack)
                    return after.threads <= before.threads
                        && after.descriptors <= before.descriptors + Self.slack
                }
                #expect(areGone, "before: \(before), after: \(after)")
            }
        }

        private func cycle(
            _ number: Int,
            _ stack: StackUnderTest,
            _ checkouts: FaultyCheckouts,
            clients: Int
        ) throws {
            let connection = stack.connect()
            let isBack = eventually { (try? checkouts.prepare(clients + 3)) != nil }
            try #require(isBack)
            let faults = StandInFault.all
            try stack.setFault(faults[number % faults.count].json, at: "* /*")
            _ = try checkouts.complete(clients, clients: clients)
            try stack.removeFaults()
            let isWell = try eventually(every: .milliseconds(60)) {
                try checkouts.prepare(1)
                return try !checkouts.completeNext(connection).isDegraded
            }
            #expect(isWell, "cycle \(number)")
        }
    }
}

/// How many threads and open files `serve` has.
private struct ProcessCounts {
    let threads: Int
    let descriptors: Int

    init(of stack: StackUnderTest) throws {
        let directory = "/proc/\(try stack.processID("orderd-serve"))"
        threads = try FileManager.default.contentsOfDirectory(atPath: directory + "/task").count
        descriptors = try FileManager.default.contentsOfDirectory(atPath: directory + "/fd").count
    }
}

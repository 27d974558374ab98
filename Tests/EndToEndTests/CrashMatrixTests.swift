import OrderServiceTesting
import Testing

extension WholeStackTests {
    /// Every step of the flow, with the process that does it killed before and after each call
    /// and each commit.
    @Suite("Crash matrix")
    struct CrashMatrixTests {
        /// One try each, or a step would go on elsewhere than where it was stopped; no breaker
        /// opens because of what a step lets fail; and nothing is given up on a busy machine.
        private static let policies = Dictionary(
            uniqueKeysWithValues: [
                "STRIPE_PAYMENT", "STRIPE_READ", "STRIPE_REFUND", "PRODUCT_SERVICE",
            ]
            .map {
                (
                    "\($0)_POLICY",
                    "attempts=1 minimumCalls=1000000 attemptTimeout=10s totalTimeout=12s"
                )
            } + [("UPSTREAM_BUDGET", "15s")]
        )

        @Test("ends every order as it should, wherever the process dies")
        func everyPoint() async throws {
            try await onOwnThread {
                let start = ContinuousClock.now
                let scene = try CrashScene(
                    settings: Self.policies.merging(CrashStep.reviewRules) { $1 }
                )
                var places: [Int64: String] = [:]
                var count = 0
                for step in CrashStep.all {
                    for death in step.deaths {
                        count += 1
                        let place = "\(step.name), \(death)"
                        do {
                            places[try step.run(death, in: scene).orderID] = place
                        } catch {
                            Issue.record("\(place): \(error)")
                            try scene.pauseWebhooks(false)
                        }
                    }
                }
                try scene.heal()
                let audit = try Audit.atRest(
                    scene.stack,
                    initialStock: [CrashScene.sku: CrashScene.stock, CrashScene.soldOut: 0]
                )
                #expect(audit.findings == [], "\(places)")
                #expect(audit.owed == [])
                #expect(count >= 40)
                print(
                    "crash matrix: \(count) points in \(ContinuousClock.now - start);",
                    "orders \(audit.census), owed \(audit.owed.count)"
                )
            }
        }
    }
}

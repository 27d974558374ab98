import Foundation
import OrderServiceTesting
import Synchronization
import Testing
import Web

extension WholeStackTests {
    /// Many customers at once, while every other service fails now and then and the processes
    /// are killed again and again.
    @Suite("Payments under faults")
    struct FaultSoakTests {
        /// How many purchases; 2,000 by `make soak`.
        private static let purchases =
            ProcessInfo.processInfo.environment["SOAK_CHECKOUTS"].flatMap { Int($0) } ?? 200
        private static let clients = 50
        private static let isLong = purchases > 500
        /// How often a process is killed; often enough in a short run.
        private static let millisecondsBetweenKills = isLong ? 5_000 : 1_500
        /// What is left to be done once the faults have stopped has this long.
        private static let settling = Duration.seconds(60)

        @Test("leave every order final or payable, and nobody charged twice")
        func soak() async throws {
            try await onOwnThread {
                let start = ContinuousClock.now
                let scene = try CrashScene(settings: [:])
                try addFaults(scene)
                let number = Atomic(0)
                let stack = scene.stack
                let load = Load(clients: Self.clients, port: stack.port, limit: Self.purchases) {
                    client in
                    let number = number.wrappingAdd(1, ordering: .relaxed).oldValue
                    let customer = SoakCustomer(
                        stack: stack,
                        connection: client.connection,
                        habit: SoakHabit(ofCustomer: number),
                        patience: .seconds(60)
                    )
                    do {
                        try customer.buy()
                    } catch {
                        throw TooLate("customer \(number), who \(customer.habit): \(error)")
                    }
                }
                var kills = 0
                while !load.hasEnded(within: Self.millisecondsBetweenKills) {
                    try scene.start(kills.isMultiple(of: 2) ? .serve : .worker)
                    kills += 1
                }
                let hits = try stack.simulate(.get("/_faults")).json?["faults"]?.array ?? []
                try scene.heal()
                try setWebhooks(scene, duplicates: 0, reorders: false)
                let bought = try load.join()
                let end = ContinuousClock.now
                let audit = try Audit.atRest(
                    stack,
                    initialStock: [CrashScene.sku: CrashScene.stock],
                    within: Self.settling
                )
                print(
                    "soak: \(bought.answered) purchases in \(end - start), p50",
                    "\(bought.percentile(50)), slowest \(bought.slowest); \(kills) kills,",
                    "\(hits.reduce(0) { $0 + ($1["hits"]?.integer ?? 0) }) faults;",
                    "at rest after \(ContinuousClock.now - end)"
                )
                for (state, count) in audit.census.sorted(by: { $0.key < $1.key }) {
                    print("soak: \(count) \(state)")
                }
                print("soak: \(audit.owed.count) are owed their money back")
                #expect(bought.complaints == [])
                #expect(bought.answered == Self.purchases)
                #expect(audit.findings == [])
                #expect(audit.owed == [])
                #expect(kills > 0)
            }
        }

        /// A tenth of all calls each: lost answers, answers after the deadline, failures that
        /// Stripe keeps for their key.
        private func addFaults(_ scene: CrashScene) throws {
            let tenth: (String, JSON) = ("probability", .number(0.1))
            for route in [
                "POST /stripe/v1/payment_intents", "POST /stripe/v1/payment_intents/*/cancel",
                "GET /stripe/v1/payment_intents/*", "POST /reservations", "POST /reservations/*/*",
            ] {
                try scene.addFault(route, "drop_after", [tenth])
            }
            let late: [(String, Int64)] = [
                ("POST /stripe/v1/payment_intents", 3_000), ("POST /reservations", 2_500),
            ]
            for (route, milliseconds) in late {
                try scene.addFault(route, "delay", [tenth, ("delayMs", .integer(milliseconds))])
            }
            for route in [
                "POST /stripe/v1/payment_intents", "POST /stripe/v1/payment_intents/*/cancel",
            ] {
                // Half of them did what they say they failed at.
                for isMade in [true, false] {
                    let stored: [(String, JSON)] = [
                        ("probability", .number(0.05)), ("status", 500), ("stored", true),
                        ("executed", .bool(isMade)),
                    ]
                    try scene.addFault(route, "status", stored)
                }
            }
            try setWebhooks(scene, duplicates: 1, reorders: true)
        }

        private func setWebhooks(_ scene: CrashScene, duplicates: Int64, reorders: Bool) throws {
            let settings: JSON = ["duplicate": .integer(duplicates), "reorder": .bool(reorders)]
            try scene.stack.simulate(.json("POST", "/_webhooks", settings))
        }
    }
}

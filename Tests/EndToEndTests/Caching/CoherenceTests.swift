import MariaDB
import OrderServiceTesting
import Redis
import Resilience
import Synchronization
import Testing
import Web

extension WholeStackTests {
    /// What caches show while orders change, over several processes.
    @Suite("Coherence of the caches")
    struct CoherenceTests {
        private static let processes = 4
        private static let writers = 8
        private static let readers = 16
        private static let length = Duration.seconds(20)
        /// Of a busy machine nobody shall think that its Redis or its MariaDB is ill.
        private static let patient = [
            "REDIS_TIMEOUT": "10s", "MARIADB_POOL_WAIT": "10s", "MARIADB_LOOKUP_TIMEOUT": "10s",
            "MARIADB_WRITE_TIMEOUT": "10s",
        ]

        @Test("nobody is shown less than was written before, whatever is late, lost or killed")
        func linearizable() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest(settings: Self.patient)
                let scene = try CoherenceScene(stack)
                let socket = stack.value("REDIS_SOCKET")
                let relay = try DelayingRelay(
                    "\(stack.runDirectory)/sockets/late.sock",
                    to: socket,
                    delay: Self.delay
                )
                defer { relay.stop() }
                let fleet = try ServeFleet(
                    Self.processes,
                    of: stack,
                    ["REDIS_CACHE_SOCKET": relay.socketPath],
                    lastDyingAt: "after:refund.requested:5"
                )
                let writers = (0..<Self.writers).map { number in
                    Companion {
                        var writer = CoherenceWriter(number, of: Self.writers, scene, fleet)
                        try writer.run()
                    }
                }
                let readers = (0..<Self.readers).map { _ in
                    Companion {
                        var reader = CoherenceReader(scene, fleet)
                        try reader.run()
                    }
                }
                let evictor = Companion { try Self.evict(scene, socket) }
                let end = ContinuousClock.now + Self.length
                let hasDied = eventually(within: .seconds(60)) { fleet.hasEnded(3) }
                #expect(hasDied, "a process dies between a commit and its drop")
                try fleet.restart(3)
                _ = eventually(within: .seconds(60)) { ContinuousClock.now > end }
                scene.isOver.store(true, ordering: .relaxed)
                for part in writers + readers + [evictor] { try part.join(within: 60) }
                #expect(scene.complaints.prefix(5) == [])
                let (reads, writes) = (
                    scene.reads.load(ordering: .relaxed), scene.writes.load(ordering: .relaxed)
                )
                print("coherence: \(reads) look-ups and \(writes) changes")
                #expect(reads > 1_000 && writes > 50)
                try expectAgreement(scene, fleet)
            }
        }

        private static func client(_ socket: String) -> RedisClient {
            RedisClient(
                RedisConfiguration(
                    address: .unix(socket),
                    connectTimeout: .seconds(5),
                    operationTimeout: .seconds(10)
                )
            )
        }

        /// What stores an entry under its lease comes late; what drops one does not.
        @Sendable private static func delay(_ piece: [UInt8]) -> Duration {
            let text = String(decoding: piece, as: UTF8.self)
            guard text.contains("EVALSHA"), text.contains("lease:") else { return .zero }
            return .milliseconds(Int64.random(in: 0...40))
        }

        /// Takes entries and leases away at random, and once everything.
        private static func evict(_ scene: CoherenceScene, _ socket: String) throws {
            let client = Self.client(socket)
            defer { client.close() }
            let start = ContinuousClock.now
            var hasFlushed = false
            while !scene.isOver.load(ordering: .relaxed) {
                let subject = scene.subjects.randomElement()
                let keys = [
                    "order-summaries::\(subject?.id ?? 0)", "payment-status::\(subject?.id ?? 0)",
                    "order-tracking::\(subject?.id ?? 0)",
                    "order-history::c\(subject?.customer ?? 0)",
                ]
                let key = keys.randomElement() ?? ""
                let victim = Bool.random() ? key : "lease:\(key)"
                _ = try client.send(Command("UNLINK", victim), until: .after(.seconds(10)))
                if !hasFlushed, ContinuousClock.now - start > length / 2 {
                    _ = try client.send(Command("FLUSHALL"), until: .after(.seconds(10)))
                    hasFlushed = true
                }
                Pause.block(.milliseconds(2))
            }
        }

        /// When nothing changes any more, every process tells what the record says.
        private func expectAgreement(_ scene: CoherenceScene, _ fleet: ServeFleet) throws {
            let database = scene.stack.openDatabase()
            defer { database.close() }
            func versions() throws -> [Int64: Int64] {
                let rows = try database.query(
                    "SELECT id, version FROM orders",
                    until: .after(.seconds(30))
                )
                return try Dictionary(
                    rows.map { (try $0.int64("id"), try $0.int64("version")) },
                    uniquingKeysWith: { first, _ in first }
                )
            }
            let isAtRest = try eventually(within: .seconds(60), every: .milliseconds(100)) {
                try database.query(
                    """
                    SELECT COUNT(*) AS n FROM outbox
                    WHERE channel = 'cache' AND next_attempt_at IS NOT NULL
                    """,
                    until: .after(.seconds(30))
                ).first?.int("n") == 0
            }
            #expect(isAtRest)
            var faults: [String] = []
            for process in 0..<fleet.count {
                let connection = try fleet.connect(to: process)
                for subject in scene.subjects {
                    for part in ["", "/payment", "/tracking"] {
                        // The worker may change it still.
                        let isTrue = try eventually(within: .seconds(30)) {
                            let tag = try connection.send(
                                "GET",
                                "/v1/orders/\(subject.id)\(part)",
                                token: subject.guestToken
                            ).field("ETag")
                            return tag == "\"\(subject.id)-\(try versions()[subject.id] ?? 0)\""
                        }
                        if !isTrue { faults.append("\(subject.id)\(part) at \(process)") }
                    }
                }
            }
            #expect(faults == [])
        }

        @Test(
            "500 readers of one cold entry over 4 processes make 4 readings of the record at most"
        )
        func stampede() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest(settings: Self.patient)
                try stack.stockUp()
                let shopper = stack.shopper()
                let order = try shopper.complete(shopper.prepare())
                let fleet = try ServeFleet(Self.processes, of: stack, [:])
                let target = "/v1/orders/\(order.id)"
                // So that the credential is known everywhere.
                _ = try fleet.connect(to: 0).send("GET", target, token: order.guestToken)
                let client = Self.client(stack.value("REDIS_SOCKET"))
                defer { client.close() }
                let key = "order-summaries::\(order.id)"
                let before = try fills(fleet)
                _ = try client.send(Command("UNLINK", key), until: .after(.seconds(10)))
                let connections = try (0..<500).map { try fleet.connect(to: $0 % fleet.count) }
                let gate = Gate()
                let readers = connections.map { connection in
                    Companion {
                        gate.wait()
                        return try connection.send("GET", target, token: order.guestToken).status
                    }
                }
                gate.open()
                let statuses = try readers.map { try $0.join(within: 60) }
                #expect(statuses.allSatisfy { $0 == 200 })
                let made = try fills(fleet) - before
                #expect((1...4).contains(made))
            }
        }

        /// How often all processes have read a summary from the record.
        private func fills(_ fleet: ServeFleet) throws -> Int {
            try (0..<fleet.count).reduce(0) { sum, process in
                let text = try fleet.connect(to: process).send("GET", "/metrics").text
                return sum
                    + text.split(separator: "\n")
                    .filter { $0.hasPrefix(#"orderd_cache_fills_total{cache="order-summaries""#) }
                    .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
                    .reduce(0, +)
            }
        }

        /// Holds threads until it is opened, for ever.
        private final class Gate: Sendable {
            private let isOpen = Atomic(false)

            func open() { isOpen.store(true, ordering: .releasing) }

            func wait() {
                while !isOpen.load(ordering: .acquiring) { Pause.block(.milliseconds(1)) }
            }
        }
    }
}

import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Synchronization
import Testing
import Web

@testable import OrderService

@Suite("Waits for the record of staff") struct RecordWaitsTests {
    private let start = ContinuousClock.now
    private let waits = RecordWaits(patience: .milliseconds(250))
    private var deadline: Deadline { Deadline(start + .seconds(25)) }

    @Test("are as long as they have to be for a few, and short for all others")
    func limits() throws {
        for _ in 0..<RecordWaits.mostWaiting {
            #expect(try waits.begin(until: deadline, at: start).end == deadline)
        }
        let brief = Deadline(start + .milliseconds(250))
        #expect(try waits.begin(until: deadline, at: start).end == brief)
        let sooner = Deadline(start + .milliseconds(100))
        #expect(try waits.begin(until: sooner, at: start).end == sooner)
    }

    @Test("are refused while the record is slow, until fewer wait or none has for long")
    func slow() throws {
        let longest = try waits.begin(until: deadline, at: start)
        let next = start + .milliseconds(200)
        let others = try (1..<RecordWaits.mostWaiting).map { _ in
            try waits.begin(until: deadline, at: next)
        }
        let late = start + .milliseconds(251)
        #expect(throws: RecordWaits.Slow()) { try waits.begin(until: deadline, at: late) }
        waits.end(others[0])
        #expect(try waits.begin(until: deadline, at: late).end == deadline)
        #expect(throws: RecordWaits.Slow()) { try waits.begin(until: deadline, at: late) }
        waits.end(longest)
        _ = try waits.begin(until: deadline, at: late)
        _ = try waits.begin(until: deadline, at: late)
        // The longest of those who wait has come later.
        #expect(throws: RecordWaits.Slow()) {
            try waits.begin(until: deadline, at: next + .milliseconds(251))
        }
    }

    @Test("leave lanes to customers", .enabled(if: ServiceUnderTest.isAvailable))
    func lanes() async throws {
        let settings = ["MARIADB_WRITE_TIMEOUT": "16s", "READ_LANES": "8"]
        try await ServiceUnderTest.run(settings) { service in
            let customer = try service.session("1001", .customer)
            _ = try service.placedOrder(customer: "1001", token: customer)
            let staff = try service.session("s", .support)
            let refused = Atomic(0)
            try service.services.database.withConnection(until: service.soon) { connection in
                try connection.execute("LOCK TABLES audit_records READ", until: service.soon)
                let looks = (0..<8).map { _ in
                    Companion {
                        let look = service.send(.get, "/v1/users/1001/orders", token: staff)
                        if look.code == "overloaded" { refused.add(1, ordering: .relaxed) }
                        return look.status
                    }
                }
                let left = 8 - RecordWaits.mostWaiting
                #expect(eventually { refused.load(ordering: .relaxed) == left })
                // No lane waits for this one.
                let next = service.send(.get, "/v1/users/1001/orders", token: staff)
                #expect(next.status == 503 && next.code == "overloaded")
                #expect(next.field("Retry-After") == "1")
                #expect(service.send(.get, "/v1/orders", token: customer).status == 200)
                try connection.execute("UNLOCK TABLES", until: service.soon)
                let statuses = try looks.map { try $0.join() }
                #expect(statuses.count { $0 == 200 } == RecordWaits.mostWaiting)
            }
            let metrics = service.send(.get, "/metrics").text
            #expect(metrics.contains("orderd_audit_refusals_total 5\n"))
            #expect(metrics.contains("orderd_audit_failures_total 0\n"))
        }
    }
}

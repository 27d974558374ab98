import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("The worker's comparison", .enabled(if: ServiceUnderTest.isAvailable))
struct ReconciliationJobTests {
    private static let settings = ["RECONCILE_INTERVAL": "1h"]

    private func metric(_ service: ServiceUnderTest, _ series: String) throws -> String? {
        _ = try service.services.makeSampler().drain()
        let lines = service.send(.get, "/metrics").text.split(separator: "\n")
        return lines.first { $0.hasPrefix(series + " ") }
            .map { String($0.dropFirst(series.count + 1)) }
    }

    /// Stock that is held there for an order that has ended here.
    private func leak(_ service: ServiceUnderTest) throws -> String {
        let order = try service.placedOrder()
        service.send(.post, "\(order.path)/cancel", token: order.token, key: "c-\(order.id)")
        let key = "order-\(order.id)-2"
        let body: JSON = [
            "key": .string(key), "items": [ServiceUnderTest.item()], "ttlSeconds": 36_000,
        ]
        service.standIn(.post, "/reservations", body)
        return key
    }

    @Test("gives leaked stock back, fixes nothing else, and tells what is left")
    func compares() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let key = try leak(service)
            _ = try service.paidOrder()
            try service.execute(
                "UPDATE payments SET captured_minor = captured_minor - 1 WHERE captured_minor > 0"
            )
            service.advance(by: .hours(1) + .minutes(1))
            try service.drain()
            #expect(service.heldStatus(key) == "released")
            #expect(try metric(service, "orderd_reservations_leaked") == "0")
            let kind = "orderd_reconcile_findings{kind=\"amount_differs\"}"
            #expect(try metric(service, kind) == "1")
            service.advance(by: .seconds(90))
            let age = try metric(service, "orderd_reconcile_age_seconds").flatMap { Int($0) }
            #expect((90...100).contains(age ?? 0))
        }
    }

    @Test("is done by one worker at a time, and again after the interval")
    func leases() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let lease = service.services.reconciliationLease
            let turn = try #require(try lease.take(for: .seconds(60), until: service.soon))
            #expect(try lease.take(for: .seconds(60), until: service.soon) == nil)
            service.advance(by: .seconds(61))
            let other = try #require(try lease.take(for: .seconds(60), until: service.soon))
            let report = ReconciliationReport(from: turn.readTo, to: service.now)
            // What an overtaken one says is nothing to the other.
            let later = service.now + .hours(1)
            try lease.giveBack(turn, report, nextRunAt: later, until: service.soon)
            #expect(try lease.last(until: service.soon) == nil)
            try lease.giveBack(other, report, nextRunAt: later, until: service.soon)
            #expect(try lease.last(until: service.soon) != nil)
            #expect(try lease.take(for: .seconds(60), until: service.soon) == nil)
            service.advance(by: .hours(1))
            #expect(try lease.take(for: .seconds(60), until: service.soon) != nil)
        }
    }

    @Test("is free at once when the worker that did it has died")
    func recovery() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let lease = service.services.reconciliationLease
            _ = try #require(try lease.take(for: .seconds(60), until: service.soon))
            #expect(try lease.take(for: .seconds(60), until: service.soon) == nil)
            let recovery = LeaseRecovery(
                database: service.services.database,
                clock: service.services.clock
            )
            try recovery.release(
                leasesOf: service.services.process.text,
                until: service.soon
            )
            #expect(try lease.take(for: .seconds(60), until: service.soon) != nil)
        }
    }

    @Test("ends when the process stops, and keeps its place")
    func stops() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let stopping = StopSignal()
            stopping.raise()
            let job = service.services.reconciliationJob(endingWith: stopping)
            _ = try job.run(until: service.soon)
            let row = try #require(try service.query("SELECT * FROM reconciliation").first)
            #expect(try row.optionalString("last_error")?.contains("the process stops") == true)
            #expect(try row.optionalTimestamp("succeeded_at") == nil)
        }
    }

    @Test("keeps its place and what it found where not everything can be read")
    func outage() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            _ = try service.paidOrder()
            service.setFault("GET /stripe/*", "status", status: 503)
            service.advance(by: .hours(1) + .minutes(1))
            try service.drain()
            let row = try #require(try service.query("SELECT * FROM reconciliation").first)
            #expect(try row.optionalString("last_error")?.hasPrefix("stripe: ") == true)
            #expect(try row.timestamp("next_run_at") <= service.now + .minutes(5))
        }
    }
}

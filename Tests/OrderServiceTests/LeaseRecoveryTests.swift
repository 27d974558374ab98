import Glibc
import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Leases of processes that died", .enabled(if: ServiceUnderTest.isAvailable))
struct LeaseRecoveryTests {
    /// Leases everything there is in the name of a process, as if it had died with it.
    private func lease(_ service: ServiceUnderTest, by process: ProcessIdentity) throws {
        let end = service.now + .seconds(30)
        try service.execute(
            """
            UPDATE idempotency_keys SET leased_until = \(end), leased_by = \(process.text),
                response = NULL, response_status = NULL
            """
        )
        try service.execute(
            """
            UPDATE outbox SET leased_until = \(end), leased_by = \(process.text)
            WHERE sent_at IS NULL
            """
        )
        try service.execute(
            """
            UPDATE webhook_inbox SET next_attempt_at = \(end), leased_by = \(process.text)
            WHERE applied_at IS NULL
            """
        )
    }

    private func report(_ service: ServiceUnderTest, of process: ProcessIdentity, age: Int) throws {
        try service.execute(
            """
            INSERT INTO process_reports (process, kind, started_at, reported_at, document)
            VALUES (\(process.text), \(process.kind.rawValue), UTC_TIMESTAMP(6),
                UTC_TIMESTAMP(6) - INTERVAL \(age) SECOND, '{}')
            """
        )
    }

    /// A process id of this host that nobody has.
    private static func freeProcessID() -> Int32 {
        (1...Int32(4_194_303)).reversed().first { kill($0, 0) != 0 && errno == ESRCH } ?? 4_194_303
    }

    /// An order that is paid, with nothing of it applied or told, and its completion's key.
    private func begin(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        let order = try service.placedOrder()
        try service.pay(order)
        service.deliverWebhooks()
        return order
    }

    private func isTold(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed
    ) throws -> Bool {
        try service.drain()
        let status = service.send(.get, order.path, token: order.token)["status"]
        return try status == "confirmed" && service.streamedTopics(of: order.id).count == 3
    }

    @Test("are free as soon as another process of the host sees that it is gone")
    func goneFromThisHost() async throws {
        try await ServiceUnderTest.run { service in
            let order = try begin(service)
            let dead = ProcessIdentity(.worker, number: Self.freeProcessID())
            try lease(service, by: dead)
            try report(service, of: dead, age: 0)
            #expect(try !isTold(service, order))
            #expect(service.complete(order.checkout).code == "idempotency_in_progress")
            #expect(service.services.makeReporter().round())
            #expect(try isTold(service, order))
            let repeated = service.complete(order.checkout)
            #expect(repeated.status == 201 && repeated["order", "id"].integer == order.id)
            let reports = try service.query("SELECT process FROM process_reports")
            #expect(try reports.map { try $0.string("process") } == [service.identity.text])
        }
    }

    @Test("of other hosts are free once it has been silent for ten seconds")
    func silentElsewhere() async throws {
        try await ServiceUnderTest.run { service in
            let order = try begin(service)
            let other = ProcessIdentity(.worker, host: "elsewhere", number: 7)
            try lease(service, by: other)
            try report(service, of: other, age: 5)
            let reporter = service.services.makeReporter()
            #expect(reporter.round())
            #expect(try !isTold(service, order))
            try service.execute(
                "UPDATE process_reports SET reported_at = reported_at - INTERVAL 6 SECOND"
            )
            #expect(reporter.round())
            #expect(try isTold(service, order))
        }
    }

    @Test("are free even if it died before it reported for the first time")
    func goneAtOnce() async throws {
        try await ServiceUnderTest.run { service in
            let order = try begin(service)
            let dead = ProcessIdentity(.worker, number: Self.freeProcessID())
            service.services.makeReporter(dead).takeOver()
            try lease(service, by: dead)
            #expect(try !isTold(service, order))
            #expect(service.services.makeReporter().round())
            #expect(try isTold(service, order))
        }
    }

    @Test("are free when a process of the same name begins") func sameName() async throws {
        try await ServiceUnderTest.run { service in
            let order = try begin(service)
            let name = ProcessIdentity(.worker, host: "container", number: 1)
            try lease(service, by: name)
            #expect(try !isTold(service, order))
            service.services.makeReporter(name).takeOver()
            #expect(try isTold(service, order))
        }
    }
}

import Logging
import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("Reports of breakers", .enabled(if: ServiceUnderTest.isAvailable))
struct ProcessReporterTests {
    @Test("are made and orders obeyed by the loop, until it is stopped")
    func loop() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let second = try SecondProcess(of: service, .serve)
            second.reporter.start()
            service.order("redis-cache", "forcedOpen", token: admin)
            #expect(try eventually { try second.services.state("redis-cache") == .forcedOpen })
            #expect(
                try eventually {
                    let item = try service.item("redis-cache", token: admin)
                    return item["processes"]?[1]?["state"] == "forcedOpen"
                }
            )
            #expect(second.reporter.stop(within: .seconds(30)))
            let item = try service.item("redis-cache", token: admin)
            #expect(item["processes"]?.array?.count == 1)
        }
    }

    @Test("of processes silent for a minute are not shown, for an hour removed")
    func silence() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let second = try SecondProcess(of: service)
            #expect(second.reporter.round())
            func shown() throws -> Int {
                try service.item("mariadb", token: admin)["processes"]?.array?.count ?? 0
            }
            func stored() throws -> Int {
                try service.query("SELECT COUNT(*) AS number FROM process_reports")[0]
                    .int("number")
            }
            #expect(try shown() == 2)
            try service.execute(
                "UPDATE process_reports SET reported_at = reported_at - INTERVAL 61 SECOND"
            )
            #expect(try shown() == 1 && stored() == 1)
            let third = try SecondProcess(of: service, host: "third")
            #expect(third.reporter.round())
            #expect(try stored() == 2)
            try service.execute(
                """
                UPDATE process_reports SET reported_at = reported_at - INTERVAL 1 HOUR
                WHERE process = \(second.identity.text)
                """
            )
            let fourth = try SecondProcess(of: service, host: "fourth")
            #expect(fourth.reporter.round())
            #expect(try stored() == 2 && shown() == 3)
        }
    }

    @Test("of a version that has other members are shown as far as they are understood")
    func otherVersion() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let second = try SecondProcess(of: service)
            #expect(second.reporter.round())
            try service.execute(
                """
                UPDATE process_reports SET document = JSON_REPLACE(
                    JSON_SET(document, '$.breakers[0].more', 1), '$.breakers[1].state', 'ajar')
                """
            )
            let known = try service.item("stripe-payment", token: admin)
            #expect(known["processes"]?[1]?["state"] == "closed")
            #expect(known["processes"]?[1]?["more"] == nil)
            let unknown = try service.item("stripe-refund", token: admin)
            #expect(unknown["processes"]?.array?.count == 1)
        }
    }

    @Test("and orders pass while all other connections to MariaDB are taken")
    func ownConnections() async throws {
        try await ServiceUnderTest.run(["MARIADB_POOL": "1", "MARIADB_POOL_WAIT": "1ms"]) {
            service in
            let admin = try service.admin()
            #expect(service.send(.get, ServiceUnderTest.breakers, token: admin).status == 200)
            let reporter = service.services.makeReporter(service.identity)
            try service.services.database.transaction(until: service.soon) { _ in
                #expect(service.services.database.usage.lent == 1)
                #expect(reporter.round())
                #expect(service.order("mariadb", "disabled", token: admin).status == 200)
            }
        }
    }

    @Test("show this process alone while MariaDB is away, and then no order is taken")
    func withoutMariaDB() async throws {
        let server = try PrivateMariaDB()
        let changes = [
            "MARIADB_SOCKET": server.socket, "MARIADB_DATABASE": "shop", "MARIADB_POOL_WAIT": "2s",
        ]
        try await ServiceUnderTest.run(changes) { service in
            let setUp = Database(TestDatabase.configuration(socket: server.socket))
            try setUp.executeScript("CREATE DATABASE shop", until: service.soon)
            setUp.close()
            try service.migrate()
            let admin = try service.admin()
            let log = LogCapture()
            let reporter = service.services.makeReporter(
                ProcessIdentity(.worker, host: "second", number: 7),
                logger: log.logger
            )
            #expect(reporter.round() && log.lines.isEmpty)
            let whole = service.send(.get, ServiceUnderTest.breakers, token: admin)
            #expect(whole["complete"] == true)
            #expect(whole["items", "0", "processes"].array?.count == 2)
            let before = try service.services.breaker("mariadb").snapshot

            server.stop()
            #expect(!reporter.round() && !reporter.round())
            #expect(log.lines.map(\.level) == [.warning])
            let alone = service.send(.get, ServiceUnderTest.breakers, token: admin)
            #expect(alone.status == 200 && alone["complete"] == false)
            #expect(alone["items"].array?.count == service.services.dependencies.count)
            #expect(
                alone["items", "0", "processes"].array?.compactMap { $0["process"]?.string } == [
                    service.identity.text
                ]
            )
            let refused = service.order("mariadb", "forcedOpen", token: admin)
            #expect(refused.status == 503 && refused.code == "dependency_unavailable")
            let after = try service.services.breaker("mariadb").snapshot
            #expect(after.state == .closed && after.generation == before.generation)

            try server.start()
            #expect(reporter.round() && reporter.round())
            #expect(log.lines.map(\.level) == [.warning, .notice])
            #expect(try service.countOrders() == 0)
            #expect(service.order("mariadb", "forcedOpen", token: admin).status == 200)

            server.freeze()
            defer { server.thaw() }
            // A signal may take effect a little after it was sent.
            #expect(
                eventually {
                    let hanging = service.send(.get, ServiceUnderTest.breakers, token: admin)
                    return hanging.status == 200 && hanging["complete"] == false
                }
            )
        }
    }
}

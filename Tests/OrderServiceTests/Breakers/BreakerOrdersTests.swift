import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("Orders to breakers", .enabled(if: ServiceUnderTest.isAvailable))
struct BreakerOrdersTests {
    private static let name = "stripe-payment"

    @Test("are obeyed at once where they are given, and by other processes after a round")
    func reachOthers() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let second = try SecondProcess(of: service)
            #expect(second.reporter.round())
            let given = service.order(
                Self.name,
                "forcedOpen",
                reason: " Stripe is down ",
                expiresIn: 604_800,
                token: admin
            )
            #expect(given.status == 200 && given["state"] == "forcedOpen")
            #expect(given["order", "who"] == "staff:7")
            #expect(given["order", "reason"] == "Stripe is down")
            #expect(try service.services.state(Self.name) == .forcedOpen)
            #expect(try second.services.state(Self.name) == .closed)
            #expect(given["processes", "1", "process"].string == second.identity.text)
            #expect(given["processes", "1", "state"] == "closed")

            #expect(second.reporter.round())
            let breaker = try second.services.breaker(Self.name)
            #expect(throws: CircuitBreaker.Refused.self) { _ = try breaker.acquire() }
            let order = try #require(breaker.snapshot.order)
            #expect(order.who == "staff:7" && order.why == "Stripe is down")
            #expect(try second.services.state("stripe-refund") == .closed)

            let item = try service.item(Self.name, token: admin)
            let processes = item["processes"]?.array ?? []
            #expect(
                processes.map { $0["process"]?.string } == [
                    service.identity.text, second.identity.text,
                ]
            )
            #expect(processes.map { $0["kind"] } == ["serve", "worker"])
            for process in processes {
                #expect(process["state"] == "forcedOpen" && process["mode"] == "forcedOpen")
                #expect(process["order"] == item["order"])
            }
            #expect(item["order"]?["expiresAt"] == given["order", "expiresAt"])
        }
    }

    @Test("end by themselves in every process, and bind none that starts later")
    func expire() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let second = try SecondProcess(of: service)
            service.order(Self.name, "disabled", expiresIn: 600, token: admin)
            #expect(second.reporter.round())
            #expect(try second.services.state(Self.name) == .disabled)
            service.order(Self.name, "forcedOpen", expiresIn: 1, token: admin)
            #expect(second.reporter.round())
            #expect(second.services.breakers.readings[0].order?.who == "staff:7")
            #expect(try eventually { try service.services.state(Self.name) == .closed })
            #expect(try eventually { try second.services.state(Self.name) == .closed })
            let generation = try second.services.breaker(Self.name).snapshot.generation
            #expect(second.reporter.round())
            #expect(try second.services.breaker(Self.name).snapshot.generation == generation)
            #expect(try service.item(Self.name, token: admin)["order"] == .null)

            let late = try SecondProcess(of: service, host: "late")
            #expect(late.reporter.round())
            #expect(try late.services.breaker(Self.name).snapshot.generation == 0)
        }
    }

    @Test("that ended while a process was cut off end what it did before")
    func expiredUnseen() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let second = try SecondProcess(of: service)
            service.order(Self.name, "forcedOpen", token: admin)
            #expect(second.reporter.round())
            #expect(try second.services.state(Self.name) == .forcedOpen)
            service.order(Self.name, "metricsOnly", expiresIn: 60, token: admin)
            try service.execute(
                """
                UPDATE breaker_orders SET set_at = set_at - INTERVAL 1 HOUR,
                    expires_at = expires_at - INTERVAL 1 HOUR
                """
            )
            #expect(second.reporter.round())
            #expect(try second.services.state(Self.name) == .closed)
        }
    }

    @Test("that stand bind a process from its start, for the rest of their time")
    func bindStarters() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            service.order(Self.name, "forcedOpen", expiresIn: 600, token: admin)
            try service.execute(
                """
                UPDATE breaker_orders SET set_at = set_at - INTERVAL 400 SECOND,
                    expires_at = expires_at - INTERVAL 400 SECOND
                """
            )
            service.order("mariadb", "metricsOnly", token: admin)
            let second = try SecondProcess(of: service)
            second.reporter.takeOver()
            let order = try #require(try second.services.breaker(Self.name).snapshot.order)
            let expiry = try #require(order.expiry)
            #expect(expiry > .seconds(100) && expiry <= .seconds(200))
            let other = try second.services.breaker("mariadb").snapshot
            #expect(other.state == .metricsOnly && other.order?.expiry == nil)
        }
    }

    @Test("to decide by itself lift a mode and close an open breaker, once")
    func auto() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let second = try SecondProcess(of: service)
            service.order("mariadb", "disabled", token: admin)
            #expect(second.reporter.round())
            try service.services.breaker(Self.name).open()
            try second.services.breaker(Self.name).open()
            for name in ["mariadb", Self.name] {
                let answer = service.order(name, "auto", token: admin)
                #expect(answer["state"] == "closed" && answer["order"] == .null)
            }
            #expect(second.reporter.round())
            #expect(try second.services.state("mariadb") == .closed)
            // An order that this process sees for the first time may be from before its start.
            #expect(try second.services.state(Self.name) == .open)
            service.order(Self.name, "auto", token: admin)
            #expect(second.reporter.round())
            #expect(try second.services.state(Self.name) == .closed)
            try second.services.breaker(Self.name).open()
            #expect(second.reporter.round())
            #expect(try second.services.state(Self.name) == .open)
        }
    }

    @Test("that come at once leave all processes in the mode of the last one")
    func atOnce() async throws {
        try await ServiceUnderTest.run { service in
            let second = try SecondProcess(of: service)
            let sides = [service.services.breakers, second.services.breakers]
            let modes = BreakerMode.allCases
            let givers = (0..<24).map { number in
                Companion {
                    try sides[number % 2].give(
                        BreakerCommand(
                            name: Self.name,
                            mode: modes[number % modes.count],
                            reason: "number \(number)",
                            who: "test"
                        ),
                        until: .after(.seconds(30))
                    )
                }
            }
            for giver in givers { _ = try giver.join() }
            let first = service.services.makeReporter(service.identity)
            #expect(first.round() && second.reporter.round())
            let row = try service.query(
                """
                SELECT o.mode, o.reason, o.revision, l.mode AS logged_mode,
                    l.reason AS logged_reason, (SELECT MAX(id) FROM breaker_order_log) AS last
                FROM breaker_orders o JOIN breaker_order_log l ON l.id = o.revision
                """
            )[0]
            #expect(try row.int("revision") == row.int("last"))
            #expect(try row.string("mode") == row.string("logged_mode"))
            #expect(try row.string("reason") == row.string("logged_reason"))
            #expect(try service.countOrders() == 24)
            for services in [service.services, second.services] {
                let state = try services.state(Self.name)
                #expect(BreakerMode(state).rawValue == (try row.string("mode")))
            }
        }
    }
}

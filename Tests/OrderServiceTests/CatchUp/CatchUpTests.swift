import Logging
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Catching up with Stripe's events", .enabled(if: ServiceUnderTest.isAvailable))
struct CatchUpTests {
    static let settings = ["CATCH_UP_INTERVAL": "60s", "CATCH_UP_DELAY": "60s"]
    private static let list = "GET /stripe/v1/events"

    /// What came by `source`, oldest first.
    private func types(_ service: ServiceUnderTest, by source: String) throws -> [String] {
        try service.query("SELECT type FROM webhook_inbox WHERE source = \(source) ORDER BY id")
            .map { try $0.string("type") }
    }

    private func gaps(_ service: ServiceUnderTest) throws -> Int? {
        try service.query("SELECT gaps FROM catch_up").first?.int("gaps")
    }

    private func readTo(_ service: ServiceUnderTest) throws -> Timestamp? {
        try service.query("SELECT read_to FROM catch_up").first?.timestamp("read_to")
    }

    private func lists(_ service: ServiceUnderTest) -> Int {
        service.standInRequests("GET", "/stripe/v1/events")
    }

    /// An order that is paid, and of which no webhook arrives.
    private func paidUnheard(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        service.standIn(.post, "/_webhooks", ["paused": true])
        let order = try service.placedOrder()
        try service.pay(order)
        return order
    }

    private func status(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed
    ) -> JSON {
        service.send(.get, order.path, token: order.token)["paymentStatus"]
    }

    private func drain(_ service: ServiceUnderTest, after duration: Duration) throws {
        service.advance(by: duration)
        try service.settle()
    }

    @Test("heals what no webhook told once it is old enough, counts it and tells")
    func heals() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let order = try paidUnheard(service)
            try drain(service, after: .seconds(30))
            #expect(status(service, order) == "requires_payment_method")
            #expect(try gaps(service) == 0)
            try drain(service, after: .seconds(62))
            #expect(status(service, order) == "paid")
            #expect(try types(service, by: "catch_up") == ["payment_intent.succeeded"])
            #expect(try gaps(service) == 1)
            _ = try service.services.makeSampler().drain()
            let lines = service.send(.get, "/metrics").text.split(separator: "\n")
            #expect(lines.contains("orderd_webhook_gap_total 1"))
            let age = lines.first { $0.hasPrefix("orderd_catch_up_age_seconds ") }
            #expect(age.map { ["60", "61", "62"].contains($0.suffix(2)) } == true)

            service.standIn(.post, "/_webhooks", ["paused": false])
            try drain(service, after: .seconds(120))
            #expect(try types(service, by: "catch_up").count == 1)
            #expect(try gaps(service) == 1)
        }
    }

    @Test("says how many of which types were missing, and nothing that is in them")
    func log() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            service.standIn(.post, "/_webhooks", ["paused": true])
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_chargeDeclined")
            try service.pay(order)
            service.advance(by: .seconds(70))
            let capture = LogCapture()
            #expect(try job(service, capture).run(until: service.soon) == 3)
            let line = try #require(capture.lines.first)
            #expect(capture.lines.count == 1 && line.level == .warning)
            let types = """
                charge.failed 1, payment_intent.payment_failed 1, payment_intent.succeeded 1
                """
            #expect(line.metadata == ["count": "3", "types": types])
        }
    }

    private func job(_ service: ServiceUnderTest, _ capture: LogCapture) -> CatchUpJob {
        CatchUpJob(
            store: service.services.catchUpStore,
            stripe: service.services.stripe,
            clock: service.services.clock,
            interval: .seconds(60),
            delay: .seconds(60),
            overlap: .seconds(300),
            logger: capture.logger
        )
    }

    @Test("counts nothing when every webhook has come")
    func noGap() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let order = try service.placedOrder()
            try service.pay(order, with: "pm_card_chargeDeclined")
            try service.pay(order)
            try drain(service, after: .seconds(70))
            try drain(service, after: .seconds(70))
            #expect(lists(service) >= 2)
            #expect(try gaps(service) == 0)
            #expect(try types(service, by: "catch_up") == [])
        }
    }

    @Test("asks nobody where it is switched off")
    func off() async throws {
        try await ServiceUnderTest.run { service in
            let order = try paidUnheard(service)
            try drain(service, after: .seconds(600))
            #expect(status(service, order) == "requires_payment_method")
            #expect(lists(service) == 0)
            #expect(try gaps(service) == nil)
        }
    }

    @Test("reads page after page, whatever happens to others meanwhile")
    func pages() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let order = try paidUnheard(service)
            for _ in 0..<120 {
                service.stripe(
                    .post,
                    "payment_intents",
                    "amount=500&currency=ron&payment_method=pm_card_visa&confirm=true"
                )
            }
            service.advance(by: .seconds(70))
            let late = try service.placedOrder()
            try service.pay(late)
            try service.drain()
            #expect(status(service, order) == "paid")
            #expect(status(service, late) == "requires_payment_method")
            #expect(lists(service) == 3)
            #expect(try gaps(service) == 121)
            try drain(service, after: .seconds(70))
            #expect(status(service, late) == "paid")
            #expect(try gaps(service) == 122)
            let ids = try service.query("SELECT DISTINCT event_id FROM webhook_inbox")
            #expect(ids.count == 122)
        }
    }

    @Test("is done by one worker at a time, and once")
    func twoWorkers() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let orders = try (0..<3).map { _ in try paidUnheard(service) }
            service.advance(by: .seconds(70))
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let workers = [service.services.makeWorker(), sibling.makeWorker()]
            for companion in workers.map({ worker in Companion { try worker.drain() } }) {
                _ = try companion.join()
            }
            try service.drain()
            #expect(lists(service) == 1)
            #expect(try gaps(service) == 3)
            for order in orders { #expect(status(service, order) == "paid") }
        }
    }

    @Test(
        "stays where it is while Stripe does not answer, and goes on after",
        arguments: ["drop_before", "garbage", "status"]
    )
    func failure(kind: String) async throws {
        // The breaker stays closed, as it would be again a minute later.
        let settings = Self.settings.merging([
            "STRIPE_READ_POLICY": "attempts=1 minimumCalls=1000"
        ]) { $1 }
        try await ServiceUnderTest.run(settings) { service in
            try service.drain()
            let order = try paidUnheard(service)
            let before = try readTo(service)
            service.setFault(Self.list, kind, status: kind == "status" ? 500 : nil)
            try drain(service, after: .seconds(200))
            #expect(try readTo(service) == before)
            #expect(status(service, order) == "requires_payment_method")
            let errors = try service.query("SELECT last_error FROM catch_up")
            #expect(try errors.first?.optionalString("last_error") != nil)
            service.removeFaults()
            try drain(service, after: .seconds(61))
            #expect(status(service, order) == "paid")
            #expect(try gaps(service) == 1)
        }
    }

    @Test("waits for an open breaker")
    func openBreaker() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let order = try paidUnheard(service)
            let admin = try service.session("1", .admin)
            func command(_ mode: String) {
                let body: JSON = ["mode": .string(mode), "reason": "a drill"]
                let path = "/v1/admin/breakers/stripe-read"
                #expect(service.send(.post, path, token: admin, body).status == 200)
            }
            command("forcedOpen")
            try drain(service, after: .seconds(70))
            #expect(lists(service) == 0)
            #expect(try types(service, by: "catch_up") == [])
            command("auto")
            try drain(service, after: .seconds(61))
            #expect(status(service, order) == "paid")
        }
    }

    @Test("begins where Stripe's memory begins if it was away for longer")
    func retention() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            try service.drain()
            let order = try paidUnheard(service)
            service.advance(by: .seconds(70))
            let long = service.now - .seconds(40 * 86_400)
            try service.execute("UPDATE catch_up SET read_to = \(long)")
            let capture = LogCapture()
            #expect(try job(service, capture).run(until: service.soon) == 1)
            #expect(capture.lines.map(\.level) == [.error, .warning])
            try service.drain()
            #expect(status(service, order) == "paid")
            let behind = service.now - (try #require(try readTo(service)))
            #expect(behind < .seconds(75))
            #expect(lists(service) == 30)
        }
    }

    @Test("finds what Stripe lists late, behind the place that was reached")
    func overlap() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            try service.drain()
            let order = try paidUnheard(service)
            let reached = Timestamp(seconds: service.now.seconds + 30)
            try service.execute("UPDATE catch_up SET read_to = \(reached)")
            try drain(service, after: .seconds(120))
            #expect(status(service, order) == "paid")
        }
    }

    @Test("holds goods whose dispute nobody told us of")
    func dispute() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let order = try service.paidOrder()
            service.standIn(.post, "/_webhooks", ["paused": true])
            _ = try service.dispute(order)
            service.advance(by: .seconds(70))
            try service.drain()
            #expect(service.paymentStatus(order) == "disputed")
            #expect(try service.report("start", of: order).code == "payment_disputed")
        }
    }
}

import Foundation
package import MariaDB
package import OrderService
package import OrderServiceTesting
package import OrderSimulation
package import Resilience
import Synchronization
import Web

/// The whole service in this process, with real MariaDB and Redis and stand-ins of its own.
///
/// What tests share is kept apart by *places*: a place is one schema on the server of
/// `TEST_MARIADB_SOCKET`, migrated once from `sql/`, and two databases of the Redis at
/// `TEST_REDIS_SOCKET`. A test borrows a place, finds it empty, and alone uses it; so suites may
/// run side by side and need no `.serialized`. Application, clock, stand-ins and their port are
/// new for each test.
///
/// Nothing happens by itself: webhooks are delivered by `deliverWebhooks`, the worker's jobs run
/// in `drain`, and the one clock of service and stand-ins stands still but for `advance`.
package final class ServiceUnderTest: Sendable {
    package static let webhookSecret = "whsec_test"
    package static let stripeSecretKey = "sk_test_sim"
    /// As `FRAUD_SCORING_URL`: the scoring service of the test's own stand-ins.
    package static let scoring = "stand-in"

    package let services: Services
    package let application: OrderApplication
    package let simulation: Simulation
    package let settings: [String: String]
    /// What the service sent to the stand-ins goes through here.
    package let gateway: LoopbackGateway
    private let lanes: Lanes
    private let worker: Worker

    package static var isAvailable: Bool { TestDatabase.isAvailable && Place.redisSocket != nil }

    /// Runs `body` on a thread of its own with a service that starts from nothing.
    ///
    /// - Parameters:
    ///   - changes: settings that differ from those of `settings(of:)`.
    ///   - body: the test.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws, or why the service cannot be put together.
    @discardableResult
    package static func run<Result: Sendable>(
        _ changes: [String: String] = [:],
        _ body: @escaping @Sendable (ServiceUnderTest) throws -> Result
    ) async throws -> Result {
        try await onOwnThread {
            try Place.borrow { place in
                let service = try ServiceUnderTest(place, changes)
                defer { service.stop() }
                return try body(service)
            }
        }
    }

    /// The same with a Redis server of the test's own, for tests that stop it.
    @discardableResult
    package static func runWithPrivateRedis<Result: Sendable>(
        _ changes: [String: String] = [:],
        arguments: [String] = [],
        _ body: @escaping @Sendable (ServiceUnderTest, PrivateRedis) throws -> Result
    ) async throws -> Result {
        let redis = try PrivateRedis(arguments)
        let changes = changes.merging([
            "REDIS_CACHE_SOCKET": redis.socketPath, "REDIS_CACHE_DATABASE": "0",
            "REDIS_STATE_DATABASE": "1",
        ]) { $1 }
        return try await run(changes) { try body($0, redis) }
    }

    private init(_ place: Place, _ changes: [String: String]) throws {
        let link = Link()
        var configuration = Simulation.Configuration(now: { link.milliseconds })
        configuration.stripeSecretKey = Self.stripeSecretKey
        configuration.webhookSecret = Self.webhookSecret
        configuration.webhookURL = "http://127.0.0.1/v1/webhooks/stripe"
        configuration.seed = 7
        simulation = Simulation(configuration, send: link.receive)
        gateway = try LoopbackGateway(simulation)
        var settings = Self.settings(place, port: gateway.port).merging(changes) { $1 }
        if settings["FRAUD_SCORING_URL"] == Self.scoring {
            settings["FRAUD_SCORING_URL"] = "http://127.0.0.1:\(gateway.port)/scoring"
        }
        self.settings = settings
        services = try Services(settings: try Settings.load(environment: settings))
        services.clock.stop()
        (application, lanes) = services.makeApplication()
        worker = services.makeWorker()
        link.connect(services.clock, application)
        services.cacheRecovery.round(until: soon)
    }

    /// The settings of a service on a place; waits are long, because test machines are busy.
    private static func settings(_ place: Place, port: Int) -> [String: String] {
        let standIns = "http://127.0.0.1:\(port)"
        return [
            "MARIADB_SOCKET": TestDatabase.socketPath,
            "MARIADB_USER": TestDatabase.userName,
            "MARIADB_DATABASE": place.schema,
            "MARIADB_LOOKUP_TIMEOUT": "10s",
            "MARIADB_SEARCH_TIMEOUT": "10s",
            "MARIADB_WRITE_TIMEOUT": "10s",
            "MARIADB_POOL": "24",
            "MARIADB_POOL_WAIT": "10s",
            "REDIS_CACHE_SOCKET": Place.redisSocket ?? "",
            "REDIS_CACHE_DATABASE": String(place.cacheDatabase),
            "REDIS_STATE_DATABASE": String(place.stateDatabase),
            "REDIS_TIMEOUT": "5s",
            "REDIS_POOL": "16",
            "READ_LANES": "4",
            "REQUEST_LANES": "24",
            "STRIPE_API_BASE": "\(standIns)/stripe",
            "STRIPE_SECRET_KEY": stripeSecretKey,
            "STRIPE_WEBHOOK_SECRET": webhookSecret,
            "STRIPE_PAYMENT_POLICY": "attemptTimeout=6s attempts=1 laneWait=6s",
            "STRIPE_REFUND_POLICY": "attemptTimeout=6s attempts=1 laneWait=6s",
            "STRIPE_READ_POLICY": "attempts=1 laneWait=6s",
            "USER_SERVICE_URL": standIns,
            "PRODUCT_SERVICE_URL": standIns,
            "USER_SERVICE_POLICY": "attemptTimeout=4s attempts=1 laneWait=4s",
            "PRODUCT_SERVICE_POLICY": "attemptTimeout=4s attempts=1 laneWait=4s",
            "UPSTREAM_BUDGET": "20s",
            // Webhooks come when told, and what did not come is missing; tests of catching up say so.
            "CATCH_UP_INTERVAL": "0s",
            "RECONCILE_INTERVAL": "0s",
            "SEALING_KEY": String(repeating: "0f", count: 32),
            "SELLER_NAME": "Magazin Exemplu SRL",
            "SELLER_CUI": "RO90123459",
            "SELLER_STREET": "Strada Exemplului nr. 10",
            "SELLER_CITY": "Cluj-Napoca",
            "SELLER_COUNTY": "RO-CJ",
            "SELLER_POSTAL_CODE": "400001",
            "SELLER_TRADE_REGISTER": "J12/1234/2015",
            "SELLER_LEGAL_TEXT": "Capital social 200 RON",
            // Tests order as they like; those of the limits set others.
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "1000000",
            "PAYMENT_LIMIT_CUSTOMER_DAY": "1000000",
            "PAYMENT_LIMIT_ADDRESS_HOUR": "1000000",
            "GUEST_LOOKUP_LIMIT_ADDRESS_HOUR": "1000000",
            "GUEST_LOOKUP_LIMIT_ORDER_HOUR": "1000000",
            "GUEST_LOOKUP_LIMIT_EMAIL_HOUR": "1000000",
            // The same of the checks for fraud: everything is decided, and nothing held.
            "FRAUD_REVIEW_SCORE": "1000000",
            "FRAUD_BLOCK_SCORE": "1000000",
            "LOG_LEVEL": "critical",
        ]
    }

    private func stop() {
        _ = simulation.respond(to: .init(.delete, "/_faults"))
        for group in lanes.all { _ = group.waitUntilIdle(until: .after(.seconds(30))) }
        services.close()
        gateway.stop()
    }

    /// Brings the service's database to the schema; only a test with a server of its own has to.
    package func migrate() throws {
        _ = try SchemaMigrator(database: services.database).migrate(
            from: Place.migrations,
            until: .after(.seconds(60))
        )
        services.cacheRecovery.round(until: soon)
    }

    // MARK: What happens only when told

    /// Delivers the webhooks that are due, signed by the stand-in, into the application.
    package func deliverWebhooks() {
        simulation.deliverDueWebhooks()
    }

    /// Does all that is due for the worker: inbox, events, invalidations, tasks, cleaning.
    package func drain() throws {
        try worker.drain()
    }

    /// Delivers webhooks and drains, until neither brings anything new.
    package func settle() throws {
        deliverWebhooks()
        try drain()
    }

    /// Moves the time of day of service and stand-ins.
    package func advance(by duration: Duration) {
        services.clock.advance(by: duration)
    }

    package var now: Timestamp { services.clock.now }

    /// A limit for single steps of tests.
    package var soon: Deadline { .after(.seconds(30)) }

    /// A second process on the same databases and stand-ins, with caches and pools of its own.
    ///
    /// So is its clock, which stands where this service's stands now.
    package func makeSibling(_ changes: [String: String] = [:]) throws -> Services {
        let settings = settings.merging(changes) { $1 }
        let sibling = try Services(settings: try Settings.load(environment: settings))
        sibling.clock.stop(at: now)
        sibling.cacheRecovery.round(until: soon)
        return sibling
    }
}

/// What the stand-ins need of the service before it exists: its clock and its webhook route.
private final class Link: Sendable {
    private let service = Mutex<(clock: WallClock, application: OrderApplication)?>(nil)

    func connect(_ clock: WallClock, _ application: OrderApplication) {
        service.withLock { $0 = (clock, application) }
    }

    var milliseconds: Int64 {
        let clock = service.withLock { $0?.clock }
        return (clock?.now ?? Timestamp.now).microseconds / 1_000
    }

    func receive(_ message: WebhookMessage) -> Bool {
        guard let application = service.withLock({ $0?.application }) else { return false }
        let headers = [
            (name: "Content-Type", value: "application/json; charset=utf-8"),
            (name: "Stripe-Signature", value: message.signature),
        ]
        let answer = application.respond(
            to: .init(.post, "/v1/webhooks/stripe", headers: headers, body: message.body)
        )
        return answer.status == .ok
    }
}

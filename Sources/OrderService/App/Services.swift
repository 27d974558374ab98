import Commerce
import Curl
import FoundationEssentials
package import MariaDB
package import Observability
package import Redis
import Resilience
import Signing
import Web

/// Everything that the programs use, put together once from the settings.
package final class Services: Sendable {
    package let settings: Settings
    /// Which process this is, for leases and reports.
    package let process: ProcessIdentity
    package let metrics: MetricsRegistry
    package let clock: WallClock
    package let database: Database
    package let cacheRedis: RedisClient
    package let stateRedis: RedisClient
    package let sessions: SessionAuthority
    let cache: LookUpCache
    let guests: GuestAccessAuthority
    let revocations: Revocations
    let sessionUses: SessionUses
    package let revocationWatch: RevocationWatch
    /// The record of guests' access.
    package let guestAccesses: GuestAccessLog
    let guestLookUps: GuestLookUpStore
    let guestDigests: GuestDigests
    let fraudFingerprints: FraudFingerprints
    let csrf: CSRFProtection
    let shippingMethods: ShippingMethods
    let orders: OrderStore
    let ledger: OrderLedger
    let reservations: ReservationStore
    let payments: PaymentStore
    let paymentLimiter: PaymentLimiter
    let stripe: StripeClient
    let users: UserServiceClient
    let products: ProductServiceClient
    let settlement: PaymentSettlement
    let paymentStarter: PaymentStarter
    let placement: OrderPlacement
    let screening: FraudScreening
    let idempotency: Idempotency
    let inbox: WebhookInbox
    /// What lets Redis be believed again after a loss.
    package let cacheRecovery: CacheRecovery
    let verification: ReservationVerification
    let closing: OrderClosing
    /// Everything that has a breaker, in the order of `Dependency`.
    package let dependencies: [GuardedDependency]
    package let breakers: BreakerControl
    let processReports: ProcessReportStore
    /// The record of what staff and operators do.
    package let audit: AuditTrail

    /// Puts everything together; connects to nothing yet.
    ///
    /// - Parameters:
    ///   - settings: of the process.
    ///   - process: which one it is.
    /// - Throws: `SettingsError` if a file that a setting names cannot be used.
    package init(
        settings: Settings,
        process: ProcessIdentity = ProcessIdentity(.serve)
    ) throws {
        self.settings = settings
        self.process = process
        let metrics = MetricsRegistry()
        let clock = WallClock()
        self.metrics = metrics
        self.clock = clock
        let guards = try Guards(settings, metrics)
        dependencies = guards.all
        database = Database(settings.database.configuration, breaker: guards.mariaDB)
        let trust = CacheTrust()
        cacheRedis = RedisClient(
            settings.redis.configuration(settings.redis.cache),
            breaker: guards.redisCache,
            whenLost: { trust.lose() }
        )
        stateRedis = RedisClient(
            settings.redis.configuration(settings.redis.state),
            breaker: guards.redisState
        )
        cache = LookUpCache(redis: cacheRedis, trust: trust, counts: CacheCounts(metrics))
        revocations = Revocations(recent: RecentRevocations(), cache: cache, clock: clock)
        sessionUses = SessionUses()
        sessions = SessionAuthority(
            database: database,
            cache: cache,
            revocations: revocations,
            uses: sessionUses,
            clock: clock
        )
        guests = GuestAccessAuthority(
            database: database,
            cache: cache,
            revocations: revocations,
            clock: clock,
            timeToLive: settings.access.guestTokenLife
        )
        guestAccesses = GuestAccessLog(
            store: GuestAccessStore(database: database),
            clock: clock,
            metrics: metrics
        )
        guestLookUps = GuestLookUpStore(database: database)
        fraudFingerprints = FraudFingerprints(
            key: settings.sealing.key.exposed,
            previousKey: settings.sealing.previousKey?.exposed
        )
        guestDigests = GuestDigests(
            key: settings.sealing.key.exposed,
            previousKey: settings.sealing.previousKey?.exposed
        )
        csrf = CSRFProtection(
            key: settings.sealing.key.exposed,
            previousKey: settings.sealing.previousKey?.exposed,
            origins: settings.server.corsOrigins
        )
        shippingMethods = try Self.shippingMethods(settings.checkout.shippingMethodsFile)
        orders = OrderStore(database: database)
        ledger = OrderLedger(database: database, cache: cache, clock: clock)
        reservations = ReservationStore(database: database, ledger: ledger)
        payments = PaymentStore(database: database)
        paymentLimiter = PaymentLimiter(
            limiter: RateLimiter(redis: stateRedis, processes: settings.limits.processes),
            limits: settings.limits.payment,
            metrics: metrics
        )

        stripe = StripeClient(
            payments: guards.stripePayment,
            refunds: guards.stripeRefund,
            reads: guards.stripeRead,
            baseURL: settings.stripe.apiBase,
            secretKey: settings.stripe.secretKey.exposed,
            apiVersion: settings.stripe.version
        )
        users = UserServiceClient(
            upstream: guards.userService,
            baseURL: settings.upstreams.userServiceURL
        )
        products = ProductServiceClient(
            upstream: guards.productService,
            baseURL: settings.upstreams.productServiceURL
        )
        settlement = PaymentSettlement(
            ledger: ledger,
            limiter: paymentLimiter,
            paymentDeadline: settings.checkout.paymentDeadline,
            hold: FraudHold(
                policy: settings.fraud.policy,
                reviewTime: settings.fraud.reviewTime
            )
        )
        paymentStarter = PaymentStarter(
            orders: orders,
            payments: payments,
            ledger: ledger,
            stripe: stripe,
            settlement: settlement,
            limiter: paymentLimiter
        )
        verification = ReservationVerification(
            orders: orders,
            reservations: reservations,
            products: products,
            timeToLive: settings.checkout.paymentDeadline + settings.checkout.reservationMargin
        )
        closing = OrderClosing(
            orders: orders,
            ledger: ledger,
            ending: PaymentEnding(
                payments: payments,
                ledger: ledger,
                stripe: stripe,
                settlement: settlement
            ),
            reservations: reservations,
            products: products
        )
        placement = OrderPlacement(
            store: orders,
            ledger: ledger,
            products: products,
            verification: verification,
            methods: shippingMethods,
            hold: settlement.hold,
            clock: clock,
            paymentDeadline: settings.checkout.paymentDeadline,
            reservationMargin: settings.checkout.reservationMargin
        )
        screening = FraudScreening(
            store: FraudStore(database: database),
            fingerprints: fraudFingerprints,
            scoring: settings.upstreams.fraudScoringURL.map {
                FraudScoringClient(upstream: guards.fraudScoring, baseURL: $0)
            },
            policy: settings.fraud.policy,
            clock: clock,
            metrics: metrics
        )
        idempotency = Idempotency(
            store: IdempotencyStore(
                database: database,
                sealing: try Sealing(
                    key: settings.sealing.key.exposed,
                    previousKey: settings.sealing.previousKey?.exposed
                ),
                clock: clock,
                process: process
            ),
            retention: settings.retention.idempotency,
            secretRetention: settings.retention.idempotencyWithSecret
        )
        inbox = WebhookInbox(database: database, clock: clock, process: process)
        cacheRecovery = CacheRecovery(
            cache: cache,
            relay: OutboxRelay(database: database, clock: clock, channel: .cache, process: process),
            orders: orders
        )
        // Connections of its own, with no breaker in front: what operators order has to arrive
        // also when all others are taken, or when MariaDB's breaker is what they forced open.
        var ownConfiguration = settings.database.configuration
        ownConfiguration.poolSize = 2
        let processes = Database(ownConfiguration)
        processReports = ProcessReportStore(database: processes)
        breakers = BreakerControl(
            dependencies: dependencies,
            store: BreakerStore(database: processes),
            processReports: processReports
        )
        // One for revocations, which must not wait behind look-ups either.
        ownConfiguration.poolSize = 1
        revocationWatch = RevocationWatch(
            database: Database(ownConfiguration),
            recent: revocations.recent,
            clock: clock
        )
        // The same for the record: no order to a breaker passes without it.
        ownConfiguration.poolSize = 4
        audit = AuditTrail(
            store: AuditStore(database: Database(ownConfiguration), clock: clock),
            writeTimeout: settings.database.writeTimeout,
            connectTimeout: settings.database.connectTimeout,
            metrics: metrics
        )
    }

    private static func shippingMethods(_ file: String?) throws -> ShippingMethods {
        guard let file else { return .builtIn }
        func problem(_ text: String) -> SettingsError {
            SettingsError(problems: [.init(setting: "SHIPPING_METHODS_FILE", text: text)])
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw problem("\(file) cannot be read")
        }
        do {
            return try ShippingMethods(parsing: Array(data))
        } catch {
            let faults = error.faults.map { "\($0.pointer): \($0.detail)" }
            throw problem("\(file): " + faults.joined(separator: " "))
        }
    }

    /// Ends what the services hold open.
    package func close() {
        database.close()
        processReports.database.close()
        audit.store.database.close()
        revocationWatch.database.close()
        cacheRedis.close()
        stateRedis.close()
    }
}

extension Settings.Database {
    fileprivate var configuration: MariaDBConfiguration {
        let hosts = servers.compactMap { server -> MariaDBConfiguration.Host? in
            guard case .tcp(let address) = server else { return nil }
            return MariaDBConfiguration.Host(
                address.host,
                port: UInt16(clamping: address.port)
            )
        }
        var address = MariaDBConfiguration.Address.hosts(hosts)
        if case .unix(let path)? = servers.first { address = .unixSocket(path: path) }
        var configuration = MariaDBConfiguration(
            address: address,
            user: user,
            password: password?.exposed,
            database: name
        )
        configuration.tls =
            switch encryption {
            case .off: .off
            case .required: .required(authority: authorityFile, verifiesHost: false)
            case .verify: .required(authority: authorityFile, verifiesHost: true)
            }
        configuration.connectTimeout = connectTimeout
        configuration.poolSize = poolSize
        configuration.poolWait = poolWait
        configuration.statementLimits = StatementLimits(
            lookUp: lookUpTimeout,
            search: searchTimeout,
            write: writeTimeout,
            job: jobTimeout
        )
        // The other half is for what the lock was waited for.
        configuration.lockWait = writeTimeout / 2
        return configuration
    }
}

extension Settings.RedisServers {
    fileprivate func configuration(_ server: Settings.RedisServer) -> RedisConfiguration {
        let address: RedisConfiguration.Address =
            switch server.address {
            case .unix(let path): .unix(path)
            case .tcp(let address): .tcp(address.host, address.port)
            }
        return RedisConfiguration(
            address: address,
            user: server.user,
            password: server.password?.exposed,
            database: server.database,
            connectTimeout: timeout,
            operationTimeout: timeout,
            poolSize: poolSize,
            // Half of its time is for the server.
            poolWait: timeout / 2
        )
    }
}

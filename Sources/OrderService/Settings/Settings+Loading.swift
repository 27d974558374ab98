import FoundationEssentials
import Logging
import Resilience

extension Settings {
    /// Reads the settings of the process.
    ///
    /// - Parameter environment: the variables; `ORDERD_CONFIG` among them names a file of more.
    /// - Returns: the settings, each within its range, with warnings of what is odd.
    /// - Throws: `SettingsError` with everything that is wrong.
    package static func load(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SettingsError) -> Settings {
        var file = ConfigurationFile()
        if let path = environment[Setting.configurationFile.name], !path.isEmpty {
            switch SettingsFile.text(at: path) {
            case .success(let text): file = ConfigurationFile(text)
            case .failure(let failure):
                throw SettingsError(problems: [
                    .init(
                        setting: Setting.configurationFile.name,
                        text: "\(path) cannot be read: \(failure.reason)"
                    )
                ])
            }
        }
        var reader = SettingsReader(environment: environment, file: file)
        let settings = Settings(
            reading: &reader,
            warnings: UnknownSettings.warnings(environment: environment, file: file.values)
        )
        settings.checkTogether(&reader)
        guard reader.problems.isEmpty else { throw SettingsError(problems: reader.problems) }
        return settings
    }

    private init(reading reader: inout SettingsReader, warnings: [String]) {
        server = Server(reading: &reader)
        database = Database(reading: &reader)
        redis = RedisServers(reading: &reader)
        stripe = Stripe(reading: &reader)
        upstreams = Upstreams(reading: &reader)
        policies = reader.policies()
        sealing = Sealing(
            key: reader.requiredSealingKey(.sealingKey),
            previousKey: reader.sealingKey(.previousSealingKey)
        )
        checkout = Checkout(
            slidingLife: reader.duration(.checkoutSliding),
            maximumLife: reader.duration(.checkoutMaximum),
            shippingMethodsFile: reader.text(.shippingMethodsFile),
            paymentDeadline: reader.duration(.paymentDeadline),
            reservationMargin: reader.duration(.reservationMargin)
        )
        refunds = Refunds(
            supportLimit: Int64(reader.count(.refundSupportLimit)),
            dailyLimit: Int64(reader.count(.refundDailyLimit))
        )
        invoicing = Invoicing(reading: &reader)
        access = Access(
            guestTokenLife: reader.duration(.guestTokenTTL),
            guestLookUpLife: reader.duration(.guestLookUpTTL),
            maximumSessionLife: reader.duration(.sessionTTLMaximum)
        )
        limits = Limits(reading: &reader)
        fraud = Fraud(reading: &reader)
        retention = Retention(
            idempotency: reader.duration(.idempotencyRetention),
            idempotencyWithSecret: reader.duration(.idempotencySecretRetention),
            outbox: reader.duration(.outboxRetention),
            guestAccesses: reader.duration(.guestAccessRetention),
            checkout: reader.duration(.checkoutRetention),
            access: reader.duration(.accessRetention),
            webhook: reader.duration(.webhookRetention),
            unpaidOrder: reader.duration(.unpaidOrderRetention),
            orderContact: reader.duration(.orderContactRetention),
            accounting: reader.duration(.accountingRetention),
            eventStreamLength: reader.count(.eventStreamLength)
        )
        catchUp = CatchUp(
            interval: reader.duration(.catchUpInterval),
            delay: reader.duration(.catchUpDelay)
        )
        reconciliation = Reconciliation(interval: reader.duration(.reconcileInterval))
        log = Log(
            level: reader.choice(.logLevel, standIn: Logger.Level.info),
            slowLookUp: reader.duration(.logLookUpSlow),
            lookUpSampling: reader.count(.logLookUpSample)
        )
        hasMetrics = reader.onOff(.metrics)
        self.warnings = warnings
        written = reader.written
    }

    /// The time without which a dependency is not called at all.
    private func least(_ dependency: Dependency) -> Duration {
        policies[dependency]?.guarding.minimumUsefulTime ?? .zero
    }

    private func checkTogether(_ reader: inout SettingsReader) {
        let ordered: [(Setting, Duration, Setting, Duration)] = [
            (.upstreamBudget, upstreams.budget, .requestDeadline, server.requestDeadline),
            (.checkoutSliding, checkout.slidingLife, .checkoutMaximum, checkout.maximumLife),
            (
                .idempotencySecretRetention, retention.idempotencyWithSecret,
                .idempotencyRetention, retention.idempotency
            ),
            (
                .orderContactRetention, retention.orderContact,
                .accountingRetention, retention.accounting
            ),
        ]
        for (setting, value, limit, limitValue) in ordered {
            reader.check(setting, value, isAtMost: limit, limitValue)
        }
        reader.check(
            .paymentLimitCustomerHour,
            limits.payment.customerHour,
            isAtMost: .paymentLimitCustomerDay,
            limits.payment.customerDay
        )
        reader.check(
            .fraudReviewScore,
            fraud.policy.reviewScore,
            isAtMost: .fraudBlockScore,
            fraud.policy.blockScore
        )
        let slowest = Dependency.allCases.filter(\.hasGuard).max {
            least($0) < least($1)
        }
        if let slowest, upstreams.budget <= least(slowest), !reader.hasProblem(.upstreamBudget) {
            reader.report(
                .upstreamBudget,
                "\(DurationText.text(of: upstreams.budget)) leaves no time for "
                    + "\(slowest.name), which takes \(DurationText.text(of: least(slowest))) at least"
            )
        }
        let ofDependencies = policies.filter(\.key.hasGuard).values.reduce(0) { $0 + $1.lanes }
        let lanes =
            server.readLanes + server.requestLanes + Lanes.ownQueues + ofDependencies
        if lanes > Lanes.maximumTotal {
            reader.report(
                .requestLanes,
                "all lanes together, those of dependencies among them, are \(lanes), above "
                    + "\(Lanes.maximumTotal)"
            )
        }
    }
}

extension Settings.Server {
    fileprivate init(reading reader: inout SettingsReader) {
        listeners = reader.listeners(.listen)
        peers = reader.addresses(.listenPeers)
        workers = reader.count(.workers)
        readLanes = reader.count(.readLanes)
        requestLanes = reader.count(.requestLanes)
        requestTurns = reader.count(.requestTurns)
        laneQueue = reader.count(.laneQueue)
        requestDeadline = reader.duration(.requestDeadline)
        grace = reader.duration(.grace)
        corsOrigins = reader.origins(.corsOrigins)
        if listeners.isEmpty, !reader.hasProblem(.listen) {
            reader.report(.listen, "names no address")
        }
    }
}

extension Settings.Database {
    fileprivate init(reading reader: inout SettingsReader) {
        servers = reader.hosts(.mariaDBHosts, impliedPort: 3_306)
        switch (reader.text(.mariaDBSocket), servers.isEmpty) {
        case (let path?, true): servers = [.unix(path: path)]
        case (.some, false):
            reader.report(.mariaDBSocket, "is set, and MARIADB_HOSTS as well; one is enough")
        case (nil, true):
            if !reader.hasProblem(.mariaDBHosts) {
                reader.report(.mariaDBHosts, "is required, or MARIADB_SOCKET")
            }
        case (nil, false): break
        }
        user = reader.text(.mariaDBUser) ?? ""
        password = reader.secret(.mariaDBPassword)
        name = reader.text(.mariaDBDatabase) ?? ""
        encryption = reader.choice(.mariaDBTLS, standIn: .off)
        authorityFile = reader.text(.mariaDBCAFile)
        poolSize = reader.count(.mariaDBPool)
        poolWait = reader.duration(.mariaDBPoolWait)
        connectTimeout = reader.duration(.mariaDBConnectTimeout)
        lookUpTimeout = reader.duration(.mariaDBLookUpTimeout)
        searchTimeout = reader.duration(.mariaDBSearchTimeout)
        writeTimeout = reader.duration(.mariaDBWriteTimeout)
        jobTimeout = reader.duration(.mariaDBJobTimeout)
    }
}

extension Settings.RedisServers {
    fileprivate init(reading reader: inout SettingsReader) {
        timeout = reader.duration(.redisTimeout)
        poolSize = reader.count(.redisPool)

        if reader.isGiven(.redisCacheSocket), reader.isGiven(.redisCacheHost) {
            reader.report(.redisCacheSocket, "is set, and REDIS_CACHE_HOST as well; one is enough")
        }
        let cachePort = reader.count(.redisCachePort)
        let cacheAddress: ServerAddress
        if let path = reader.text(.redisCacheSocket) {
            cacheAddress = .unix(path: path)
        } else {
            let host = reader.text(.redisCacheHost) ?? ""
            cacheAddress = .tcp(HostPort(host: host, port: cachePort))
        }
        cache = Settings.RedisServer(
            address: cacheAddress,
            user: reader.text(.redisCacheUser),
            password: reader.secret(.redisCachePassword),
            database: reader.count(.redisCacheDatabase)
        )
        state = Self.state(besides: cache, reading: &reader)
    }

    private static func state(
        besides cache: Settings.RedisServer,
        reading reader: inout SettingsReader
    ) -> Settings.RedisServer {
        let port = reader.optionalCount(.redisStatePort)
        let user = reader.text(.redisStateUser)
        let password = reader.secret(.redisStatePassword)
        let database = reader.optionalCount(.redisStateDatabase)
        let address: ServerAddress
        switch (reader.text(.redisStateSocket), reader.text(.redisStateHost)) {
        case (nil, nil):
            if reader.isGiven(.redisStatePort) {
                reader.report(.redisStatePort, "is set without REDIS_STATE_HOST")
            }
            return Settings.RedisServer(
                address: cache.address,
                user: user ?? cache.user,
                password: password ?? cache.password,
                database: database ?? cache.database
            )
        case (let path?, let host):
            if host != nil {
                reader.report(
                    .redisStateSocket,
                    "is set, and REDIS_STATE_HOST as well; one is enough"
                )
            }
            address = .unix(path: path)
        case (nil, let host?): address = .tcp(HostPort(host: host, port: port ?? 6_379))
        }
        return Settings.RedisServer(
            address: address,
            user: user,
            password: password,
            database: database ?? 0
        )
    }
}

extension Settings.Stripe {
    fileprivate init(reading reader: inout SettingsReader) {
        apiBase = reader.url(.stripeAPIBase)
        secretKey = reader.requiredSecret(.stripeSecretKey)
        webhookSecrets = reader.requiredSecrets(.stripeWebhookSecret)
        webhookTolerance = reader.duration(.webhookTolerance)
        version = reader.stripeVersion(.stripeVersion)
        if webhookSecrets.isEmpty, !reader.hasProblem(.stripeWebhookSecret) {
            reader.report(.stripeWebhookSecret, "names no secret")
        }
    }
}

extension Settings.Upstreams {
    fileprivate init(reading reader: inout SettingsReader) {
        userServiceURL = reader.url(.userServiceURL)
        productServiceURL = reader.url(.productServiceURL)
        fraudScoringURL = reader.isGiven(.fraudScoringURL) ? reader.url(.fraudScoringURL) : nil
        budget = reader.duration(.upstreamBudget)
        poolSize = reader.count(.upstreamPool)
    }
}

extension Settings.Limits {
    fileprivate init(reading reader: inout SettingsReader) {
        payment = PaymentLimits()
        payment.customerHour = reader.count(.paymentLimitCustomerHour)
        payment.customerDay = reader.count(.paymentLimitCustomerDay)
        payment.addressHour = reader.count(.paymentLimitAddressHour)
        guestLookUp = GuestLookUpLimits()
        guestLookUp.addressHour = reader.count(.guestLookUpLimitAddressHour)
        guestLookUp.orderHour = reader.count(.guestLookUpLimitOrderHour)
        guestLookUp.emailHour = reader.count(.guestLookUpLimitEmailHour)
        processes = reader.count(.limitProcesses)
    }
}

extension Settings.Fraud {
    fileprivate init(reading reader: inout SettingsReader) {
        policy = reader.fraudPolicy()
        reviewTime = reader.duration(.fraudReviewTime)
    }
}

package import Resilience

/// What this service depends on, each behind a circuit breaker of its own.
///
/// Stripe is three: a write that moves no money yet, writes that give money back, and reads; so
/// that none of them is refused because another kind fails.
package enum Dependency: String, Sendable, CaseIterable {
    case stripePayment = "stripe-payment"
    case stripeRefund = "stripe-refund"
    case stripeRead = "stripe-read"
    case userService = "user-service"
    case productService = "product-service"
    case fraudScoring = "fraud-scoring"
    case redisCache = "redis-cache"
    case redisState = "redis-state"
    case mariaDB = "mariadb"

    package var name: String { rawValue }

    /// Whether calls go through a whole guard, with lanes, retries and time limits.
    ///
    /// Redis and MariaDB have pools and time limits of their own, and a breaker in front.
    var hasGuard: Bool {
        switch self {
        case .stripePayment, .stripeRefund, .stripeRead, .userService, .productService,
            .fraudScoring:
            true
        case .redisCache, .redisState, .mariaDB: false
        }
    }

    /// The setting that changes its policy.
    package var setting: Setting {
        switch self {
        case .stripePayment: .stripePaymentPolicy
        case .stripeRefund: .stripeRefundPolicy
        case .stripeRead: .stripeReadPolicy
        case .userService: .userServicePolicy
        case .productService: .productServicePolicy
        case .fraudScoring: .fraudScoringPolicy
        case .redisCache: .redisCachePolicy
        case .redisState: .redisStatePolicy
        case .mariaDB: .mariaDBPolicy
        }
    }
}

/// The limits of the calls to one dependency.
package struct DependencyPolicy: Sendable, Equatable {
    package var guarding = GuardConfiguration()

    /// How many calls run at once.
    package var lanes = 24

    /// How many more may wait for a lane.
    package var queueLimit = 64

    /// The values a dependency starts from, where no setting says otherwise.
    package static func start(of dependency: Dependency) -> DependencyPolicy {
        var policy = DependencyPolicy()
        policy.guarding.breaker.window = .recent(calls: 20, seconds: 60)
        switch dependency {
        case .stripePayment:
            break
        case .stripeRefund:
            policy.lanes = 4
            policy.setTimes(attempt: .seconds(5), total: .seconds(12))
        case .stripeRead:
            policy.lanes = 12
            policy.setTimes(attempt: .seconds(5), total: .seconds(10))
        case .userService:
            policy = .shop
            policy.lanes = 16
        case .productService:
            policy = .shop
        case .fraudScoring:
            // The rules stand in for it, so nobody waits for it long, or twice.
            policy = .shop
            policy.lanes = 8
            policy.setTimes(attempt: .milliseconds(500), total: .milliseconds(600))
            policy.guarding.laneWait = .milliseconds(100)
            policy.guarding.retry.attempts = 1
        case .redisCache, .redisState:
            policy = .store
            policy.guarding.breaker.minimumCalls = 20
        case .mariaDB:
            policy = .store
            // A job's statement may be the probe.
            policy.guarding.breaker.halfOpenLease = .seconds(15)
        }
        return policy
    }

    /// The shop's own services: closer, quicker, and soon back.
    private static var shop: DependencyPolicy {
        var policy = DependencyPolicy()
        policy.setTimes(attempt: .seconds(2), total: .seconds(4))
        policy.guarding.minimumUsefulTime = .milliseconds(100)
        policy.guarding.breaker.window = .recent(calls: 40, seconds: 30)
        policy.guarding.breaker.minimumCalls = 20
        policy.guarding.breaker.slowCallDuration = .seconds(1)
        policy.guarding.breaker.openWait = .seconds(5)
        policy.guarding.breaker.openWaitMultiplier = 1
        policy.guarding.breaker.openWaitCap = .seconds(5)
        return policy
    }

    /// A store beside us: only its being away counts, and it is tried again soon.
    private static var store: DependencyPolicy {
        var policy = DependencyPolicy()
        policy.guarding.breaker.window = .recent(calls: 40, seconds: 10)
        policy.guarding.breaker.slowRateThreshold = 100
        policy.guarding.breaker.slowCallDuration = .seconds(30)
        policy.guarding.breaker.countsCallsInFlight = false
        policy.guarding.breaker.openWait = .milliseconds(500)
        policy.guarding.breaker.openWaitMultiplier = 1
        policy.guarding.breaker.openWaitCap = .milliseconds(500)
        policy.guarding.breaker.halfOpenPermits = 4
        policy.guarding.breaker.halfOpenLease = .seconds(5)
        return policy
    }

    private mutating func setTimes(attempt: Duration, total: Duration) {
        guarding.attemptTimeout = attempt
        guarding.totalTimeout = total
    }

    /// Checks what no type can express.
    ///
    /// - Parameter hasGuard: false where only the breaker is used.
    /// - Throws: `InvalidSetting` with the name of the first part that cannot work.
    func validate(hasGuard: Bool = true) throws(InvalidSetting) {
        if hasGuard { try guarding.validate() } else { try guarding.breaker.validate() }
        if hasGuard { try validateHalfOpen() }
        for part in PolicyPart.allCases where hasGuard || part.isOfBreaker {
            guard part.place.duration(in: self) ?? .zero <= .days(1) else {
                throw InvalidSetting(part.rawValue, "must not be above 1d")
            }
        }
        guard guarding.breaker.slowCallDuration > .zero else {
            throw InvalidSetting("slowCallDuration", "must be above 0")
        }
        guard (1...100).contains(lanes) else {
            throw InvalidSetting("lanes", "must be 1 to 100")
        }
        guard (0...10_000).contains(queueLimit) else {
            throw InvalidSetting("queueLimit", "must be 0 to 10000")
        }
    }

    /// A probe has to have the time of a call, or a breaker that has opened never closes again.
    private func validateHalfOpen() throws(InvalidSetting) {
        let breaker = guarding.breaker
        if let lease = breaker.halfOpenLease, lease < guarding.attemptTimeout {
            throw InvalidSetting("halfOpenLease", "must not be below attemptTimeout")
        }
        if let limit = breaker.halfOpenTimeLimit, limit < guarding.attemptTimeout {
            throw InvalidSetting("halfOpenTimeLimit", "must not be below attemptTimeout")
        }
    }
}

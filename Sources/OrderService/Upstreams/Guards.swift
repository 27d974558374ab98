import Observability
import Resilience

/// What stands before each dependency, made once from the settings.
struct Guards: Sendable {
    let stripePayment: Upstream
    let stripeRefund: Upstream
    let stripeRead: Upstream
    let userService: Upstream
    let productService: Upstream
    let fraudScoring: Upstream
    let redisCache: CircuitBreaker
    let redisState: CircuitBreaker
    let mariaDB: CircuitBreaker

    /// Makes them; connects to nothing yet.
    ///
    /// - Throws: `SettingsError` if a policy cannot work.
    init(_ settings: Settings, _ registry: MetricsRegistry) throws(SettingsError) {
        let metrics = UpstreamMetrics(registry: registry)
        let consumers = [BreakerLog.consumer()]
        func policy(_ dependency: Dependency) -> DependencyPolicy {
            settings.policies[dependency] ?? .start(of: dependency)
        }
        func checked<Part>(
            _ dependency: Dependency,
            _ make: () throws(InvalidSetting) -> Part
        ) throws(SettingsError) -> Part {
            do throws(InvalidSetting) {
                return try make()
            } catch {
                throw SettingsError(problems: [
                    .init(setting: dependency.setting.name, text: "\(error)")
                ])
            }
        }
        func upstream(_ dependency: Dependency) throws(SettingsError) -> Upstream {
            try checked(dependency) { () throws(InvalidSetting) in
                try Upstream(
                    dependency,
                    policy(dependency),
                    poolSize: settings.upstreams.poolSize,
                    metrics: metrics,
                    consumers: consumers
                )
            }
        }
        func breaker(_ dependency: Dependency) throws(SettingsError) -> CircuitBreaker {
            try checked(dependency) { () throws(InvalidSetting) in
                try CircuitBreaker(
                    name: dependency.name,
                    policy(dependency).guarding.breaker,
                    consumers: consumers
                )
            }
        }
        stripePayment = try upstream(.stripePayment)
        stripeRefund = try upstream(.stripeRefund)
        stripeRead = try upstream(.stripeRead)
        userService = try upstream(.userService)
        productService = try upstream(.productService)
        fraudScoring = try upstream(.fraudScoring)
        redisCache = try breaker(.redisCache)
        redisState = try breaker(.redisState)
        mariaDB = try breaker(.mariaDB)
    }

    /// All of them as operators see them, in the order of `Dependency`.
    var all: [GuardedDependency] {
        let upstreams = [
            stripePayment, stripeRefund, stripeRead, userService, productService, fraudScoring,
        ]
        let breakers = [redisCache, redisState, mariaDB]
        return upstreams.map(\.guarded)
            + breakers.map { GuardedDependency(name: $0.name, breaker: $0) }
    }
}

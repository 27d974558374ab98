import OrderServiceTesting
import Redis
import Resilience

@testable import OrderService

/// A limiter of one of two processes, with a Redis of its own.
struct LimiterFixture {
    let server: PrivateRedis
    let client: RedisClient
    let limiter: RateLimiter
    let limits = PaymentLimits().limits(of: .sample("1"))

    init() throws {
        server = try PrivateRedis()
        client = RedisClient(.patient(server))
        limiter = RateLimiter(redis: client, processes: 2)
    }
}

/// What the suites of the limiter have in common.
protocol LimiterSuite {
    var fixture: LimiterFixture { get }
}

extension LimiterSuite {
    var server: PrivateRedis { fixture.server }
    var client: RedisClient { fixture.client }
    var limiter: RateLimiter { fixture.limiter }
    var limits: [RateLimit] { fixture.limits }
    var soon: Deadline { .after(.seconds(20)) }

    func reserve(_ member: String) -> RateLimitDecision {
        limiter.reserve(member, in: limits, until: soon)
    }
}

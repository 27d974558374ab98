import Resilience
import Testing

@testable import OrderService

@Suite("Policies of dependencies") struct SettingsPolicyTests {
    private func load(_ changes: [String: String]) throws -> Settings {
        try Settings.load(environment: SettingsTests.least.merging(changes) { $1 })
    }

    private func problem(_ setting: String, _ value: String) -> String? {
        do {
            _ = try load([setting: value])
            return nil
        } catch let error as SettingsError {
            return error.problems.map { "\($0.setting): \($0.text)" }.joined(separator: "; ")
        } catch {
            return "\(error)"
        }
    }

    @Test("start from the values of the design") func start() throws {
        let policies = try load([:]).policies
        let payments = try #require(policies[.stripePayment]).guarding
        #expect(payments.attemptTimeout == .milliseconds(2_500))
        #expect(payments.totalTimeout == .seconds(6))
        #expect(
            payments.breaker.window == .recent(calls: 20, seconds: 60)
                && payments.breaker.minimumCalls == 10
        )
        #expect(payments.breaker.failureRateThreshold == 50)
        #expect(payments.breaker.slowCallDuration == .seconds(2))
        #expect(payments.breaker.slowRateThreshold == 80)
        #expect(payments.breaker.openWait == .seconds(15))
        #expect(payments.breaker.openWaitMultiplier == 2)
        #expect(payments.breaker.openWaitCap == .seconds(300))
        #expect(payments.breaker.halfOpenPermits == 2)
        #expect(payments.breaker.halfOpenLease == .seconds(30))
        for dependency in [Dependency.stripeRead, .stripeRefund] {
            #expect(policies[dependency]?.guarding.attemptTimeout == .seconds(5))
        }
        for dependency in [Dependency.userService, .productService] {
            let policy = try #require(policies[dependency]).guarding
            #expect(policy.attemptTimeout == .seconds(2) && policy.totalTimeout == .seconds(4))
            #expect(policy.retry.attempts == 2)
            #expect(
                policy.breaker.window == .recent(calls: 40, seconds: 30)
                    && policy.breaker.minimumCalls == 20
            )
            #expect(policy.breaker.failureRateThreshold == 50)
            #expect(policy.breaker.slowCallDuration == .seconds(1))
            #expect(policy.breaker.slowRateThreshold == 80)
            #expect(policy.breaker.openWait == .seconds(5))
        }
    }

    @Test("are changed part by part") func changes() throws {
        let text = "attempts=3, window=100calls openWait=30s halfOpenLease=never"
        let policy = try #require(try load(["STRIPE_READ_POLICY": text]).policies[.stripeRead])
        var expected = DependencyPolicy.start(of: .stripeRead)
        expected.guarding.retry.attempts = 3
        expected.guarding.breaker.window = .calls(100)
        expected.guarding.breaker.openWait = .seconds(30)
        expected.guarding.breaker.halfOpenLease = nil
        #expect(policy == expected)
    }

    @Test(
        "refuse what cannot work, by the setting's and the part's name",
        arguments: [
            ("failureRateThreshold=0", "failureRateThreshold must be above 0 and at most 100"),
            ("failureRateThreshold=101", "failureRateThreshold must be above 0 and at most 100"),
            ("slowRateThreshold=0", "slowRateThreshold must be above 0 and at most 100"),
            ("halfOpenPermits=0", "halfOpenPermits must be 1 to 10000"),
            ("window=0s", "window must be 1 to 86400 seconds"),
            ("window=0calls", "window must be 1 to 100000 calls"),
            (
                "window=0calls/60s",
                "window must be 1 to 100000 calls and 1 to 86400 seconds"
            ),
            ("halfOpenLease=1ms", "halfOpenLease must not be below attemptTimeout"),
            ("halfOpenTimeLimit=1ms", "halfOpenTimeLimit must not be below attemptTimeout"),
            ("openWaitCap=2d", "openWaitCap must not be above 1d"),
            ("halfOpenLease=30d", "halfOpenLease must not be above 1d"),
            ("openWaitCap=1000000000000d", "openWaitCap cannot be «1000000000000d»"),
            ("slowCallDuration=0s", "slowCallDuration must be above 0"),
            ("laneWait=0s", "laneWait must be at least 1 ms"),
            (
                "minimumUsefulTime=6s",
                "minimumUsefulTime must be 0 up to less than attemptTimeout"
            ),
            ("window=1500ms", "window cannot be «1500ms»"),
            ("minimumCalls=0", "minimumCalls must be at least 1"),
            ("openWait=10min", "openWait must not be above openWaitCap"),
            ("openWait=-5s", "openWait cannot be «-5s»"),
            ("openWaitMultiplier=nan", "openWaitMultiplier cannot be «nan»"),
            ("openWaitJitter=2", "openWaitJitter must be 0 to 1"),
            ("attempts=0", "attempts must be 1 to 10"),
            ("attemptTimeout=0s", "attemptTimeout must be above 0"),
            ("backoff.cap=1ms", "backoff.cap must not be below backoff.base"),
            ("budgetShare=1.5", "budgetShare must be 0 to 1"),
            ("budgetMinimum=-1", "budgetMinimum must not be negative"),
            ("lanes=0", "lanes must be 1 to 100"),
            ("queueLimit=-1", "queueLimit must be 0 to 10000"),
            ("countsCallsInFlight=yes", "countsCallsInFlight cannot be «yes»"),
            ("patience=1", "«patience» is no part of a policy"),
            ("attempts", "«attempts» is not part=value"),
            ("attempts=1 attempts=2", "attempts is given twice"),
        ]
    )
    func refusals(text: String, reason: String) {
        #expect(problem("STRIPE_PAYMENT_POLICY", text) == "STRIPE_PAYMENT_POLICY: \(reason)")
    }

    @Test("have no lanes and tries where a breaker stands alone") func storesHaveBreakersOnly() {
        let reason = "REDIS_CACHE_POLICY: lanes does not apply to redis-cache"
        #expect(problem("REDIS_CACHE_POLICY", "lanes=3") == reason)
        #expect(problem("MARIADB_POLICY", "openWait=100ms") == nil)
    }

    @Test("have time within a request's budget") func budget() {
        let reason = problem("UPSTREAM_BUDGET", "500ms")
        #expect(reason?.hasPrefix("UPSTREAM_BUDGET: 500ms leaves no time for stripe-") == true)
    }

    @Test("leave other threads room") func lanesTogether() throws {
        let reason = try #require(problem("STRIPE_READ_POLICY", "lanes=100"))
        #expect(reason.hasPrefix("REQUEST_LANES: all lanes together"))
    }

    @Test("are written as they are read", arguments: PolicyPart.allCases)
    func roundTrip(part: PolicyPart) {
        for dependency in Dependency.allCases {
            let start = DependencyPolicy.start(of: dependency)
            var policy = start
            #expect(part.place.put(part.place.text(in: start), into: &policy))
            #expect(policy == start)
        }
    }
}

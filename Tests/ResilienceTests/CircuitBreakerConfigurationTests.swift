import Testing

@testable import Resilience

@Suite("Circuit breaker settings") struct CircuitBreakerConfigurationTests {
    struct Mistake: CustomTestStringConvertible, Sendable {
        let setting: String
        let make: @Sendable (inout CircuitBreakerConfiguration) -> Void

        init(
            _ setting: String,
            _ make: @escaping @Sendable (inout CircuitBreakerConfiguration) -> Void
        ) {
            self.setting = setting
            self.make = make
        }

        var testDescription: String { setting }
    }

    static let mistakes = [
        Mistake("window") { $0.window = .calls(0) },
        Mistake("window") { $0.window = .seconds(0) },
        Mistake("window") { $0.window = .calls(-1) },
        Mistake("window") { $0.window = .seconds(86_401) },
        Mistake("minimumCalls") { $0.minimumCalls = 0 },
        Mistake("failureRateThreshold") { $0.failureRateThreshold = 0 },
        Mistake("failureRateThreshold") { $0.failureRateThreshold = 100.1 },
        Mistake("failureRateThreshold") { $0.failureRateThreshold = .nan },
        Mistake("slowRateThreshold") { $0.slowRateThreshold = -1 },
        Mistake("slowRateThreshold") { $0.slowRateThreshold = 101 },
        Mistake("slowCallDuration") { $0.slowCallDuration = .milliseconds(-1) },
        Mistake("openWait") { $0.openWait = .zero },
        Mistake("openWait") { $0.openWait = .seconds(301) },
        Mistake("openWaitCap") { $0.openWaitCap = .seconds(-1) },
        Mistake("openWaitMultiplier") { $0.openWaitMultiplier = 0.5 },
        Mistake("openWaitMultiplier") { $0.openWaitMultiplier = .infinity },
        Mistake("openWaitJitter") { $0.openWaitJitter = 1.5 },
        Mistake("serverWaitCap") { $0.serverWaitCap = .seconds(-1) },
        Mistake("halfOpenPermits") { $0.halfOpenPermits = 0 },
        Mistake("halfOpenLease") { $0.halfOpenLease = .zero },
        Mistake("halfOpenTimeLimit") { $0.halfOpenTimeLimit = .seconds(-2) },
    ]

    @Test("refuses what cannot work, with the setting's name", arguments: mistakes)
    func refuses(mistake: Mistake) {
        var configuration = CircuitBreakerConfiguration()
        mistake.make(&configuration)
        let error = #expect(throws: InvalidSetting.self) {
            try CircuitBreaker(name: "test", configuration)
        }
        #expect(error?.setting == mistake.setting)
        #expect(error?.description.hasPrefix("\(mistake.setting) must ") == true)
    }

    @Test("takes the starting values") func takesStartingValues() throws {
        try CircuitBreakerConfiguration().validate()
        try GuardConfiguration().validate()
        try RetryPolicy.none.validate()
    }
}

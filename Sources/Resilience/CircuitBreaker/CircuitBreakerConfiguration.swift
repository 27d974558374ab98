/// When a circuit breaker opens, for how long, and how it finds out that all is well again.
///
/// The open wait of the k-th opening in a row, in milliseconds cut to a whole number at each step:
///
///     min(openWait * openWaitMultiplier ^ (k - 1), openWaitCap), less up to openWaitJitter of it
package struct CircuitBreakerConfiguration: Sendable, Equatable {
    /// Which calls count for the rates.
    package enum Window: Sendable, Equatable {
        /// The last calls.
        case calls(Int)
        /// The calls that ended in the last whole seconds.
        case seconds(Int)
        /// The last calls, as far as they ended in the last whole seconds.
        case recent(calls: Int, seconds: Int)
    }

    /// Where a breaker goes that was half-open for too long.
    package enum AfterTimeLimit: Sendable {
        case open
        case closed
    }

    /// The window of a closed breaker, 1 to 100,000 calls or 1 to 86,400 seconds.
    package var window = Window.seconds(60)

    /// Calls before there are rates, at least 1.
    package var minimumCalls = 10

    /// Failed calls, in percent, at which the breaker opens; above 0, at most 100.
    package var failureRateThreshold: Float = 50

    /// Slow calls, in percent, at which the breaker opens; above 0, at most 100.
    package var slowRateThreshold: Float = 80

    /// A call is slow if it takes longer.
    package var slowCallDuration = Duration.seconds(2)

    /// Whether a call in flight counts as slow as soon as it is, so that hanging calls open the
    /// breaker before the first of them ends.
    package var countsCallsInFlight = true

    package var openWait = Duration.seconds(15)

    /// At least 1; 1 for a constant wait.
    package var openWaitMultiplier = 2.0

    package var openWaitCap = Duration.seconds(300)

    /// The share of the wait that chance may take off, 0 to 1.
    package var openWaitJitter = 0.1

    /// The longest pause that the other side may ask for.
    package var serverWaitCap = Duration.seconds(60)

    /// Calls that a half-open breaker lets through, 1 to 10,000.
    package var halfOpenPermits = 2

    /// After this a probe without an answer counts as failed; nil for never.
    package var halfOpenLease: Duration? = .seconds(30)

    /// How long the breaker may be half-open; nil for ever.
    package var halfOpenTimeLimit: Duration?

    package var afterHalfOpenTimeLimit = AfterTimeLimit.open

    /// Whether the breaker becomes half-open at the end of its wait, and not with the first call
    /// after it.
    package var opensHalfAutomatically = false

    package var initialState = CircuitBreakerState.closed

    /// Whether each single call is an event, too.
    package var tellsCalls = false

    /// Makes the configuration for payments; change what is different.
    package init() {}

    /// Checks what no type can express.
    ///
    /// - Throws: `InvalidSetting` with the name of the first property that cannot work.
    package func validate() throws(InvalidSetting) {
        switch window {
        case .calls(let size):
            try InvalidSetting.require(
                (1...100_000).contains(size),
                "window",
                "must be 1 to 100000 calls"
            )
        case .seconds(let size):
            try InvalidSetting.require(
                (1...86_400).contains(size),
                "window",
                "must be 1 to 86400 seconds"
            )
        case .recent(let calls, let seconds):
            try InvalidSetting.require(
                (1...100_000).contains(calls) && (1...86_400).contains(seconds),
                "window",
                "must be 1 to 100000 calls and 1 to 86400 seconds"
            )
        }
        try InvalidSetting.require(minimumCalls >= 1, "minimumCalls", "must be at least 1")
        try requirePercent(failureRateThreshold, "failureRateThreshold")
        try requirePercent(slowRateThreshold, "slowRateThreshold")
        try requireNotNegative(slowCallDuration, "slowCallDuration")
        try validateOpenWait()
        try validateHalfOpen()
    }

    private func validateOpenWait() throws(InvalidSetting) {
        try requirePositive(openWait, "openWait")
        try InvalidSetting.require(
            openWaitMultiplier >= 1 && openWaitMultiplier.isFinite,
            "openWaitMultiplier",
            "must be at least 1"
        )
        try requirePositive(openWaitCap, "openWaitCap")
        try InvalidSetting.require(
            openWait <= openWaitCap,
            "openWait",
            "must not be above openWaitCap"
        )
        try InvalidSetting.require(
            openWaitJitter >= 0 && openWaitJitter <= 1,
            "openWaitJitter",
            "must be 0 to 1"
        )
        try requireNotNegative(serverWaitCap, "serverWaitCap")
    }

    private func validateHalfOpen() throws(InvalidSetting) {
        try InvalidSetting.require(
            (1...10_000).contains(halfOpenPermits),
            "halfOpenPermits",
            "must be 1 to 10000"
        )
        if let halfOpenLease { try requirePositive(halfOpenLease, "halfOpenLease") }
        if let halfOpenTimeLimit { try requirePositive(halfOpenTimeLimit, "halfOpenTimeLimit") }
    }

    private func requirePercent(_ value: Float, _ setting: String) throws(InvalidSetting) {
        try InvalidSetting.require(
            value > 0 && value <= 100,
            setting,
            "must be above 0 and at most 100"
        )
    }

    private func requirePositive(_ value: Duration, _ setting: String) throws(InvalidSetting) {
        try InvalidSetting.require(value > .zero, setting, "must be above 0")
    }

    private func requireNotNegative(_ value: Duration, _ setting: String) throws(InvalidSetting) {
        try InvalidSetting.require(value >= .zero, setting, "must not be negative")
    }
}

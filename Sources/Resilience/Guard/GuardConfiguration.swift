/// The limits of the calls to one dependency.
package struct GuardConfiguration: Sendable, Equatable {
    /// All attempts and the waits between them.
    package var totalTimeout = Duration.seconds(6)

    /// One attempt.
    package var attemptTimeout = Duration.milliseconds(2_500)

    /// No attempt begins with less time left.
    package var minimumUsefulTime = Duration.milliseconds(500)

    /// An attempt that was given less time, and less than the attempt's timeout, says nothing
    /// about the other side when it runs out of it.
    package var fairTime = Duration.seconds(1)

    /// The longest wait for a lane, so that a dependency that hangs holds up only those callers
    /// that are on its lanes.
    package var laneWait = Duration.milliseconds(500)

    package var retry = RetryPolicy()

    package var breaker = CircuitBreakerConfiguration()

    /// Repetitions as a share of calls, 0 to 1.
    package var budgetShare = 0.1

    /// Repetitions a minute that are allowed however few calls there are.
    package var budgetMinimum = 3

    /// Makes the configuration for payments; change what is different.
    package init() {}

    /// Checks what no type can express.
    ///
    /// - Throws: `InvalidSetting` with the name of the first property that cannot work.
    package func validate() throws(InvalidSetting) {
        try InvalidSetting.require(attemptTimeout > .zero, "attemptTimeout", "must be above 0")
        try InvalidSetting.require(
            totalTimeout >= attemptTimeout,
            "totalTimeout",
            "must not be below attemptTimeout"
        )
        try InvalidSetting.require(
            minimumUsefulTime >= .zero && minimumUsefulTime < attemptTimeout,
            "minimumUsefulTime",
            "must be 0 up to less than attemptTimeout"
        )
        try InvalidSetting.require(fairTime >= .zero, "fairTime", "must not be negative")
        try InvalidSetting.require(
            laneWait >= .milliseconds(1),
            "laneWait",
            "must be at least 1 ms"
        )
        try InvalidSetting.require(
            budgetShare >= 0 && budgetShare <= 1,
            "budgetShare",
            "must be 0 to 1"
        )
        try InvalidSetting.require(budgetMinimum >= 0, "budgetMinimum", "must not be negative")
        try retry.validate()
        try breaker.validate()
    }
}

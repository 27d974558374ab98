/// Whether and when a failed request is sent again.
package struct RetryPolicy: Sendable, Equatable {
    package enum Decision: Sendable, Equatable {
        case retry(after: Duration)
        case stop(Reason)
    }

    /// Why there is no repetition, in a bounded word.
    package enum Reason: String, Sendable, CaseIterable {
        case notAdvised = "not_advised"
        case attemptsUsed = "attempts_used"
        /// The other side asked for a longer wait than is allowed.
        case waitTooLong = "wait_too_long"
        /// The deadline leaves no useful time after the wait.
        case deadline
        case budget
        case breakerOpen = "breaker_open"
    }

    /// All attempts, the first one included; 1 for no repetition, at most 10.
    package var attempts: Int

    package var backoff: Backoff

    /// The longest `Retry-After` that is waited for; a longer one ends the attempts.
    package var retryAfterCap: Duration

    package init(
        attempts: Int = 2,
        backoff: Backoff = Backoff(),
        retryAfterCap: Duration = .seconds(2)
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.retryAfterCap = retryAfterCap
    }

    /// A policy without repetitions.
    package static let none = RetryPolicy(attempts: 1)

    package func validate() throws(InvalidSetting) {
        try InvalidSetting.require((1...10).contains(attempts), "attempts", "must be 1 to 10")
        try InvalidSetting.require(
            retryAfterCap >= .zero,
            "retryAfterCap",
            "must not be negative"
        )
        try backoff.validate()
    }

    /// Decides after an attempt that failed.
    ///
    /// - Parameters:
    ///   - attempt: the number of that attempt, 1 for the first.
    ///   - advice: what its answer says.
    ///   - usefulTime: what is left until the deadline, less the least that an attempt needs.
    ///   - random: the source of the jitter.
    /// - Returns: the decision; the retry budget is not asked yet.
    package func decide(
        afterAttempt attempt: Int,
        advice: RetryAdvice,
        usefulTime: Duration,
        using random: inout some RandomNumberGenerator
    ) -> Decision {
        guard advice.isWorthwhile else { return .stop(.notAdvised) }
        guard attempt < attempts else { return .stop(.attemptsUsed) }
        var wait = backoff.wait(beforeRepetition: attempt, using: &random)
        if let asked = advice.after {
            // Coming back earlier than asked is of no use, so there is no cutting to the cap.
            guard asked <= retryAfterCap else { return .stop(.waitTooLong) }
            wait = max(wait, asked)
        }
        guard wait < usefulTime else { return .stop(.deadline) }
        return .retry(after: wait)
    }
}

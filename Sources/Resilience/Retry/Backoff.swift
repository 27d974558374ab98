/// How long to wait before a repetition: exponential, with full jitter.
///
///     a random part of min(base * multiplier ^ (n - 1), cap) before the n-th repetition
///
/// Full jitter, because callers that failed together must not come back together.
package struct Backoff: Sendable, Equatable {
    package var base: Duration
    package var multiplier: Double
    package var cap: Duration

    package init(
        base: Duration = .milliseconds(100),
        multiplier: Double = 2,
        cap: Duration = .seconds(1)
    ) {
        self.base = base
        self.multiplier = multiplier
        self.cap = cap
    }

    /// The longest wait before the n-th repetition, n being at least 1.
    package func longestWait(beforeRepetition number: Int) -> Duration {
        let limit = Double(cap.wholeNanoseconds)
        var nanoseconds = Double(base.wholeNanoseconds)
        for _ in 1..<max(number, 1) where nanoseconds < limit { nanoseconds *= multiplier }
        return nanoseconds < limit ? .nanoseconds(Int64(nanoseconds)) : cap
    }

    /// The wait before the n-th repetition.
    package func wait(
        beforeRepetition number: Int,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let longest = longestWait(beforeRepetition: number).wholeNanoseconds
        return .nanoseconds(Int64.random(in: 0...max(longest, 0), using: &random))
    }

    func validate() throws(InvalidSetting) {
        try InvalidSetting.require(base >= .zero, "backoff.base", "must not be negative")
        try InvalidSetting.require(
            multiplier >= 1 && multiplier.isFinite,
            "backoff.multiplier",
            "must be at least 1"
        )
        try InvalidSetting.require(
            cap >= base,
            "backoff.cap",
            "must not be below backoff.base"
        )
    }
}

import Redis

/// How many attempts one key may make in any window of time.
package struct RateLimit: Sendable, Hashable {
    /// One of a few words, for metrics.
    package let name: String

    /// The sorted set of the attempts; limits of the same key share it.
    package let key: String

    /// At least 1.
    package let count: Int

    package let window: Duration

    /// Whether the window begins anew when an attempt succeeds.
    package let startsAnewAfterSuccess: Bool

    /// Whether an attempt that succeeded no longer counts.
    package let forgetsSuccess: Bool

    /// False for a trial run: the limit is counted, but refuses nobody.
    package let isEnforced: Bool

    package init(
        name: String,
        key: String,
        count: Int,
        window: Duration,
        startsAnewAfterSuccess: Bool = false,
        forgetsSuccess: Bool = false,
        isEnforced: Bool = true
    ) {
        precondition(count > 0, "a limit allows at least one attempt")
        precondition(window >= .milliseconds(1), "a limit needs a window")
        self.name = name
        self.key = key
        self.count = count
        self.window = window
        self.startsAnewAfterSuccess = startsAnewAfterSuccess
        self.forgetsSuccess = forgetsSuccess
        self.isEnforced = isEnforced
    }

    /// Where the time of the last success is kept.
    var clearedKey: String { key + ":cleared_at" }

    /// What the keys fit under which `SlidingLogScripts` keep something of each attempt.
    var patternsOfAttempts: [String] {
        ["by", "done"].map { "\(RedisClient.pattern(of: key)):\($0):*" }
    }
}

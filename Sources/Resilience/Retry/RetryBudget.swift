import Synchronization

/// Limits the repetitions to a share of the calls to one dependency, so that retries cannot
/// multiply the load on a service that is ill.
///
/// In any 60 seconds: repetitions <= max(minimum, share * calls).
package final class RetryBudget: Sendable {
    /// A reading of the last 60 seconds, and of the refusals since the start.
    package struct Usage: Sendable, Equatable {
        package var calls: Int
        package var repetitions: Int
        package var allowed: Int
        package var refusals: Int
    }

    private let window: Mutex<RetryWindow>
    private let clock: MonotonicClock

    /// Makes a budget.
    ///
    /// - Parameters:
    ///   - share: of the calls, 0 to 1.
    ///   - minimum: repetitions allowed however few calls there are.
    ///   - clock: the time.
    /// - Throws: `InvalidSetting`.
    package init(
        share: Double = 0.1,
        minimum: Int = 3,
        clock: MonotonicClock = .system
    ) throws(InvalidSetting) {
        try InvalidSetting.require(share >= 0 && share <= 1, "budgetShare", "must be 0 to 1")
        try InvalidSetting.require(minimum >= 0, "budgetMinimum", "must not be negative")
        self.clock = clock
        window = Mutex(RetryWindow(share: share, minimum: minimum, at: clock.now))
    }

    /// Notes a call, its first attempt.
    package func noteCall() {
        let now = clock.now
        window.withLock { $0.noteCall(at: now) }
    }

    /// Takes one repetition out of the budget.
    ///
    /// - Returns: false if there is none.
    package func takeRepetition() -> Bool {
        let now = clock.now
        return window.withLock { $0.takeRepetition(at: now) }
    }

    package var usage: Usage {
        let now = clock.now
        return window.withLock { $0.usage(at: now) }
    }
}

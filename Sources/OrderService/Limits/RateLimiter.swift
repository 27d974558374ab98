import Dispatch
package import Redis
package import Resilience
import Synchronization

/// Counts attempts against limits: exactly, in Redis, over all processes; strictly, in this
/// process alone, while Redis is away.
///
/// An attempt is named by a member such as its idempotency key, so that a repeat is the same
/// attempt. Each call blocks for one round trip, and for another where Redis has to be told of what
/// happened without it; for up to ten operation timeouts of the client each where Redis is late, and
/// as long for another thread that is telling it. Nothing here throws: without Redis the answer is a
/// stricter one. One process does not admit more than a limit when answers of Redis are late or lost.
package final class RateLimiter: Sendable {
    /// A reading, for metrics; the counts are since the start.
    package struct Usage: Sendable, Equatable {
        package var admitted = 0
        package var refused = 0
        package var repeated = 0
        /// Answers given without Redis.
        package var local = 0
    }

    let redis: RedisClient
    let clock: MonotonicClock
    private let local: Mutex<LocalSlidingLog>
    private let counts = Mutex(Usage())
    private let isFreeToTell = DispatchSemaphore(value: 1)
    private let vainTellings = Atomic(0)

    /// How long each try waits for Redis: one that is late is not away, and the local log knows nothing
    /// of what other processes admit.
    static func patience(_ redis: RedisClient) -> [Duration] {
        [1, 3, 6].map { redis.operationTimeout * $0 }
    }

    /// Makes a limiter.
    ///
    /// - Parameters:
    ///   - redis: one that does not evict.
    ///   - processes: how many processes share the limits while Redis is away, at least 1.
    ///   - clock: the time of the local log.
    package init(
        redis: RedisClient,
        processes: Int,
        clock: MonotonicClock = .system
    ) {
        self.redis = redis
        self.clock = clock
        local = Mutex(LocalSlidingLog(processes: processes))
    }

    /// Counts an attempt in all limits if all admit it, and in none otherwise.
    package func reserve(
        _ member: String,
        in limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision {
        let decision = askToReserve(member, in: limits, until: deadline)
        counts.withLock { counts in
            if decision.isRepeat {
                counts.repeated += 1
            } else if decision.isAdmitted {
                counts.admitted += 1
            } else {
                counts.refused += 1
            }
        }
        return decision
    }

    /// Counts an attempt for good, also beyond the limits: one that has happened, such as a
    /// decline, or one that was reserved while Redis was away.
    package func commit(
        _ member: String,
        in limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision {
        switch ask(SlidingLogScripts.commit, member, limits, until: deadline) {
        case .heard(let decision, _):
            _ = withLocal { $0.hear(decision, of: member, mayRefuse: false, at: $1) }
            return decision
        case .unheard:
            return withLocal { $0.commit(member, in: limits, at: $1) }
        }
    }

    /// Gives an attempt back that was not carried out.
    ///
    /// - Returns: a decision whose `isRepeat` says whether the attempt had been counted.
    @discardableResult
    package func cancel(
        _ member: String,
        in limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision {
        // It may have been reserved here while Redis was away.
        let here = withLocal { $0.cancel(member, in: limits, at: $1) }
        return tell(.givenBack(question: ""), member, limits, until: deadline) ?? here
    }

    /// Notes that an attempt has succeeded.
    ///
    /// Limits that start anew do so, those that forget successes drop it. A second time for the
    /// same attempt changes nothing.
    @discardableResult
    package func succeed(
        _ member: String,
        in limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision {
        let here = withLocal { $0.succeed(member, in: limits, at: $1) }
        return tell(.succeeded, member, limits, until: deadline) ?? here
    }

    package var usage: Usage { counts.withLock { $0 } }

    func noteSilence() {
        counts.withLock { $0.local += 1 }
    }

    func withLocal<Result: Sendable>(
        _ body: (inout LocalSlidingLog, MonotonicTime) -> Result
    ) -> Result {
        let now = clock.now
        return local.withLock { body(&$0, now) }
    }

    /// Tells Redis what happened while it gave no answer, some hundred events at most; blocks for one
    /// trip if there is anything, as a call does.
    ///
    /// - Returns: how many it was told.
    package func tell(until deadline: Deadline) -> Int {
        guard backlog.keys > 0 else { return 0 }
        var count = 0
        _ = whileTelling(until: deadline) {
            let events = withLocal { $0.untold(at: $1) }
            count = tell(events, until: deadline)
            return count > 0 || events.isEmpty
        }
        return count
    }

    /// Keys of which Redis has still to be told, and logs of keys that had to give way before it was.
    var backlog: (keys: Int, lost: Int) { withLocal { local, _ in local.backlog } }

    /// Tells while no other thread does.
    ///
    /// - Returns: whether all was told; false also if another one has told in vain meanwhile, or until
    ///   the deadline.
    func whileTelling(until deadline: Deadline, _ body: () -> Bool) -> Bool {
        let before = vainTellings.load(ordering: .relaxed)
        let timeout = DispatchTime.now() + deadline.remaining.dispatchInterval
        return Turn.whileWhollyAway {
            guard isFreeToTell.wait(timeout: timeout) == .success else { return false }
            defer { isFreeToTell.signal() }
            guard before == vainTellings.load(ordering: .relaxed) else { return false }
            let isTold = body()
            if !isTold { vainTellings.add(1, ordering: .relaxed) }
            return isTold
        }
    }
}

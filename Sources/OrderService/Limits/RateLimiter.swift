package import Redis
package import Resilience
import Synchronization

/// Counts attempts against limits: exactly, in Redis, over all processes; strictly, in this
/// process alone, while Redis is away.
///
/// An attempt is named by a member such as its idempotency key, so that a repeat is the same
/// attempt. Each call blocks for one round trip, and for three where Redis is too busy to answer one.
/// Nothing here throws: without Redis the answer is a stricter one.
package final class RateLimiter: Sendable {
    /// A reading, for metrics; the counts are since the start.
    package struct Usage: Sendable, Equatable {
        package var admitted = 0
        package var refused = 0
        package var repeated = 0
        /// Answers given without Redis.
        package var local = 0
    }

    private let redis: RedisClient
    private let clock: MonotonicClock
    private let local: Mutex<LocalSlidingLog>
    private let counts = Mutex(Usage())

    /// How often Redis is asked: an answer that is late once does not mean that it is away, and the
    /// local log knows nothing of what was counted there.
    private static let tries = 3

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
        var decision: RateLimitDecision
        if let answer = evaluate(SlidingLogScripts.reserve, member, limits, until: deadline) {
            decision = answer.decision
            // What was counted before may be a try of this very call.
            if answer.followsUnheardTry { decision.isRepeat = false }
        } else {
            decision = withLocal { $0.reserve(member, in: limits, at: $1) }
        }
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
        evaluate(SlidingLogScripts.commit, member, limits, until: deadline)?.decision
            ?? withLocal { $0.commit(member, in: limits, at: $1) }
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
        return evaluate(SlidingLogScripts.cancel, member, limits, until: deadline)?.decision ?? here
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
        return evaluate(SlidingLogScripts.succeed, member, limits, until: deadline)?.decision
            ?? here
    }

    package var usage: Usage { counts.withLock { $0 } }

    private func withLocal(
        _ body: (inout LocalSlidingLog, MonotonicTime) -> RateLimitDecision
    ) -> RateLimitDecision {
        let now = clock.now
        return local.withLock { body(&$0, now) }
    }

    /// The answer of Redis, and whether an earlier try of the same call may have been carried out
    /// without having been heard of; nil if there is no answer.
    private func evaluate(
        _ script: Script,
        _ member: String,
        _ limits: [RateLimit],
        until deadline: Deadline
    ) -> (decision: RateLimitDecision, followsUnheardTry: Bool)? {
        var followsUnheardTry = false
        for _ in 0..<Self.tries {
            do {
                guard let decision = try send(script, member, limits, until: deadline) else {
                    break
                }
                return (decision, followsUnheardTry)
            } catch {
                guard error.mayPass, !deadline.isExpired else { break }
                if error.mayHaveTakenEffect { followsUnheardTry = true }
            }
        }
        counts.withLock { $0.local += 1 }
        return nil
    }

    private func send(
        _ script: Script,
        _ member: String,
        _ limits: [RateLimit],
        until deadline: Deadline
    ) throws(RedisError) -> RateLimitDecision? {
        let reply = try redis.evaluate(
            script,
            keys: limits.flatMap { [$0.key, $0.clearedKey] },
            arguments: Self.arguments(member, limits),
            until: deadline
        )
        return RateLimitDecision(reply, limits)
    }

    private static func arguments(_ member: String, _ limits: [RateLimit]) -> [any RedisArgument] {
        var arguments: [any RedisArgument] = [member]
        for limit in limits {
            let retention = limits.filter { $0.key == limit.key }.map(\.window).max()
            arguments += [
                limit.count, limit.window.wholeMicroseconds,
                (retention ?? limit.window).wholeMicroseconds,
                limit.startsAnewAfterSuccess ? 1 : 0, limit.forgetsSuccess ? 1 : 0,
                limit.isEnforced ? 1 : 0,
            ]
        }
        return arguments
    }
}

extension RedisError {
    /// Whether the next try may find Redis well: the scripts count a member once, so it is safe.
    fileprivate var mayPass: Bool {
        switch self {
        case .timedOut, .connectionLost, .poolExhausted: true
        case .connectionFailed, .protocolViolation, .breakerOpen, .closed, .server: false
        }
    }
}

extension RateLimitDecision {
    /// Reads what the scripts answer: admitted, repeat, then for each limit what is used, and
    /// wait and reset in microseconds.
    init?(_ reply: Reply, _ limits: [RateLimit]) {
        guard let numbers = reply.array?.compactMap(\.integer),
            numbers.count == 2 + 3 * limits.count
        else { return nil }
        isAdmitted = numbers[0] == 1
        isRepeat = numbers[1] == 1
        source = .redis
        standings = limits.enumerated().map { index, limit in
            Standing(
                limit: limit,
                count: limit.count,
                used: Int(numbers[2 + 3 * index]),
                wait: .microseconds(numbers[3 + 3 * index]),
                reset: .microseconds(numbers[4 + 3 * index])
            )
        }
    }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}

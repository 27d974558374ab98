package import Redis
package import Resilience
import Synchronization

/// Counts attempts against limits: exactly, in Redis, over all processes; strictly, in this
/// process alone, while Redis is away.
///
/// An attempt is named by a member such as its idempotency key, so that a repeat is the same
/// attempt. Each call blocks for one round trip, and for up to ten operation timeouts of the client
/// where Redis is late. Nothing here throws: without Redis the answer is a stricter one. One process
/// never admits more than a limit, whichever of the answers of Redis are late or lost.
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

    /// How long each try waits for Redis, in operation timeouts: one that is late is not away, and the
    /// local log knows nothing of what other processes admit.
    private static let patience = [1, 3, 6]

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
        let decision =
            askToReserve(member, in: limits, until: deadline)
            ?? withLocal { $0.reserve(member, in: limits, at: $1) }
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
        guard let answer = ask(SlidingLogScripts.commit, member, limits, until: deadline) else {
            return withLocal { $0.commit(member, in: limits, at: $1) }
        }
        _ = withLocal { $0.hear(answer.decision, of: member, isNew: false, at: $1) }
        return answer.decision
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

    private func withLocal<Result: Sendable>(
        _ body: (inout LocalSlidingLog, MonotonicTime) -> Result
    ) -> Result {
        let now = clock.now
        return local.withLock { body(&$0, now) }
    }

    private typealias Attempt = LocalSlidingLog.Attempt
    private typealias Answer = (decision: RateLimitDecision, followsUnheardTry: Bool)

    private func askToReserve(
        _ member: String,
        in limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision? {
        guard var answer = ask(SlidingLogScripts.reserve, member, limits, until: deadline) else {
            return nil
        }
        // What was counted before may be a try of this very call.
        if answer.followsUnheardTry { answer.decision.isRepeat = false }
        let isNew = !answer.decision.isRepeat
        let refusal = withLocal { $0.hear(answer.decision, of: member, isNew: isNew, at: $1) }
        guard let refusal else { return answer.decision }
        _ = evaluate(SlidingLogScripts.cancel, member, limits, until: deadline)
        return refusal
    }

    /// Has Redis count an attempt, once it has been told of those that it does not know; nil if
    /// there is no answer, and the local log is to decide.
    private func ask(
        _ script: Script,
        _ member: String,
        _ limits: [RateLimit],
        until deadline: Deadline
    ) -> Answer? {
        let untold = withLocal { $0.ask(in: limits, at: $1) }
        if !untold.isEmpty {
            // A trip of its own: in one with the question, a script that the server has forgotten
            // would run after it.
            guard let answer = evaluate(SlidingLogScripts.commit, untold, until: deadline) else {
                return nil
            }
            withLocal { $0.told(untold, answer.decisions, at: $1) }
        }
        return evaluate(script, member, limits, until: deadline)
    }

    private func evaluate(
        _ script: Script,
        _ member: String,
        _ limits: [RateLimit],
        until deadline: Deadline
    ) -> Answer? {
        let attempt = Attempt(member: member, limits: limits)
        guard let answer = evaluate(script, [attempt], until: deadline) else { return nil }
        return answer.decisions.first.map { ($0, answer.followsUnheardTry) }
    }

    /// The answers of Redis, and whether an earlier try of the same call may have been carried out
    /// without having been heard of; nil if there is no answer.
    private func evaluate(
        _ script: Script,
        _ attempts: [Attempt],
        until deadline: Deadline
    ) -> (decisions: [RateLimitDecision], followsUnheardTry: Bool)? {
        let commands = attempts.map { attempt in
            Command.script(
                script,
                keys: attempt.limits.flatMap { [$0.key, $0.clearedKey] },
                arguments: Self.arguments(attempt)
            )
        }
        var followsUnheardTry = false
        for factor in Self.patience {
            do {
                let timeout = redis.operationTimeout * factor
                let replies = try send(commands, timeout, until: deadline)
                let decisions = zip(replies, attempts).compactMap { reply, attempt in
                    RateLimitDecision(reply, attempt.limits)
                }
                guard decisions.count == attempts.count else { break }
                return (decisions, followsUnheardTry)
            } catch {
                guard error.mayPass, !deadline.isExpired else { break }
                if error.mayHaveTakenEffect { followsUnheardTry = true }
            }
        }
        counts.withLock { $0.local += 1 }
        return nil
    }

    /// Sends commands, as soon as a connection is free.
    private func send(
        _ commands: [Command],
        _ timeout: Duration,
        until deadline: Deadline
    ) throws(RedisError) -> [Reply] {
        let limit = deadline.tightened(to: timeout)
        while true {
            do throws(RedisError) {
                return try redis.pipeline(commands, until: deadline, timeout: timeout)
            } catch {
                guard error == .poolExhausted, !limit.isExpired else { throw error }
            }
        }
    }

    private static func arguments(_ attempt: Attempt) -> [any RedisArgument] {
        var arguments: [any RedisArgument] = [attempt.member]
        for limit in attempt.limits {
            let retention = attempt.limits.filter { $0.key == limit.key }.map(\.window).max()
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

import Synchronization

extension Guard {
    /// What an outcome means, by the dependency's own rules.
    ///
    /// - Parameters:
    ///   - outcome: of an attempt.
    ///   - isFair: false if the attempt ran out of a time that was too short to begin with.
    /// - Returns: ignored where the rules throw: the answer is worth more than its assessment.
    func judge(_ outcome: CallOutcome, isFair: Bool) -> Assessment {
        do {
            let assessment = try assess(outcome)
            if !isFair, assessment.result == .failure, !outcome.hasAnswer {
                return Assessment(.ignored, retry: assessment.retry)
            }
            return assessment
        } catch {
            counts.withLock { $0.failedAssessments += 1 }
            return Assessment(.ignored)
        }
    }

    /// How long to wait before another attempt; nil if there is none.
    func waitBeforeRetry(
        after attempt: Int,
        _ advice: RetryAdvice,
        until deadline: Deadline
    ) -> Duration? {
        let usefulTime = deadline.remaining - configuration.minimumUsefulTime
        let decision = random.withLock { random in
            configuration.retry.decide(
                afterAttempt: attempt,
                advice: advice,
                usefulTime: usefulTime,
                using: &random
            )
        }
        switch decision {
        case .stop(let reason):
            // An answer that needs no repetition is the ordinary case, not a refusal.
            if reason != .notAdvised { count(reason) }
            return nil
        case .retry(let wait):
            guard breaker.isLikelyToPermit else {
                count(.breakerOpen)
                return nil
            }
            guard budget.takeRepetition() else {
                count(.budget)
                return nil
            }
            counts.withLock { $0.repetitions += 1 }
            return wait
        }
    }

    private func count(_ reason: RetryPolicy.Reason) {
        counts.withLock { $0.withoutRetry[reason, default: 0] += 1 }
    }

    /// A reading, for metrics and operators.
    package var snapshot: GuardSnapshot {
        GuardSnapshot(
            name: name,
            breaker: breaker.snapshot,
            limiter: limiter.usage,
            budget: budget.usage,
            counts: counts.withLock { $0 }
        )
    }
}

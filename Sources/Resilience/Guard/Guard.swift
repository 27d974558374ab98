import Synchronization

/// All that stands before each call to a dependency, in one place.
///
///     deadline → retry with budget → breaker → lanes → attempt timeout → call
///
/// An instance belongs to one dependency and knows what its answers mean.
package final class Guard<Answer: Sendable, Cause: Error>: Sendable {
    package typealias CallOutcome = Outcome<Answer, Cause>
    package typealias GuardedOutcome = Outcome<Answer, GuardFailure<Cause>>

    /// Says what an outcome means; what it throws makes the outcome ignored, never lost.
    package typealias Assess = @Sendable (CallOutcome) throws -> Assessment

    /// Gets the outcome of an attempt that nobody waits for any more.
    package typealias LateHandler = @Sendable (CallOutcome) -> Void

    package let name: String
    package let breaker: CircuitBreaker
    package let configuration: GuardConfiguration
    let limiter: TimeLimiter
    let budget: RetryBudget
    let assess: Assess
    let pause: @Sendable (Duration) -> Void
    let clock: MonotonicClock
    let random: Mutex<SplitMix64>
    let counts = Mutex(GuardCounts())

    /// Makes the guard of a dependency.
    ///
    /// - Parameters:
    ///   - name: of the dependency, for events and metrics.
    ///   - configuration: is validated here.
    ///   - lanes: the dependency's own.
    ///   - clock: the time of breaker and budget.
    ///   - seed: of the jitter; by chance unless given.
    ///   - pause: blocks the calling thread before a repetition.
    ///   - consumers: get the breaker's events.
    ///   - assess: says what an outcome means; runs on the calling thread.
    /// - Throws: `InvalidSetting`.
    package init(
        name: String,
        _ configuration: GuardConfiguration,
        lanes: LaneGroup,
        clock: MonotonicClock = .system,
        seed: UInt64 = .random(in: .min ... .max),
        pause: @escaping @Sendable (Duration) -> Void = Pause.block,
        consumers: [CircuitBreaker.Consumer] = [],
        assess: @escaping Assess
    ) throws(InvalidSetting) {
        try configuration.validate()
        self.name = name
        self.configuration = configuration
        self.clock = clock
        self.pause = pause
        self.assess = assess
        limiter = TimeLimiter(lanes: lanes)
        random = Mutex(SplitMix64(seed: seed))
        budget = try RetryBudget(
            share: configuration.budgetShare,
            minimum: configuration.budgetMinimum,
            clock: clock
        )
        breaker = try CircuitBreaker(
            name: name,
            configuration.breaker,
            clock: clock,
            seed: seed,
            consumers: consumers
        )
    }

    /// Makes a call that changes nothing; blocks the calling thread.
    ///
    /// - Parameters:
    ///   - deadline: of the request; the configured total timeout tightens it.
    ///   - late: gets the outcome of an attempt that ends after its deadline, on a lane.
    ///   - call: makes one attempt, on a lane; it keeps the attempt's deadline.
    /// - Returns: the outcome over all attempts.
    package func read(
        until deadline: Deadline,
        late: @escaping LateHandler = { _ in },
        _ call: @escaping @Sendable (Attempt) -> CallOutcome
    ) -> GuardedOutcome {
        run(until: deadline, late, call)
    }

    /// Makes a call that changes something; blocks the calling thread.
    ///
    /// - Parameters:
    ///   - key: goes with each attempt, so that all of them together are carried out once.
    ///   - deadline: of the request; the configured total timeout tightens it.
    ///   - late: gets the outcome of an attempt that ends after its deadline, on a lane.
    ///   - call: makes one attempt, on a lane, under the key; it keeps the attempt's deadline.
    /// - Returns: the outcome of the last attempt; of the last one that may have had an effect, if
    ///   there was one and those after it were not executed.
    package func write(
        _ key: IdempotencyKey,
        until deadline: Deadline,
        late: @escaping LateHandler = { _ in },
        _ call: @escaping @Sendable (Attempt, IdempotencyKey) -> CallOutcome
    ) -> GuardedOutcome {
        run(until: deadline, late) { call($0, key) }
    }

    private func run(
        until deadline: Deadline,
        _ late: @escaping LateHandler,
        _ call: @escaping @Sendable (Attempt) -> CallOutcome
    ) -> GuardedOutcome {
        let deadline = deadline.tightened(to: configuration.totalTimeout)
        budget.noteCall()
        var doubt: GuardedOutcome?
        var number = 1
        while true {
            let (outcome, assessment) = attempt(
                number,
                isInDoubt: doubt != nil,
                until: deadline,
                late,
                call
            )
            if outcome.leavesDoubt(assessment.result) { doubt = outcome }
            guard let wait = waitBeforeRetry(after: number, assessment.retry, until: deadline)
            else {
                // An earlier attempt may have had an effect, whatever became of the last one.
                if case .notExecuted = outcome, let doubt { return doubt }
                return outcome
            }
            pause(wait)
            number += 1
        }
    }

    private func attempt(
        _ number: Int,
        isInDoubt: Bool,
        until deadline: Deadline,
        _ late: @escaping LateHandler,
        _ call: @escaping @Sendable (Attempt) -> CallOutcome
    ) -> (GuardedOutcome, Assessment) {
        guard deadline.remaining > configuration.minimumUsefulTime else {
            return (.notExecuted(.noTime), Assessment(.ignored))
        }
        let permit: CircuitBreaker.Permit
        do {
            permit = try breaker.acquire()
        } catch {
            return (.notExecuted(.open(retryAfter: error.retryAfter)), Assessment(.ignored))
        }
        let limit = deadline.tightened(to: configuration.attemptTimeout)
        let isFair =
            limit.remaining >= min(configuration.attemptTimeout * 0.9, configuration.fairTime)
        let attempt = Attempt(
            number: number,
            isInDoubt: isInDoubt,
            deadline: limit.withRoomForAnswer
        )
        // A permit that is not answered here is released: the call was not made.
        let ending = limiter.run(until: limit, laneWait: configuration.laneWait, late: late) {
            call(attempt)
        }
        switch ending {
        case .refused: return (.notExecuted(.busy), Assessment(.ignored))
        case .notBegun: return (.notExecuted(.waitedTooLong), Assessment(.ignored))
        case .goesOn:
            let assessment = Assessment(isFair ? .failure : .ignored, retry: RetryAdvice(true))
            permit.end(assessment.result)
            return (.unknown(.timedOut), assessment)
        case .finished(let outcome):
            let end = clock.now
            let assessment = judge(outcome, isFair: isFair || !attempt.deadline.isExpired)
            permit.end(assessment.result, at: end)
            return (outcome.mapFailure { .call($0) }, assessment)
        }
    }
}

extension Outcome {
    /// Whether the attempt may have had an effect that nobody knows: without an answer, or with one
    /// that says the other side has failed at it.
    fileprivate func leavesDoubt(_ result: CallResult) -> Bool {
        switch self {
        case .unknown: true
        case .executed: result == .failure
        case .notExecuted: false
        }
    }
}

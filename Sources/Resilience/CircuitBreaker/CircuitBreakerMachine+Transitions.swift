extension CircuitBreakerMachine {
    /// Does what an operator orders.
    ///
    /// - Parameters:
    ///   - next: the state to enter, anew if it is the current one.
    ///   - order: who orders it and why; at its expiry the breaker is closed.
    ///   - wait: for an open breaker, instead of the configured wait.
    ///   - time: the time.
    /// - Throws: `CircuitBreaker.IllegalTransition`; nothing has changed then.
    mutating func lead(
        to next: CircuitBreakerState,
        by order: ManualOrder,
        wait: Duration? = nil,
        at time: MonotonicTime
    ) throws(CircuitBreaker.IllegalTransition) {
        let now = advance(to: time)
        guard state.mayLead(to: next) else {
            throw CircuitBreaker.IllegalTransition(from: state, to: next)
        }
        enter(next, .manual, at: now, wait: wait?.wholeNanoseconds, order: order)
    }

    /// Closes the breaker and forgets all, whatever state it is in.
    mutating func reset(by order: ManualOrder, at time: MonotonicTime) {
        let now = advance(to: time)
        enter(.closed, .manual, at: now, order: order)
        tell(.reset, at: now)
    }

    /// Begins a new generation: nothing of the last state can reach it, but the window that an
    /// open breaker keeps for its readers.
    mutating func enter(
        _ next: CircuitBreakerState,
        _ cause: CircuitBreakerCause,
        at now: MonotonicTime,
        wait: Int64? = nil,
        order: ManualOrder? = nil,
        because counts: CallCounts? = nil
    ) {
        let previous = state
        let counts = counts ?? window.counts(at: now)
        state = next
        generation += 1
        inFlight.leaveAll()
        openUntil = .never
        stateEnd = .never
        hasToldFailureRate = false
        hasToldSlowRate = false
        self.order = order
        orderEnd = order?.expiry.map { now + $0 } ?? .never
        switch next {
        case .closed:
            openings = 0
            window = CallWindow(configuration, at: now)
        case .metricsOnly:
            openings = 0
            window = CallWindow(configuration, at: now)
        case .disabled:
            openings = 0
            window = CallWindow(calls: 0, minimumCalls: 0)
        case .forcedOpen:
            openings += 1
            window = CallWindow(calls: 0, minimumCalls: 0)
        case .halfOpen:
            enterHalfOpen(at: now)
        case .open:
            enterOpen(at: now, wait: wait)
        }
        updateNextDue()
        guard previous != next else { return }
        totals.transitions[cause, default: 0] += 1
        tell(.transition(from: previous, to: next, cause), at: now, counts)
    }

    private mutating func enterOpen(at now: MonotonicTime, wait: Int64?) {
        if let wait {
            openUntil = now.advanced(byNanoseconds: wait)
        } else {
            openings += 1
            let chance = random.nextUnit()
            let wait = openWait.nanoseconds(opening: openings, chance: chance)
            openUntil = now.advanced(byNanoseconds: wait)
        }
        if configuration.opensHalfAutomatically { stateEnd = openUntil }
    }

    private mutating func enterHalfOpen(at now: MonotonicTime) {
        freePermits = configuration.halfOpenPermits
        window = CallWindow(
            calls: configuration.halfOpenPermits,
            minimumCalls: configuration.minimumCalls
        )
        if let limit = configuration.halfOpenTimeLimit { stateEnd = now + limit }
    }
}

import Synchronization

extension CircuitBreaker {
    /// A breaker cannot be led from the one state to the other.
    package struct IllegalTransition: Error, Equatable {
        package let from: CircuitBreakerState
        package let to: CircuitBreakerState
    }

    /// Leads the breaker to a mode by hand.
    ///
    /// - Throws: `IllegalTransition` from closed to half-open, and from metrics only to open or
    ///   half-open; nothing has changed then.
    package func set(_ mode: ManualMode, by order: ManualOrder) throws(IllegalTransition) {
        let now = clock.now
        let (outcome, mustDeliver) = state.withLock {
            state -> (Result<Void, IllegalTransition>, Bool) in
            do throws(IllegalTransition) {
                try state.machine.set(mode, by: order, at: now)
                return (.success(()), state.startsDelivery())
            } catch {
                return (.failure(error), state.startsDelivery())
            }
        }
        if mustDeliver { deliver() }
        try outcome.get()
    }

    /// Closes the breaker and forgets all, from any state.
    package func reset(by order: ManualOrder) {
        let now = clock.now
        let mustDeliver = state.withLock { state in
            state.machine.reset(by: order, at: now)
            return state.startsDelivery()
        }
        if mustDeliver { deliver() }
    }

    /// Whether a call is not sure to be refused now, so that a repetition is not in vain.
    package var isLikelyToPermit: Bool {
        let now = clock.now
        return state.withLock { $0.machine.isLikelyToPermit(at: now) }
    }

    /// A reading, for metrics and operators.
    package var snapshot: CircuitBreakerSnapshot {
        let now = clock.now
        let (snapshot, mustDeliver) = state.withLock { state in
            (state.machine.snapshot(at: now), state.startsDelivery())
        }
        if mustDeliver { deliver() }
        return snapshot
    }
}

extension CircuitBreakerMachine {
    mutating func set(
        _ mode: ManualMode,
        by order: ManualOrder,
        at now: MonotonicTime
    ) throws(CircuitBreaker.IllegalTransition) {
        switch mode {
        case .closed: try lead(to: .closed, by: order, at: now)
        case .open: try lead(to: .open, by: order, at: now)
        case .openFor(let wait): try lead(to: .open, by: order, wait: wait, at: now)
        case .halfOpen: try lead(to: .halfOpen, by: order, at: now)
        case .forcedOpen: try lead(to: .forcedOpen, by: order, at: now)
        case .disabled: try lead(to: .disabled, by: order, at: now)
        case .metricsOnly: try lead(to: .metricsOnly, by: order, at: now)
        }
    }

    func isLikelyToPermit(at now: MonotonicTime) -> Bool {
        switch state {
        case .closed, .disabled, .metricsOnly: true
        case .halfOpen: freePermits > 0
        case .open: now > openUntil
        case .forcedOpen: false
        }
    }

    /// What to tell a caller who was refused.
    func refusal(at now: MonotonicTime) -> CircuitBreaker.Refused {
        CircuitBreaker.Refused(
            state: state,
            retryAfter: state == .open ? max(.zero, openUntil - now) : nil
        )
    }
}

package import Resilience

/// What an operator may order a breaker to do.
package enum BreakerMode: String, Sendable, CaseIterable {
    /// Decide by itself, beginning closed.
    case auto
    /// Refuse all calls.
    case forcedOpen
    /// Let all calls through, and count nothing.
    case disabled
    /// Let all calls through and count them: a trial run.
    case metricsOnly

    /// The mode that a breaker in this state is in.
    package init(_ state: CircuitBreakerState) {
        self =
            switch state {
            case .closed, .open, .halfOpen: .auto
            case .forcedOpen: .forcedOpen
            case .disabled: .disabled
            case .metricsOnly: .metricsOnly
            }
    }

    /// Leads a breaker to this mode, from whatever state it is in.
    ///
    /// - Parameters:
    ///   - breaker: the breaker; left alone where its rules forbid the way.
    ///   - order: who orders it, why, and for how long.
    /// - Throws: `CircuitBreaker.IllegalTransition`; the modes of today have none.
    func lead(
        _ breaker: CircuitBreaker,
        by order: ManualOrder
    ) throws(CircuitBreaker.IllegalTransition) {
        switch self {
        case .auto: breaker.reset(by: order)
        case .forcedOpen: try breaker.set(.forcedOpen, by: order)
        case .disabled: try breaker.set(.disabled, by: order)
        case .metricsOnly: try breaker.set(.metricsOnly, by: order)
        }
    }
}

/// A breaker's state by the word that clients see.
package enum BreakerState: String, Sendable, CaseIterable {
    case closed
    case open
    case halfOpen
    case forcedOpen
    case disabled
    case metricsOnly

    package init(_ state: CircuitBreakerState) {
        self =
            switch state {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            case .forcedOpen: .forcedOpen
            case .disabled: .disabled
            case .metricsOnly: .metricsOnly
            }
    }
}

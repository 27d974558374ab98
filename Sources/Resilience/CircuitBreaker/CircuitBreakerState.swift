/// What a circuit breaker does with calls at the moment.
package enum CircuitBreakerState: String, Sendable, CaseIterable {
    /// Lets all through, and opens when the rates say so.
    case closed

    /// Lets none through until its wait is over.
    case open

    /// Lets a few through, whose results decide.
    case halfOpen = "half_open"

    /// Lets all through and records nothing; set by hand.
    case disabled

    /// Lets none through; set by hand.
    case forcedOpen = "forced_open"

    /// Lets all through, records, and never opens: a trial run; set by hand.
    case metricsOnly = "metrics_only"

    /// Whether the single calls of this state are told to consumers of events.
    var tellsCalls: Bool { self != .disabled && self != .forcedOpen }

    /// Whether an operator may lead a breaker from this state to `next`.
    ///
    /// Half-open is a verdict on an outage, so a breaker that sees none cannot be sent there; and
    /// a trial run must not refuse calls.
    func mayLead(to next: CircuitBreakerState) -> Bool {
        switch (self, next) {
        case (.closed, .halfOpen), (.metricsOnly, .open), (.metricsOnly, .halfOpen): false
        default: true
        }
    }
}

/// A reading of a breaker, for metrics and operators.
package struct CircuitBreakerSnapshot: Sendable, Equatable {
    package let state: CircuitBreakerState
    package let generation: UInt64

    /// In percent; nil below the minimum of calls.
    package let failureRate: Float?

    /// In percent; nil below the minimum of calls.
    package let slowRate: Float?

    package let counts: CallCounts

    /// Calls refused since the window of this state began.
    package let notPermitted: Int64

    /// Watched calls that hold a permit of this state.
    package let inFlight: Int

    /// How much longer an open breaker refuses; nil in another state.
    package let remainingWait: Duration?

    /// How often in a row the breaker has opened.
    package let openings: Int

    package let order: ManualOrder?
    package let totals: CircuitBreakerTotals
}

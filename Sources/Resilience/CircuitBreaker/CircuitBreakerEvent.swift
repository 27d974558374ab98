/// Something that happened to a circuit breaker.
package struct CircuitBreakerEvent: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case transition(
            from: CircuitBreakerState,
            to: CircuitBreakerState,
            CircuitBreakerCause
        )
        case reset
        /// The rate in percent.
        case failureRateExceeded(Float)
        /// The rate in percent.
        case slowRateExceeded(Float)
        case succeeded
        case failed
        case ignored
        case notPermitted
    }

    package let kind: Kind

    /// When it was due, which is earlier than when it was noticed.
    package let time: MonotonicTime

    /// The state's number after the event.
    package let generation: UInt64

    /// What the window held that led to it.
    package let counts: CallCounts

    /// Who was behind it, if anybody.
    package let order: ManualOrder?
}

/// Why a circuit breaker changed its state.
package enum CircuitBreakerCause: String, Sendable, CaseIterable {
    case failureRate = "failure_rate"
    case slowRate = "slow_rate"
    /// The slow rate with the calls that are still in flight.
    case slowInFlight = "slow_in_flight"
    /// The wait of an open breaker is over.
    case waitOver = "wait_over"
    case probesSucceeded = "probes_succeeded"
    case probesFailed = "probes_failed"
    /// A probe kept its permit past the lease.
    case leaseExpired = "lease_expired"
    /// The breaker was half-open for too long.
    case halfOpenTimeLimit = "half_open_time_limit"
    /// The other side asked for a pause.
    case serverAsked = "server_asked"
    case manual
    /// What was set by hand has reached its end.
    case manualExpired = "manual_expired"
}

/// A reading of all parts of a guard.
package struct GuardSnapshot: Sendable, Equatable {
    package let name: String
    package let breaker: CircuitBreakerSnapshot
    package let limiter: TimeLimiter.Usage
    package let budget: RetryBudget.Usage
    package let counts: GuardCounts
}

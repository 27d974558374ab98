package import Resilience

/// A dependency of this process that a breaker stands in front of.
package struct GuardedDependency: Sendable {
    /// What it is called in orders, logs and metrics, such as `stripe-payment`.
    package let name: String
    package let breaker: CircuitBreaker
    /// All parts of its guard; nil where a breaker alone stands in front (Redis, MariaDB).
    package let guardReading: (@Sendable () -> GuardSnapshot)?

    package init(
        name: String,
        breaker: CircuitBreaker,
        guardReading: (@Sendable () -> GuardSnapshot)? = nil
    ) {
        self.name = name
        self.breaker = breaker
        self.guardReading = guardReading
    }
}

/// What has happened to a breaker since it was made.
///
/// `permits = succeeded + failed + ignored + released + paused + late + calls still in flight`.
package struct CircuitBreakerTotals: Sendable, Equatable {
    package var permits: Int64 = 0
    package var notPermitted: Int64 = 0
    package var succeeded: Int64 = 0
    package var failed: Int64 = 0
    package var slow: Int64 = 0
    package var ignored: Int64 = 0
    /// Permits that nobody answered.
    package var released: Int64 = 0
    /// Answers that asked for a pause.
    package var paused: Int64 = 0
    /// Results of an earlier state, or past their lease; they changed nothing.
    package var late: Int64 = 0
    package var expiredLeases: Int64 = 0
    package var transitions: [CircuitBreakerCause: Int64] = [:]
}

/// What a guard has done since it was made.
package struct GuardCounts: Sendable, Equatable {
    package var repetitions = 0
    /// Calls that a repetition might have helped but that got none, by the reason.
    package var withoutRetry: [RetryPolicy.Reason: Int] = [:]
    /// Outcomes whose assessment threw.
    package var failedAssessments = 0
}

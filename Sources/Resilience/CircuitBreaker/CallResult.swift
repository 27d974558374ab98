/// How a call ended, for its breaker.
package enum CallResult: Sendable, Equatable {
    case success
    case failure
    /// The call says nothing about the other side.
    case ignored
    /// Nothing is counted, and nobody calls for so long, up to the configured cap.
    case pause(Duration)
}

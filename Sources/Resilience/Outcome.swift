/// What is known of a call to another service once it has ended, from the caller's side.
///
/// Two outcomes do not suffice where money moves: a lost answer to a request that was sent says
/// neither that it was carried out nor that it was not.
package enum Outcome<Answer, Cause: Error> {
    /// The request cannot have had an effect: refused, never sent, or stopped by a guard.
    case notExecuted(Cause)

    /// The answer was read, whatever it says.
    case executed(Answer)

    /// The request was sent, or may have been, and no whole answer was read.
    case unknown(Cause)
}

extension Outcome: Sendable where Answer: Sendable {}

extension Outcome: Equatable where Answer: Equatable, Cause: Equatable {}

extension Outcome {
    /// The same outcome with another type of cause.
    package func mapFailure<Other: Error>(_ other: (Cause) -> Other) -> Outcome<Answer, Other> {
        switch self {
        case .notExecuted(let cause): .notExecuted(other(cause))
        case .executed(let answer): .executed(answer)
        case .unknown(let cause): .unknown(other(cause))
        }
    }

    /// Whether an answer was read.
    package var hasAnswer: Bool {
        if case .executed = self { true } else { false }
    }
}

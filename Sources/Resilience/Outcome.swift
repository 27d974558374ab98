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

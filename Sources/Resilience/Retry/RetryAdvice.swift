/// What an answer, or its lack, says about a repetition of its request.
package struct RetryAdvice: Sendable, Equatable {
    package let isWorthwhile: Bool

    /// The wait that the other side asked for; nil if it asked for none.
    package let after: Duration?

    /// A repetition is of no use, or does harm.
    package static let never = RetryAdvice(false)

    /// Makes the advice.
    ///
    /// - Parameters:
    ///   - isWorthwhile: what the kind of the answer says.
    ///   - shouldRetry: the header `Stripe-Should-Retry`, which overrides it both ways.
    ///   - after: the header `Retry-After`.
    package init(_ isWorthwhile: Bool, shouldRetry: Bool? = nil, after: Duration? = nil) {
        self.isWorthwhile = shouldRetry ?? isWorthwhile
        self.after = after
    }
}

/// What the outcome of an attempt says: about the other side, and about a repetition.
package struct Assessment: Sendable, Equatable {
    package let result: CallResult
    package let retry: RetryAdvice

    package init(_ result: CallResult, retry: RetryAdvice = .never) {
        self.result = result
        self.retry = retry
    }
}

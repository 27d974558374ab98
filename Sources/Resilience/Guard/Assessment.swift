/// What the outcome of an attempt says: about the other side, and about a repetition.
package struct Assessment: Sendable, Equatable {
    package let result: CallResult
    package let retry: RetryAdvice

    package init(_ result: CallResult, retry: RetryAdvice = .never) {
        self.result = result
        self.retry = retry
    }
}

/// One try of a guarded call, as the call sees it.
package struct Attempt: Sendable {
    /// 1 for the first.
    package let number: Int

    /// By when the call has to have its answer; for the socket, and for whom is called.
    package let deadline: Deadline
}

/// One try of a guarded call, as the call sees it.
package struct Attempt: Sendable {
    /// 1 for the first.
    package let number: Int

    /// Whether an earlier try may be running still, or has left nobody knows what.
    package let isInDoubt: Bool

    /// By when the call has to have its answer; for the socket, and for whom is called.
    package let deadline: Deadline
}

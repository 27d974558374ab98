import Dispatch

/// Ways to wait before a repetition.
package enum Pause {
    /// Blocks the calling thread.
    package static let block: @Sendable (Duration) -> Void = { duration in
        guard duration > .zero else { return }
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + duration.dispatchInterval)
    }
}

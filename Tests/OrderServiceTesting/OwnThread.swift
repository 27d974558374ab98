import Foundation
import Synchronization

/// Runs blocking work on a thread of its own, so that it does not hold one that tests share.
///
/// The work stays part of the calling task, so what it expects is reported for the right test.
package func onOwnThread<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withTaskExecutorPreference(OwnThread()) { try work() }
}

/// An executor that gives each job a new thread.
private final class OwnThread: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

/// Work that runs on a thread of its own while the test goes on.
package final class Companion<Result: Sendable>: Sendable {
    private let isDone = DispatchSemaphore(value: 0)
    private let result = Mutex<Swift.Result<Result, any Error>?>(nil)

    /// The companion did not end in time.
    package struct TimedOut: Error {}

    /// Starts `work`.
    package init(_ work: @escaping @Sendable () throws -> Result) {
        Thread.detachNewThread { [self] in
            let outcome = Swift.Result { try work() }
            result.withLock { $0 = outcome }
            isDone.signal()
        }
    }

    /// What the work returned or threw; blocks until it has ended, half a minute at most or as
    /// many seconds as are given.
    package func join(within seconds: Int = 30) throws -> Result {
        guard isDone.wait(timeout: .now() + .seconds(seconds)) == .success,
            let result = result.withLock({ $0 })
        else { throw TimedOut() }
        return try result.get()
    }
}

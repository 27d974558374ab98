import Dispatch
import Resilience
import Synchronization

/// The thread that delivers webhooks, and the way to wake it.
package final class WebhookMailbox: Sendable {
    /// Delivers a message and says whether it was answered with 2xx; blocks until then.
    package typealias Send = @Sendable (WebhookMessage) -> Bool

    let send: Send
    private let queue = DispatchQueue(label: "webhooks")
    private let bell = DispatchSemaphore(value: 0)
    private let isRunning = Mutex(false)
    /// Whether the bell has been rung since the thread last looked.
    private let isRung = Mutex(false)

    init(send: @escaping Send) {
        self.send = send
    }

    /// Makes the thread look at once; cheap when nobody waits.
    func wake() {
        let wasRung = isRung.withLock { isRung in
            defer { isRung = true }
            return isRung
        }
        if !wasRung { bell.signal() }
    }

    /// Runs `round` on the mailbox's thread, again and again: `round` delivers what is due and
    /// says when to look again, nil for when it is woken.
    func start(_ round: @escaping @Sendable () -> Duration?) {
        let isFirst = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
        guard isFirst else { return }
        queue.async { @Sendable in
            while self.isRunning.withLock({ $0 }) {
                let pause = round()
                let limit =
                    pause.map { DispatchTime.now() + .milliseconds(Int($0.wholeMilliseconds)) }
                    ?? .distantFuture
                _ = self.bell.wait(timeout: limit)
                self.isRung.withLock { $0 = false }
            }
        }
    }

    /// Ends the thread after the delivery it is at.
    func stop() {
        isRunning.withLock { $0 = false }
        bell.signal()
    }
}

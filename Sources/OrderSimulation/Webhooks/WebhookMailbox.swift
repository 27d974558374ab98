import Dispatch
import Resilience
import Synchronization

/// The threads that deliver webhooks, and the way to wake them.
package final class WebhookMailbox: Sendable {
    /// Delivers a message and says whether it was answered with 2xx; blocks until then.
    package typealias Send = @Sendable (WebhookMessage) -> Bool

    let send: Send
    /// How many deliveries are under way at once.
    private static let couriers = 8
    private let queues = (1...couriers).map { DispatchQueue(label: "webhooks-\($0)") }
    private let bell = DispatchSemaphore(value: 0)
    private let isRunning = Mutex(false)
    /// How often the bell has been rung that nobody has heard.
    private let rung = Mutex(0)

    init(send: @escaping Send) {
        self.send = send
    }

    /// Makes one more thread look at once; cheap when all have been told.
    func wake() {
        let isNeeded = rung.withLock { rung in
            guard rung < Self.couriers else { return false }
            rung += 1
            return true
        }
        if isNeeded { bell.signal() }
    }

    /// Runs `round` on the mailbox's threads, again and again: `round` delivers what is due and
    /// says when to look again, nil for when it is woken.
    func start(_ round: @escaping @Sendable () -> Duration?) {
        let isFirst = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
        guard isFirst else { return }
        for queue in queues {
            queue.async { @Sendable in
                while self.isRunning.withLock({ $0 }) {
                    let pause = round()
                    let limit =
                        pause.map { DispatchTime.now() + .milliseconds(Int($0.wholeMilliseconds)) }
                        ?? .distantFuture
                    guard self.bell.wait(timeout: limit) == .success else { continue }
                    self.rung.withLock { $0 -= 1 }
                }
            }
        }
    }

    /// Ends the threads after the deliveries they are at.
    func stop() {
        isRunning.withLock { $0 = false }
        rung.withLock { $0 += Self.couriers }
        for _ in 0..<Self.couriers { bell.signal() }
    }
}

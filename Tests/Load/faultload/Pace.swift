import Foundation
import Synchronization

/// A fixed rate that several clients keep together, however long each answer takes.
final class Pace: Sendable {
    private let interval: Duration
    private let start: ContinuousClock.Instant
    private let next = Atomic(0)

    /// So many a second.
    init(_ rate: Int, from start: ContinuousClock.Instant) {
        interval = .seconds(1) / rate
        self.start = start
    }

    /// Blocks until the next step is due, and returns when that was.
    @discardableResult
    func waitForNext() -> ContinuousClock.Instant {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        let due = start + interval * number
        let left = due - .now
        if left > .zero { Thread.sleep(forTimeInterval: left / .seconds(1)) }
        return due
    }
}

import Resilience

/// How long lanes wait for the record of staff while it is slow.
///
/// What is written in time is waited for by all. When it is not, few go on waiting, and who comes then is
/// refused: a lane that waits is taken from customers, whose look-ups need no record.
final class RecordWaits: Sendable {
    /// The record is slow, and enough wait for it.
    struct Slow: Error, Equatable {}

    /// A wait that has begun.
    struct Wait: Sendable {
        fileprivate let number: Int
        /// By when the caller gives up.
        let end: Deadline
    }

    private struct State {
        var count = 0
        /// The number and the beginning of each that waits, the longest first.
        var waits: [(number: Int, start: ContinuousClock.Instant)] = []
    }

    /// So many wait for as long as they have to.
    static let mostWaiting = 4

    private let patience: Duration
    private let state = Lock(State())

    /// Makes one.
    ///
    /// - Parameter patience: of all others; a record that takes longer is slow.
    init(patience: Duration) {
        self.patience = patience
    }

    /// Begins to wait; the caller owes an `end`.
    ///
    /// - Throws: `Slow` if somebody has waited for longer than is usual, and enough do.
    func begin(
        until deadline: Deadline,
        at now: ContinuousClock.Instant = .now
    ) throws(Slow) -> Wait {
        try state.withLock { state throws(Slow) in
            let hasRoom = state.waits.count < Self.mostWaiting
            if !hasRoom, let longest = state.waits.first, now - longest.start > patience {
                throw Slow()
            }
            state.count += 1
            state.waits.append((state.count, now))
            let end = hasRoom ? deadline : min(deadline, Deadline(now + patience))
            return Wait(number: state.count, end: end)
        }
    }

    func end(_ wait: Wait) {
        state.withLock { $0.waits.removeAll { $0.number == wait.number } }
    }
}

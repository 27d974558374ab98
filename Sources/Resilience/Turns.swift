import Dispatch
import Synchronization

/// Lets only a few threads work at once, so that what has begun is finished before more begins.
///
/// Work that needs the same processors ends later for all where all of it runs at once. Whoever waits
/// for somebody else's answer gives its turn to others meanwhile (`Turn.whileAway`), and comes before
/// what has not begun when it is back. A turn that is held for long while others wait, as by a
/// statement that waits for a lock, is lent to them; and nobody waits for longer than the patience: it
/// works without a turn then. So work that needs nothing of what hangs is held up for a moment only.
package final class Turns: Sendable {
    /// A reading of the use, for metrics.
    package struct Usage: Sendable, Equatable {
        package var working = 0
        package var waiting = 0
        /// Turns that were held for too long, and lent to others, since the start.
        package var lent = 0
        /// Times that the patience was over, since the start.
        package var impatient = 0
    }

    /// Who comes first when a turn is free; equals come in the order in which they came.
    package enum Precedence: Int, Sendable, CaseIterable {
        /// What has begun, and was away.
        case begun
        /// What somebody waits for.
        case urgent
        case ordinary
    }

    private final class Waiter: Sendable {
        let turn: Turn
        let arrival = DispatchSemaphore(value: 0)

        init(_ turn: Turn) {
            self.turn = turn
        }
    }

    private struct State {
        var free: Int
        /// Who has a turn, and since when; the oldest first.
        var held: [(turn: Turn, since: MonotonicTime)] = []
        /// By precedence.
        var queues: [[Waiter]] = Precedence.allCases.map { _ in [] }
        var lent = 0
        var impatient = 0

        var waiting: Int { queues.reduce(0) { $0 + $1.count } }

        mutating func remove(_ waiter: Waiter) -> Bool {
            for queue in queues.indices {
                guard let index = queues[queue].firstIndex(where: { $0 === waiter }) else {
                    continue
                }
                queues[queue].remove(at: index)
                return true
            }
            return false
        }

        /// Hands a turn on to who comes first, or keeps it for who comes next.
        mutating func pass(at now: MonotonicTime) {
            guard let queue = queues.firstIndex(where: { !$0.isEmpty }) else {
                free += 1
                return
            }
            let next = queues[queue].removeFirst()
            held.append((next.turn, now))
            next.arrival.signal()
        }
    }

    private let count: Int
    private let patience: Duration
    private let longestHold: Duration
    private let clock: MonotonicClock
    private let state: Lock<State>

    /// Makes as many turns as may be had at once.
    ///
    /// - Parameters:
    ///   - count: at least 1.
    ///   - patience: how long anybody waits for a turn.
    ///   - longestHold: how long a turn is held at most while others wait for it.
    ///   - clock: by which turns are held.
    package init(
        count: Int,
        patience: Duration,
        longestHold: Duration,
        clock: MonotonicClock = .system
    ) {
        precondition(count > 0, "there is at least one turn")
        self.count = count
        self.patience = patience
        self.longestHold = longestHold
        self.clock = clock
        state = Lock(State(free: count))
    }

    /// Does work of the calling thread; blocks before it until there is a turn, at most until
    /// `deadline` or for the patience.
    ///
    /// - Parameters:
    ///   - precedence: before whom it comes.
    ///   - deadline: also for having the turn again after each time away.
    ///   - work: what is done; the turn is given back after it.
    /// - Returns: what `work` returns.
    /// - Throws: what `work` throws.
    package func run<Result>(
        _ precedence: Precedence = .ordinary,
        until deadline: Deadline,
        _ work: () throws -> Result
    ) rethrows -> Result {
        let turn = begin(precedence, until: deadline)
        defer { turn.end() }
        return try Turn.$current.withValue(turn, operation: work)
    }

    func begin(_ precedence: Precedence = .ordinary, until deadline: Deadline) -> Turn {
        let turn = Turn(of: self, until: deadline)
        turn.take(precedence)
        return turn
    }

    package var usage: Usage {
        state.withLock { state in
            Usage(
                working: count - state.free,
                waiting: state.waiting,
                lent: state.lent,
                impatient: state.impatient
            )
        }
    }

    func holds(_ turn: Turn) -> Bool {
        state.withLock { state in state.held.contains { $0.turn === turn } }
    }

    /// - Returns: whether it is had.
    fileprivate func take(
        _ turn: Turn,
        _ precedence: Precedence,
        until deadline: Deadline
    ) -> Bool {
        guard !takeFree(turn) else { return true }
        let waiter = Waiter(turn)
        state.withLock { $0.queues[precedence.rawValue].append(waiter) }
        let end = deadline.tightened(to: patience)
        while true {
            // One may have become free before this waiter stood in its queue.
            let untilLent = lendOldest()
            let pause = min(end.remaining, untilLent).dispatchInterval
            if waiter.arrival.wait(timeout: .now() + pause) == .success { return true }
            guard end.isExpired else { continue }
            return state.withLock { state in
                // It may have been handed over between the timeout and this lock.
                guard state.remove(waiter) else { return true }
                state.impatient += 1
                return false
            }
        }
    }

    /// Hands on what is free, and what has been held for too long.
    ///
    /// - Returns: how long it is until the next one has been.
    private func lendOldest() -> Duration {
        let now = clock.now
        return state.withLock { state in
            while state.waiting > 0 {
                if state.free > 0 {
                    state.free -= 1
                } else if let oldest = state.held.first, now - oldest.since >= longestHold {
                    state.held.removeFirst()
                    state.lent += 1
                } else {
                    break
                }
                state.pass(at: now)
            }
            return state.held.first.map { longestHold - (now - $0.since) } ?? longestHold
        }
    }

    /// - Returns: whether there was a turn at once.
    fileprivate func takeFree(_ turn: Turn) -> Bool {
        let now = clock.now
        return state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            state.held.append((turn, now))
            return true
        }
    }

    /// Hands a turn on, unless it has been lent to others or was never had.
    fileprivate func giveBack(_ turn: Turn) {
        let now = clock.now
        state.withLock { state in
            guard let index = state.held.firstIndex(where: { $0.turn === turn }) else { return }
            state.held.remove(at: index)
            state.pass(at: now)
        }
    }
}

/// The work of one thread, with its turn or without.
package final class Turn: Sendable {
    /// Of the calling thread, within `Turns.run`.
    @TaskLocal static var current: Turn?

    private let turns: Turns
    private let deadline: Deadline
    /// Whether one was waited for in vain; it is not waited for anew then.
    private let hasGivenUp = Atomic(false)

    fileprivate init(of turns: Turns, until deadline: Deadline) {
        self.turns = turns
        self.deadline = deadline
    }

    /// Waits for what others do, while others have the calling thread's turn, if it has one.
    ///
    /// - Parameter wait: blocks, and needs little of the processor.
    /// - Returns: what `wait` returns, once there is a turn again, or none to be had in time.
    /// - Throws: what `wait` throws.
    package static func whileAway<Result, Failure: Error>(
        _ wait: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let current else { return try wait() }
        return try current.whileAway(wait)
    }

    /// Waits as `whileAway` does; what waits within it waits for no turn either.
    ///
    /// For who holds something meanwhile that others need, such as a permit.
    ///
    /// - Parameter wait: blocks, and needs little of the processor.
    /// - Returns: what `wait` returns, once there is a turn again, or none to be had in time.
    /// - Throws: what `wait` throws.
    package static func whileWhollyAway<Value, Failure: Error>(
        _ wait: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard let current else { return try wait() }
        return try current.whileAway { () throws(Failure) in
            let result = $current.withValue(nil) {
                Result { () throws(Failure) in try wait() }
            }
            return try result.get()
        }
    }

    /// Gives the calling thread's turn away, if it has one, for the rest of a wait that has begun;
    /// `comeBack` follows.
    package static func leave() {
        current?.end()
    }

    /// Has a turn again after `leave`; blocks as the end of `whileAway` does.
    package static func comeBack() {
        current?.takeBack()
    }

    func whileAway<Result, Failure: Error>(
        _ wait: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        end()
        defer { takeBack() }
        return try wait()
    }

    /// Who is away within another wait may have one already.
    private func takeBack() {
        guard !isHeldNow else { return }
        if hasGivenUp.load(ordering: .relaxed) {
            _ = turns.takeFree(self)
        } else {
            take(.begun)
        }
    }

    fileprivate func take(_ precedence: Turns.Precedence) {
        guard !turns.take(self, precedence, until: deadline) else { return }
        hasGivenUp.store(true, ordering: .relaxed)
    }

    /// Whether it works with its turn.
    var isHeldNow: Bool { turns.holds(self) }

    /// Ends the work; a second time changes nothing.
    func end() {
        turns.giveBack(self)
    }
}

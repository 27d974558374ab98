import Dispatch

/// Lets only a few threads work at once, so that what has begun is finished before more begins.
///
/// Work that needs the same processors ends later for all where all of it runs at once. Whoever waits
/// for somebody else's answer gives its turn to others meanwhile, and comes before what has not begun
/// when it is back. Nobody waits for longer than the patience: it works without a turn then, so that
/// turns that are held for long, as by a hung database, hold up nobody else for good.
package final class Turns: Sendable {
    /// A reading of the use, for metrics.
    package struct Usage: Sendable, Equatable {
        package var working = 0
        package var waiting = 0
        /// Times that the patience was over, since the start.
        package var impatient = 0
    }

    private final class Waiter: Sendable {
        let arrival = DispatchSemaphore(value: 0)
    }

    private struct State {
        var free: Int
        var returning: [Waiter] = []
        var new: [Waiter] = []
        var impatient = 0

        mutating func remove(_ waiter: Waiter) -> Bool {
            let count = returning.count + new.count
            returning.removeAll { $0 === waiter }
            new.removeAll { $0 === waiter }
            return returning.count + new.count < count
        }
    }

    private let count: Int
    private let patience: Duration
    private let state: Lock<State>

    /// Makes as many turns as may be had at once.
    ///
    /// - Parameters:
    ///   - count: at least 1.
    ///   - patience: how long anybody waits for a turn.
    package init(count: Int, patience: Duration) {
        precondition(count > 0, "there is at least one turn")
        self.count = count
        self.patience = patience
        state = Lock(State(free: count))
    }

    /// Begins work; blocks until there is a turn, at most until `deadline` or for the patience.
    package func begin(until deadline: Deadline) -> Turn {
        Turn(of: self, isHeld: take(isReturning: false, until: deadline), until: deadline)
    }

    package var usage: Usage {
        state.withLock { state in
            Usage(
                working: count - state.free,
                waiting: state.returning.count + state.new.count,
                impatient: state.impatient
            )
        }
    }

    /// - Returns: whether it is a turn.
    fileprivate func take(isReturning: Bool, until deadline: Deadline) -> Bool {
        let waiter = state.withLock { state -> Waiter? in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            let waiter = Waiter()
            if isReturning {
                state.returning.append(waiter)
            } else {
                state.new.append(waiter)
            }
            return waiter
        }
        guard let waiter else { return true }
        let timeout =
            DispatchTime.now() + deadline.tightened(to: patience).remaining.dispatchInterval
        if waiter.arrival.wait(timeout: timeout) == .success { return true }
        return state.withLock { state in
            // It may have been handed over between the timeout and this lock.
            guard state.remove(waiter) else { return true }
            state.impatient += 1
            return false
        }
    }

    /// - Returns: whether there was a turn at once.
    fileprivate func takeFree() -> Bool {
        state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }

    fileprivate func giveBack() {
        let next = state.withLock { state -> Waiter? in
            if !state.returning.isEmpty { return state.returning.removeFirst() }
            if !state.new.isEmpty { return state.new.removeFirst() }
            state.free += 1
            return nil
        }
        next?.arrival.signal()
    }
}

/// The work of one thread, with its turn or without; somebody has to end it.
package final class Turn: Sendable {
    private let turns: Turns
    private let isHeld: Lock<Bool>
    private let deadline: Deadline

    fileprivate init(of turns: Turns, isHeld: Bool, until deadline: Deadline) {
        self.turns = turns
        self.isHeld = Lock(isHeld)
        self.deadline = deadline
    }

    /// Waits for what others do, while others may work.
    ///
    /// - Parameter wait: blocks, and needs little of the processor.
    /// - Returns: what `wait` returns, once there is a turn again, or none to be had in time.
    /// - Throws: what `wait` throws.
    package func whileAway<Result>(_ wait: () throws -> Result) rethrows -> Result {
        let wasHeld = isHeldNow
        end()
        defer { takeBack(wasHeld) }
        return try wait()
    }

    /// Has a turn again.
    ///
    /// Who has waited for one in vain before does not wait anew, and who is away within another wait
    /// may have one already.
    private func takeBack(_ wasHeld: Bool) {
        guard !isHeldNow else { return }
        let isBack = wasHeld ? turns.take(isReturning: true, until: deadline) : turns.takeFree()
        isHeld.withLock { $0 = isBack }
    }

    /// Whether it works with its turn.
    var isHeldNow: Bool { isHeld.withLock { $0 } }

    /// Ends the work; a second time changes nothing.
    package func end() {
        let wasHeld = isHeld.withLock { isHeld in
            defer { isHeld = false }
            return isHeld
        }
        if wasHeld { turns.giveBack() }
    }
}

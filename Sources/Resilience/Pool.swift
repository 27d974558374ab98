package import Dispatch
import Synchronization

/// A bounded set of reusable resources, such as connections, lent one caller at a time.
///
/// The pool only counts and keeps: a slot may be empty, and its borrower fills it. So connecting
/// happens on the borrower's time, outside the lock, and throws the borrower's own error type.
/// Idle slots are lent last in, first out; waiting callers are served first come, first served.
package final class Pool<Resource: ~Copyable>: Sendable {
    /// One place in the pool: the resource, or nothing while it has to be made.
    package final class Slot: @unchecked Sendable {
        // Sendable because a slot belongs to one borrower at a time: it is either in the pool's
        // idle list, guarded by its lock, or lent.
        package var resource: Resource?

        fileprivate init() {
            resource = nil
        }
    }

    /// No slot became free in time.
    package struct Exhausted: Error, Equatable {}

    /// A reading of the pool's use, for metrics.
    package struct Usage: Sendable, Equatable {
        package var size: Int
        package var lent: Int
        package var waiting: Int
        /// Times that a caller went away without a slot, since the start.
        package var exhaustions: Int
    }

    private final class Waiter: Sendable {
        let arrival = DispatchSemaphore(value: 0)
        let slot = Mutex<Slot?>(nil)
    }

    private struct State {
        var idle: [Slot]
        var waiters: [Waiter] = []
        var exhaustions = 0
    }

    private let state: Mutex<State>
    private let maximumWait: Duration
    package let size: Int

    /// Makes a pool of `size` empty slots.
    ///
    /// - Parameters:
    ///   - size: how many resources may exist at once, at least 1.
    ///   - maximumWait: how long a caller waits for a slot at most, whatever its deadline.
    package init(size: Int, maximumWait: Duration) {
        precondition(size > 0, "a pool needs at least one slot")
        self.size = size
        self.maximumWait = maximumWait
        state = Mutex(State(idle: (0..<size).map { _ in Slot() }))
    }

    /// Lends a slot to `body`; blocks the calling thread until one is free, at most until
    /// `deadline` or the pool's maximum wait, whichever comes first.
    ///
    /// - Throws: `Exhausted` if no slot became free in time, and whatever `body` throws. Whoever
    ///   finds the resource broken sets the slot's `resource` to nil.
    package func withSlot<Result>(
        until deadline: Deadline,
        _ body: (Slot) throws -> Result
    ) throws -> Result {
        let slot = try borrow(until: deadline)
        defer { giveBack(slot) }
        return try body(slot)
    }

    /// Takes a slot out of the pool; the caller owes a `giveBack`.
    package func borrow(until deadline: Deadline) throws(Exhausted) -> Slot {
        let waiter = Waiter()
        let immediate = state.withLock { state -> Slot? in
            if let slot = state.idle.popLast() { return slot }
            state.waiters.append(waiter)
            return nil
        }
        if let immediate { return immediate }

        let patience = deadline.tightened(to: maximumWait).remaining
        if waiter.arrival.wait(timeout: .now() + patience.dispatchInterval) == .success,
            let slot = waiter.slot.withLock({ $0 })
        {
            return slot
        }
        // The slot may have been handed over between the timeout and this lock.
        let late = state.withLock { state -> Slot? in
            if let slot = waiter.slot.withLock({ $0 }) { return slot }
            state.waiters.removeAll { $0 === waiter }
            state.exhaustions += 1
            return nil
        }
        guard let late else { throw Exhausted() }
        return late
    }

    /// Puts a borrowed slot back, or hands it straight to whoever has waited longest.
    package func giveBack(_ slot: Slot) {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiters.isEmpty else {
                state.idle.append(slot)
                return nil
            }
            let waiter = state.waiters.removeFirst()
            waiter.slot.withLock { $0 = slot }
            return waiter
        }
        next?.arrival.signal()
    }

    /// Empties all idle slots, for instance at the end of the process or after a failover.
    package func drain() {
        let idle = state.withLock { state -> [Slot] in
            defer { state.idle = [] }
            return state.idle
        }
        for slot in idle { slot.resource = nil }
        for slot in idle { giveBack(slot) }
    }

    package var usage: Usage {
        state.withLock { state in
            Usage(
                size: size,
                lent: size - state.idle.count,
                waiting: state.waiters.count,
                exhaustions: state.exhaustions
            )
        }
    }
}

extension Duration {
    /// The same length for Dispatch, rounded up to a microsecond and capped at a day.
    package var dispatchInterval: DispatchTimeInterval {
        let capped = min(self, .seconds(86_400))
        let (seconds, attoseconds) = capped.components
        return .microseconds(Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000) + 1)
    }
}

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
    package typealias Exhausted = PoolExhausted

    /// A reading of the pool's use, for metrics.
    package typealias Usage = PoolUsage

    private let places: Places
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
        places = Places((0..<size).map { _ in Slot() })
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
        if let place = places.idle() { return unsafeDowncast(place, to: Slot.self) }
        let place = try places.next(until: deadline.tightened(to: maximumWait))
        return unsafeDowncast(place, to: Slot.self)
    }

    /// Puts a borrowed slot back, or hands it straight to whoever has waited longest.
    package func giveBack(_ slot: Slot) {
        places.giveBack(slot)
    }

    /// Empties all idle slots, for instance at the end of the process or after a failover.
    package func drain() {
        let idle = places.takeAll().map { unsafeDowncast($0, to: Slot.self) }
        for slot in idle { slot.resource = nil }
        for slot in idle { giveBack(slot) }
    }

    package var usage: Usage { places.usage(size: size) }
}

/// No slot of a pool became free in time.
package struct PoolExhausted: Error, Equatable {}

/// A reading of a pool's use.
package struct PoolUsage: Sendable, Equatable {
    package var size: Int
    package var lent: Int
    package var waiting: Int
    /// Times that a caller went away without a slot, since the start.
    package var exhaustions: Int
}

/// Who has which place of a pool, and who waits for one.
///
/// It knows nothing of what the places hold: its lock is on the way of every call, and under it generic
/// code would look types up.
private final class Places: Sendable {
    typealias Place = any AnyObject & Sendable

    private final class Waiter: Sendable {
        let arrival = DispatchSemaphore(value: 0)
        let place = Lock<Place?>(nil)
    }

    private struct State {
        var idle: [Place]
        // None while there are idle places.
        var waiters: [Waiter] = []
        var exhaustions = 0
    }

    private let state: Lock<State>

    init(_ places: [Place]) {
        state = Lock(State(idle: places))
    }

    /// An idle place; nil if there is none.
    func idle() -> Place? {
        state.withLock { $0.idle.popLast() }
    }

    /// The next place that becomes free; blocks the calling thread.
    func next(until deadline: Deadline) throws(PoolExhausted) -> Place {
        let waiter = Waiter()
        let immediate = state.withLock { state -> Place? in
            if let place = state.idle.popLast() { return place }
            state.waiters.append(waiter)
            return nil
        }
        if let immediate { return immediate }
        let patience = deadline.remaining
        if waiter.arrival.wait(timeout: .now() + patience.dispatchInterval) == .success,
            let place = waiter.place.withLock({ $0 })
        {
            return place
        }
        // The place may have been handed over between the timeout and this lock.
        let late = state.withLock { state -> Place? in
            if let place = waiter.place.withLock({ $0 }) { return place }
            state.waiters.removeAll { $0 === waiter }
            state.exhaustions += 1
            return nil
        }
        guard let late else { throw PoolExhausted() }
        return late
    }

    func giveBack(_ place: Place) {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiters.isEmpty else {
                state.idle.append(place)
                return nil
            }
            let waiter = state.waiters.removeFirst()
            waiter.place.withLock { $0 = place }
            return waiter
        }
        next?.arrival.signal()
    }

    /// Takes all that are idle; each has to be given back.
    func takeAll() -> [Place] {
        state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
    }

    func usage(size: Int) -> PoolUsage {
        state.withLock { state in
            PoolUsage(
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

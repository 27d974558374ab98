import Dispatch

/// Writes together what several callers hand in while a write is under way, on a lane of its own.
///
/// An item is written alone and at once where nobody else writes, with the others of its group
/// otherwise. So the number of writes grows no further with the load than they can follow one another.
/// Where the store is away, all who wait are told so by the one write that found it out; and from then
/// on, until a write has come through, one item at a time is tried, and the others are refused. Who comes
/// long after is not: it may be back, and nobody have asked.
package final class GroupCommit<Item: Sendable>: Sendable {
    /// Writes all items or none; blocks.
    package typealias Write = @Sendable ([Item], Deadline) throws -> Void

    /// The deadline passed before the item was written; it may be written all the same.
    package struct TimedOut: Error, Equatable {}

    /// An item was not even handed in.
    package enum Refused: Error {
        /// Too many wait.
        case full
        /// The store is away, as another write has found, and is being tried just now.
        case away(any Error)
    }

    /// What is known of an item once the write it waited for has ended.
    package enum Outcome: Sendable {
        case written
        /// It cannot be written now, by itself neither; its write may be done all the same.
        case failed(any Error)
        /// Its group could not be written, perhaps for another member's sake.
        case groupFailed(any Error)
    }

    /// A reading of the use, for metrics; the counts are since the start.
    package struct Usage: Sendable, Equatable {
        /// Items of groups that have not begun to be written.
        package var waiting = 0
        /// Items that were written.
        package var items = 0
        /// Writes that were done, of one item or more.
        package var writes = 0
    }

    /// Several callers' items, of which no more is known than of all of them.
    private final class Group: Sendable {
        struct Members {
            var items: [Item]
            var deadline: Deadline
            var callbacks: [@Sendable (Outcome) -> Void] = []
        }

        let members: Lock<Members>
        /// For those who wait.
        let ended = DispatchGroup()
        let outcome = Lock<Outcome?>(nil)

        init(_ item: Item, _ deadline: Deadline) {
            members = Lock(Members(items: [item], deadline: deadline))
            ended.enter()
        }
    }

    private struct State {
        /// Groups to be written, the last of which may still grow.
        var waiting: [Group] = []
        var isWriting = false
        /// What the last write failed with, if for all, and when.
        var away: (error: any Error, at: ContinuousClock.Instant)?
        var usage = Usage()

        mutating func takeFirst() -> Group {
            let group = waiting.removeFirst()
            usage.waiting -= group.members.withLock { $0.items.count }
            return group
        }
    }

    private let lane: DispatchQueue
    private let callbackLane: DispatchQueue
    private let limit: Int
    private let queueLimit: Int
    private let isOfAll: @Sendable (any Error) -> Bool
    private let memory: Duration
    private let write: Write
    private let state = Lock(State())

    /// Makes one.
    ///
    /// - Parameters:
    ///   - name: of the lane.
    ///   - limit: how many items are written together at most, at least 1.
    ///   - queueLimit: how many items may wait, beside those of callers who wait as well.
    ///   - isOfAll: whether an error is not about what was written, as when the store is away: then
    ///     nothing that waits is tried any more.
    ///   - memory: for how long it is thought to be away then; longer than a write takes to find out.
    ///   - write: runs on the lane; for an item whose group has failed also on its caller's thread.
    package init(
        name: String,
        limit: Int,
        queueLimit: Int,
        failsAll isOfAll: @escaping @Sendable (any Error) -> Bool = { _ in false },
        awayFor memory: Duration = .seconds(5),
        write: @escaping Write
    ) {
        precondition(limit > 0, "a group has at least one member")
        lane = DispatchQueue(label: name)
        callbackLane = DispatchQueue(label: "\(name)-callbacks")
        self.limit = limit
        self.queueLimit = queueLimit
        self.isOfAll = isOfAll
        self.memory = memory
        self.write = write
    }

    /// Hands an item in, and blocks until it is written.
    ///
    /// Of a group that could not be written every item is tried alone, so that one that cannot be
    /// written does not take others along. An item is so written twice where the first write was done
    /// and its answer lost.
    ///
    /// - Parameters:
    ///   - item: to be written.
    ///   - deadline: by which it is written, or fails.
    ///   - end: by when the caller waits no longer, if before.
    /// - Throws: what `write` throws for this item or for all, `Refused.away` or `TimedOut`.
    package func submit(
        _ item: Item,
        until deadline: Deadline,
        waitingUntil end: Deadline? = nil
    ) throws {
        let end = min(deadline, end ?? deadline)
        let (group, isFirst) = try state.withLock { state throws(Refused) in
            try join(&state, item, deadline)
        }
        if isFirst { begin() }
        let timeout = DispatchTime.now() + end.remaining.dispatchInterval
        guard group.ended.wait(timeout: timeout) == .success else { throw TimedOut() }
        switch group.outcome.withLock({ $0 }) {
        case .written?: return
        case .failed(let error)?: throw error
        case .groupFailed(let error)? where end.isExpired: throw error
        case .groupFailed?, nil:
            try write([item], end)
            state.withLock { $0.usage.noteWrite(of: 1) }
        }
    }

    /// Hands an item in, without waiting for what comes of it.
    ///
    /// - Parameters:
    ///   - item: to be written.
    ///   - deadline: after which nobody needs it.
    ///   - callback: is told once what came of it, on a lane that these calls share. Nothing is tried
    ///     again here: `submit` does so for an item whose group has failed.
    /// - Throws: `Refused`; then nothing is written, and nothing called back.
    package func enqueue(
        _ item: Item,
        until deadline: Deadline,
        then callback: @escaping @Sendable (Outcome) -> Void
    ) throws(Refused) {
        let isFirst = try state.withLock { state throws(Refused) in
            guard state.usage.waiting < queueLimit else { throw .full }
            let (group, isFirst) = try join(&state, item, deadline)
            group.members.withLock { $0.callbacks.append(callback) }
            return isFirst
        }
        if isFirst { begin() }
    }

    /// Adds an item to the group that may still grow, or begins one.
    ///
    /// - Returns: its group, and whether nobody writes, so that writing has to begin.
    private func join(
        _ state: inout State,
        _ item: Item,
        _ deadline: Deadline
    ) throws(Refused) -> (group: Group, isFirst: Bool) {
        if state.isWriting, let away = state.away, .now - away.at < memory {
            throw .away(away.error)
        }
        state.usage.waiting += 1
        let isFirst = !state.isWriting
        state.isWriting = true
        if let group = state.waiting.last {
            let hasJoined = group.members.withLock { members in
                guard members.items.count < limit else { return false }
                members.items.append(item)
                members.deadline = max(members.deadline, deadline)
                return true
            }
            if hasJoined { return (group, isFirst) }
        }
        let group = Group(item, deadline)
        state.waiting.append(group)
        return (group, isFirst)
    }

    private func begin() {
        lane.async { @Sendable [self] in
            while let group = next() {
                let outcome = write(group)
                var others: [Group] = []
                if case .failed(let error) = outcome, isOfAll(error) {
                    // They have waited for as long as it takes to find out, and would do so once more.
                    others = allWaiting(away: error)
                }
                for group in [group] + others { end(group, outcome) }
            }
        }
    }

    private func write(_ group: Group) -> Outcome {
        let members = group.members.withLock { $0 }
        do {
            try write(members.items, members.deadline)
            state.withLock { state in
                state.usage.noteWrite(of: members.items.count)
                state.away = nil
            }
            return .written
        } catch {
            return members.items.count == 1 || isOfAll(error) ? .failed(error) : .groupFailed(error)
        }
    }

    /// Tells all members of a group what came of it.
    private func end(_ group: Group, _ outcome: Outcome) {
        group.outcome.withLock { $0 = outcome }
        group.ended.leave()
        let callbacks = group.members.withLock { $0.callbacks }
        guard !callbacks.isEmpty else { return }
        // The next group is written meanwhile.
        callbackLane.async { @Sendable in
            for callback in callbacks { callback(outcome) }
        }
    }

    /// The next group, which grows no more.
    private func next() -> Group? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isWriting = false
                return nil
            }
            return state.takeFirst()
        }
    }

    /// All groups that wait now, which grow no more, as the store is away.
    private func allWaiting(away error: any Error) -> [Group] {
        state.withLock { state in
            state.away = (error, .now)
            var groups: [Group] = []
            while !state.waiting.isEmpty { groups.append(state.takeFirst()) }
            return groups
        }
    }

    package var usage: Usage { state.withLock { $0.usage } }
}

extension GroupCommit.Usage {
    fileprivate mutating func noteWrite(of count: Int) {
        items += count
        writes += 1
    }
}

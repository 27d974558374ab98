import Dispatch

/// Writes together what several callers hand in while a write is under way, on a lane of its own.
///
/// An item is written alone and at once where nobody else writes, with the others of its group
/// otherwise. So the number of writes grows no further with the load than they can follow one another.
package final class GroupCommit<Item: Sendable>: Sendable {
    /// Writes all items or none; blocks.
    package typealias Write = @Sendable ([Item], Deadline) throws -> Void

    /// The deadline passed before the item was written; it may be written all the same.
    package struct TimedOut: Error, Equatable {}

    /// A reading of the use, for metrics; the counts are since the start.
    package struct Usage: Sendable, Equatable {
        /// Items of groups that have not begun to be written.
        package var waiting = 0
        package var items = 0
        package var groups = 0
    }

    /// Several callers' items, of which no more is known than of all of them.
    private final class Group: Sendable {
        struct Members {
            var items: [Item]
            var deadline: Deadline
            var callbacks: [@Sendable (Bool) -> Void] = []
        }

        let members: Lock<Members>
        /// For those who wait.
        let ended = DispatchGroup()
        let result = Lock<Result<Void, any Error>?>(nil)

        init(_ item: Item, _ deadline: Deadline) {
            members = Lock(Members(items: [item], deadline: deadline))
            ended.enter()
        }
    }

    private struct State {
        /// Groups to be written, the last of which may still grow.
        var waiting: [Group] = []
        var isWriting = false
        var usage = Usage()
    }

    private let lane: DispatchQueue
    private let callbackLane: DispatchQueue
    private let limit: Int
    private let queueLimit: Int
    private let write: Write
    private let state = Lock(State())

    /// Makes one.
    ///
    /// - Parameters:
    ///   - name: of the lane.
    ///   - limit: how many items are written together at most, at least 1.
    ///   - queueLimit: how many items may wait, beside those of callers who wait as well.
    ///   - write: runs on the lane; for an item whose group has failed also on its caller's thread.
    package init(name: String, limit: Int, queueLimit: Int, write: @escaping Write) {
        precondition(limit > 0, "a group has at least one member")
        lane = DispatchQueue(label: name)
        callbackLane = DispatchQueue(label: "\(name)-callbacks")
        self.limit = limit
        self.queueLimit = queueLimit
        self.write = write
    }

    /// Hands an item in, and blocks until it is written or `deadline` has passed.
    ///
    /// A group that could not be written fails for each by itself: every item is then tried alone,
    /// so that one that cannot be written does not take others along. An item is so written twice
    /// where the first write was done and its answer lost.
    ///
    /// - Throws: what `write` throws for this item, or `TimedOut`.
    package func submit(_ item: Item, until deadline: Deadline) throws {
        let (group, isFirst) = state.withLock { join(&$0, item, deadline) }
        if isFirst { begin() }
        let timeout = DispatchTime.now() + deadline.remaining.dispatchInterval
        guard group.ended.wait(timeout: timeout) == .success else { throw TimedOut() }
        let isAlone = group.members.withLock { $0.items.count == 1 }
        switch group.result.withLock({ $0 }) {
        case .success?: return
        case .failure(let error)? where isAlone || deadline.isExpired: throw error
        default: try write([item], deadline)
        }
    }

    /// Hands an item in, without waiting for what comes of it.
    ///
    /// - Parameters:
    ///   - item: to be written.
    ///   - deadline: after which nobody needs it.
    ///   - callback: is told once whether it was written, on a lane that these calls share. If it was
    ///     not, or its answer was lost, `submit` tries it once more, alone.
    /// - Returns: false if too many wait; then nothing is written, and nothing called back.
    package func enqueue(
        _ item: Item,
        until deadline: Deadline,
        then callback: @escaping @Sendable (_ isWritten: Bool) -> Void
    ) -> Bool {
        let isFirst = state.withLock { state -> Bool? in
            guard state.usage.waiting < queueLimit else { return nil }
            let (group, isFirst) = join(&state, item, deadline)
            group.members.withLock { $0.callbacks.append(callback) }
            return isFirst
        }
        guard let isFirst else { return false }
        if isFirst { begin() }
        return true
    }

    /// Adds an item to the group that may still grow, or begins one.
    ///
    /// - Returns: its group, and whether nobody writes, so that writing has to begin.
    private func join(
        _ state: inout State,
        _ item: Item,
        _ deadline: Deadline
    ) -> (group: Group, isFirst: Bool) {
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
            while let group = next() { writeGroup(group) }
        }
    }

    private func writeGroup(_ group: Group) {
        let members = group.members.withLock { $0 }
        let result = Result { try write(members.items, members.deadline) }
        group.result.withLock { $0 = result }
        group.ended.leave()
        guard !members.callbacks.isEmpty else { return }
        let isWritten = (try? result.get()) != nil
        // The next group is written meanwhile.
        callbackLane.async { @Sendable in
            for callback in members.callbacks { callback(isWritten) }
        }
    }

    /// The next group, which grows no more.
    private func next() -> Group? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isWriting = false
                return nil
            }
            let group = state.waiting.removeFirst()
            let count = group.members.withLock { $0.items.count }
            state.usage.waiting -= count
            state.usage.items += count
            state.usage.groups += 1
            return group
        }
    }

    package var usage: Usage { state.withLock { $0.usage } }
}

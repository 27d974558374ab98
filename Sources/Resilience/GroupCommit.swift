import Dispatch

/// Writes together what several threads hand in while a write is under way, on a lane of its own.
///
/// Each caller blocks until its item is written: alone and at once where nobody else writes, with
/// the others of its group otherwise. So the number of writes grows no further with the load than
/// they can follow one another.
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

    private final class Group: Sendable {
        let members: Lock<(items: [Item], deadline: Deadline)>
        let ended = DispatchGroup()
        let result = Lock<Result<Void, any Error>?>(nil)

        init(_ item: Item, _ deadline: Deadline) {
            members = Lock(([item], deadline))
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
    private let limit: Int
    private let write: Write
    private let state = Lock(State())

    /// Makes one.
    ///
    /// - Parameters:
    ///   - name: of the lane.
    ///   - limit: how many items are written together at most, at least 1.
    ///   - write: runs on the lane; for an item whose group has failed also on its caller's thread.
    package init(name: String, limit: Int, write: @escaping Write) {
        precondition(limit > 0, "a group has at least one member")
        lane = DispatchQueue(label: name)
        self.limit = limit
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
        let (group, isFirst) = state.withLock { state -> (Group, Bool) in
            let group = join(&state, item, deadline)
            state.usage.waiting += 1
            defer { state.isWriting = true }
            return (group, !state.isWriting)
        }
        if isFirst { lane.async { @Sendable [self] in writeGroups() } }
        let timeout = DispatchTime.now() + deadline.remaining.dispatchInterval
        guard group.ended.wait(timeout: timeout) == .success else { throw TimedOut() }
        let isAlone = group.members.withLock { $0.items.count == 1 }
        switch group.result.withLock({ $0 }) {
        case .success?: return
        case .failure(let error)? where isAlone || deadline.isExpired: throw error
        default: try write([item], deadline)
        }
    }

    private func join(_ state: inout State, _ item: Item, _ deadline: Deadline) -> Group {
        if let group = state.waiting.last {
            let hasJoined = group.members.withLock { members in
                guard members.items.count < limit else { return false }
                members.items.append(item)
                members.deadline = max(members.deadline, deadline)
                return true
            }
            if hasJoined { return group }
        }
        let group = Group(item, deadline)
        state.waiting.append(group)
        return group
    }

    private func writeGroups() {
        while let group = next() {
            let (items, deadline) = group.members.withLock { $0 }
            let result = Result { try write(items, deadline) }
            group.result.withLock { $0 = result }
            group.ended.leave()
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

/// Has lanes work on several items at once, where these come faster than lanes take them up.
///
/// An item that comes alone is taken up alone and at once: nothing is waited for. So the number of turns on
/// lanes grows no further with the load than lanes can follow.
package final class LaneBatch<Item: Sendable>: Sendable {
    private struct State {
        /// What no lane has taken up, oldest first.
        var waiting: [Item] = []
        /// How many turns on lanes are still to come; enough for all that waits, and none too many.
        var turns = 0
    }

    private let lanes: LaneGroup
    private let most: Int
    private let state = Lock(State())

    /// Makes one that has nothing.
    ///
    /// - Parameters:
    ///   - lanes: where the work is done.
    ///   - most: how many items are worked on at once; at least 1.
    package init(on lanes: LaneGroup, most: Int) {
        precondition(most > 0, "a batch has an item at least")
        self.lanes = lanes
        self.most = most
    }

    /// Has an item worked on, with others if there are; never blocks.
    ///
    /// - Parameters:
    ///   - item: is given to the work of this call, or of another.
    ///   - work: the same for all; gets one item at least.
    /// - Returns: false if all lanes are busy and their queue is full; the item is then not worked on.
    package func submit(_ item: Item, _ work: @escaping @Sendable ([Item]) -> Void) -> Bool {
        state.withLock { state in
            // Under the lock, so that nobody counts on a turn that is refused.
            if state.waiting.count == most * state.turns {
                guard lanes.submit({ work(self.takeUp()) }) else { return false }
                state.turns += 1
            }
            state.waiting.append(item)
            return true
        }
    }

    private func takeUp() -> [Item] {
        state.withLock { state in
            state.turns -= 1
            let items = Array(state.waiting.prefix(most))
            state.waiting.removeFirst(items.count)
            return items
        }
    }
}

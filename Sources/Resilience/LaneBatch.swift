/// Has lanes work on several items at once, where these come faster than lanes take them up.
///
/// An item that comes alone is taken up alone and at once: nothing is waited for. What comes while as many lanes
/// work as have a turn is taken up together by the next one that has.
package final class LaneBatch<Item: Sendable>: Sendable {
    private struct State {
        /// What no lane has taken up, oldest first.
        var waiting: [Item] = []
        /// How many lanes are still to take something up; enough for all that waits, and none too many.
        var announced = 0
    }

    private let lanes: LaneGroup
    private let turns: Turns
    private let most: Int
    private let state = Lock(State())

    /// For longer than turns are waited for.
    private static var patience: Duration { .seconds(10) }

    /// Makes one that has nothing.
    ///
    /// - Parameters:
    ///   - lanes: where the work is done.
    ///   - turns: of those lanes.
    ///   - most: how many items are worked on at once; at least 1.
    package init(on lanes: LaneGroup, _ turns: Turns, most: Int) {
        precondition(most > 0, "a batch has an item at least")
        self.lanes = lanes
        self.turns = turns
        self.most = most
    }

    /// Has an item worked on, with others if there are; never blocks.
    ///
    /// - Parameters:
    ///   - item: is given to the work of this call, or of another.
    ///   - work: the same for all; gets one item at least.
    /// - Returns: false if all lanes are busy, and their queue is full or as many items wait here as might
    ///   wait in it; the item is then not worked on.
    package func submit(_ item: Item, _ work: @escaping @Sendable ([Item]) -> Void) -> Bool {
        state.withLock { state in
            guard state.waiting.count < max(most, lanes.queueLimit) else {
                lanes.noteRefusal()
                return false
            }
            // Under the lock, so that nobody counts on a lane that is refused.
            if state.waiting.count == most * state.announced {
                guard lanes.submit({ self.inTurn { work(self.takeUp()) } }) else { return false }
                state.announced += 1
            }
            state.waiting.append(item)
            return true
        }
    }

    private func inTurn(_ work: () -> Void) {
        turns.run(until: .after(Self.patience), work)
    }

    private func takeUp() -> [Item] {
        state.withLock { state in
            state.announced -= 1
            let items = Array(state.waiting.prefix(most))
            state.waiting.removeFirst(items.count)
            return items
        }
    }
}

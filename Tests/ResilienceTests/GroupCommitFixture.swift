import Dispatch
import OrderServiceTesting
import Resilience
import Synchronization
import Testing

/// What a store of these tests fails with.
struct Refused: Error, Equatable { let items: [Int] }

/// Groups that were written, the first of which waits at a gate.
final class Writes: Sendable {
    private let groups = Mutex<[[Int]]>([])
    private let gate = DispatchSemaphore(value: 0)
    private let begun = DispatchSemaphore(value: 0)

    var all: [[Int]] { groups.withLock { $0 } }

    func note(_ items: [Int]) {
        let isFirst = groups.withLock { groups in
            groups.append(items)
            return groups.count == 1
        }
        guard isFirst else { return }
        begun.signal()
        gate.wait()
    }

    func waitUntilBegun() { begun.wait() }
    func open() { gate.signal() }
}

/// Hands 0 in, and the others while it is being written.
func submit(
    _ others: ClosedRange<Int>,
    to commit: GroupCommit<Int>,
    _ writes: Writes
) -> [Result<Void, any Error>] {
    func companion(_ number: Int) -> Companion<Void> {
        Companion { try commit.submit(number, until: .after(.seconds(20))) }
    }
    let first = companion(0)
    writes.waitUntilBegun()
    let companions = [first] + others.map(companion)
    let areWaiting = eventually { commit.usage.waiting == others.count }
    #expect(areWaiting)
    writes.open()
    return companions.map { companion in Result { try companion.join() } }
}

/// A word for what came of an item.
func name(_ outcome: GroupCommit<Int>.Outcome) -> String {
    switch outcome {
    case .written: "written"
    case .failed: "failed"
    case .groupFailed: "groupFailed"
    }
}

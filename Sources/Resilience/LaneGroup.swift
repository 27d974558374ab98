import Dispatch
import Synchronization

/// A fixed number of lanes (serial queues, a thread each while they work) with a bounded queue in
/// front: where blocking work runs.
///
/// Serial queues and not a concurrent one, because Dispatch gives a concurrent queue only about as
/// many threads as there are cores, and blocked work then starves everything behind it.
package final class LaneGroup: Sendable {
    package typealias Work = @Sendable () -> Void

    /// A reading of the group's use, for metrics.
    package struct Usage: Sendable, Equatable {
        package var lanes: Int
        package var busy: Int
        package var queued: Int
        /// Work refused because the queue was full, since the start.
        package var refusals: Int
    }

    private struct State {
        var idle: [Int]
        var queue: [Work] = []
        var queueHead = 0
        var refusals = 0

        var queued: Int { queue.count - queueHead }

        mutating func nextQueued() -> Work? {
            guard queueHead < queue.count else { return nil }
            let work = queue[queueHead]
            // What it holds is let go by whoever does it, not under the lock.
            queue[queueHead] = {}
            queueHead += 1
            if queueHead == queue.count || queueHead >= 256 {
                queue.removeFirst(queueHead)
                queueHead = 0
            }
            return work
        }
    }

    package let name: String
    private let lanes: [DispatchQueue]
    let queueLimit: Int
    private let state: Lock<State>

    /// Makes a group of `lanes` lanes.
    ///
    /// - Parameters:
    ///   - name: appears in thread names and metrics.
    ///   - count: how many lanes, so how much work runs at once; at least 1.
    ///   - queueLimit: how much accepted work may wait for a lane; 0 or more.
    package init(name: String, lanes count: Int, queueLimit: Int) {
        precondition(count > 0, "a lane group needs at least one lane")
        precondition(queueLimit >= 0, "a queue limit cannot be negative")
        self.name = name
        self.queueLimit = queueLimit
        lanes = (0..<count).map { DispatchQueue(label: "\(name)-\($0)") }
        state = Lock(State(idle: Array(0..<count)))
    }

    /// Hands `work` to a free lane, or queues it; never blocks.
    ///
    /// - Returns: false if all lanes are busy and the queue is full; the work is then not run.
    package func submit(_ work: @escaping Work) -> Bool {
        enum Decision {
            case start(Int)
            case queued
            case refused
        }
        let decision = state.withLock { state -> Decision in
            if let lane = state.idle.popLast() { return .start(lane) }
            guard state.queued < queueLimit else {
                state.refusals += 1
                return .refused
            }
            state.queue.append(work)
            return .queued
        }
        switch decision {
        case .start(let lane):
            run(work, on: lane)
            return true
        case .queued:
            return true
        case .refused:
            return false
        }
    }

    /// Counts work that was refused before it came here.
    func noteRefusal() {
        state.withLock { $0.refusals += 1 }
    }

    private func run(_ first: @escaping Work, on lane: Int) {
        lanes[lane].async { @Sendable [self] in
            var work = first
            while true {
                work()
                let next = state.withLock { state -> Work? in
                    if let next = state.nextQueued() { return next }
                    state.idle.append(lane)
                    return nil
                }
                guard let next else { return }
                work = next
            }
        }
    }

    /// Blocks until no work runs or waits, or until `deadline`.
    ///
    /// - Returns: whether the group is idle.
    package func waitUntilIdle(until deadline: Deadline) -> Bool {
        // A lane that has just become idle still runs the end of its block, so the barrier of an
        // empty block on each queue tells what the counters cannot.
        let group = DispatchGroup()
        for lane in lanes { lane.async(group: group) { @Sendable in } }
        let timeout = DispatchTime.now() + deadline.remaining.dispatchInterval
        return group.wait(timeout: timeout) == .success && usage.busy == 0
    }

    package var usage: Usage {
        state.withLock { state in
            Usage(
                lanes: lanes.count,
                busy: lanes.count - state.idle.count,
                queued: state.queued,
                refusals: state.refusals
            )
        }
    }
}

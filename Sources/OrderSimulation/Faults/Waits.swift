import Dispatch
import Resilience
import Synchronization

/// Work that waits for a time or for the end of the faults, without holding a thread.
final class Waits: Sendable {
    private struct State {
        var next = 0
        var waiting: [Int: @Sendable () -> Void] = [:]
        var held: Set<Int> = []
    }

    private let state = Mutex(State())
    private let timers = DispatchQueue(label: "fault-timers")
    // The continuations write answers, which may block on a slow reader.
    private let lanes = LaneGroup(name: "faults", lanes: 16, queueLimit: .max)

    /// Runs `work` on a lane after `duration`, or at `endHolds()` if `endsWithFaults`.
    func wait(
        _ duration: Duration,
        endsWithFaults: Bool,
        _ work: @escaping @Sendable () -> Void
    ) {
        let ticket = state.withLock { state in
            state.next += 1
            state.waiting[state.next] = work
            if endsWithFaults { state.held.insert(state.next) }
            return state.next
        }
        let due = DispatchTime.now() + .milliseconds(Int(duration.wholeMilliseconds))
        timers.asyncAfter(deadline: due) { @Sendable in self.run(ticket) }
    }

    /// Lets everything go on that is held.
    func endHolds() {
        for ticket in state.withLock({ $0.held }) { run(ticket) }
    }

    /// How many requests are held now.
    var heldCount: Int { state.withLock { $0.held.count } }

    private func run(_ ticket: Int) {
        let work = state.withLock { state in
            state.held.remove(ticket)
            return state.waiting.removeValue(forKey: ticket)
        }
        guard let work else { return }
        _ = lanes.submit(work)
    }
}

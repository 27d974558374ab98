import Dispatch
import Synchronization

/// Runs blocking work on a dependency's own lanes while its caller waits no longer than it may.
///
/// Nothing stops a blocked thread, so work that is too late keeps its lane until it really ends,
/// which is what makes the lanes a bulkhead; its result then goes to a handler.
package final class TimeLimiter: Sendable {
    /// What became of the work by the deadline.
    package enum Ending<Result> {
        case finished(Result)
        /// No lane is free and the queue is full; the work has not begun and never will.
        case refused
        /// No lane was free in time; the work has not begun and never will.
        case notBegun
        /// The work goes on; its result goes to the handler.
        case goesOn
    }

    /// A reading, for metrics; the counts are since the start.
    package struct Usage: Sendable, Equatable {
        package var lanes: LaneGroup.Usage
        /// Work whose caller went away while it ran.
        package var timeouts: Int
        /// Work that has ended after that.
        package var lateResults: Int
        /// Work whose caller went away before it began.
        package var notBegun: Int
    }

    private enum Phase<Result: Sendable>: Sendable {
        case waiting
        case running
        case finished(Result)
        case abandoned
    }

    private final class Job<Result: Sendable>: Sendable {
        let phase = Mutex<Phase<Result>>(.waiting)
        let arrival = DispatchSemaphore(value: 0)

        func hasArrived(by deadline: Deadline) -> Bool {
            arrival.wait(timeout: .now() + deadline.remaining.dispatchInterval) == .success
        }

        /// Gives the work up if no lane has taken it; returns whether it has.
        func abandonUnlessBegun() -> Bool {
            phase.withLock { phase in
                guard case .waiting = phase else { return false }
                phase = .abandoned
                return true
            }
        }
    }

    private struct Counts {
        var timeouts = 0
        var lateResults = 0
        var notBegun = 0
    }

    package let lanes: LaneGroup
    private let counts = Mutex(Counts())

    package init(lanes: LaneGroup) {
        self.lanes = lanes
    }

    /// Runs `work` on a lane; blocks the calling thread until it has ended, or until `deadline`.
    ///
    /// - Parameters:
    ///   - deadline: of the caller; the work's own I/O should end a little before it.
    ///   - laneWait: how long to wait for a lane at most, so that work that hangs holds up those
    ///     behind it only so long; nil for until the deadline.
    ///   - late: gets the result, on the lane, if the caller has gone by then.
    ///   - work: what blocks.
    /// - Returns: what is known by the deadline.
    package func run<Result: Sendable>(
        until deadline: Deadline,
        laneWait: Duration? = nil,
        late: @escaping @Sendable (Result) -> Void = { _ in },
        _ work: @escaping @Sendable () -> Result
    ) -> Ending<Result> {
        let job = Job<Result>()
        let isAccepted = lanes.submit { [self] in
            carryOut(job, late: late, work)
        }
        guard isAccepted else { return .refused }
        if !job.hasArrived(by: deadline.tightened(to: laneWait ?? deadline.remaining)) {
            if job.abandonUnlessBegun() {
                count(Ending<Result>.notBegun)
                return .notBegun
            }
            _ = job.hasArrived(by: deadline)
        }
        // The result may have come between the timeout and this lock.
        let ending = job.phase.withLock { phase -> Ending<Result> in
            switch phase {
            case .finished(let result): return .finished(result)
            case .waiting:
                phase = .abandoned
                return .notBegun
            case .running, .abandoned:
                phase = .abandoned
                return .goesOn
            }
        }
        count(ending)
        return ending
    }

    private func carryOut<Result: Sendable>(
        _ job: Job<Result>,
        late: (Result) -> Void,
        _ work: () -> Result
    ) {
        let isWanted = job.phase.withLock { phase in
            guard case .waiting = phase else { return false }
            phase = .running
            return true
        }
        guard isWanted else { return }
        let result = work()
        let isLate = job.phase.withLock { phase in
            guard case .running = phase else { return true }
            phase = .finished(result)
            return false
        }
        job.arrival.signal()
        guard isLate else { return }
        counts.withLock { $0.lateResults += 1 }
        late(result)
    }

    private func count<Result>(_ ending: Ending<Result>) {
        switch ending {
        case .finished, .refused: break
        case .notBegun: counts.withLock { $0.notBegun += 1 }
        case .goesOn: counts.withLock { $0.timeouts += 1 }
        }
    }

    package var usage: Usage {
        let counts = counts.withLock { $0 }
        return Usage(
            lanes: lanes.usage,
            timeouts: counts.timeouts,
            lateResults: counts.lateResults,
            notBegun: counts.notBegun
        )
    }
}

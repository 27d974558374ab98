import Dispatch
import Synchronization
import Testing

@testable import Resilience

@Suite("Time limiter and bulkhead", .serialized) struct TimeLimiterTests {
    private let lanes = LaneGroup(name: "test", lanes: 1, queueLimit: 1)
    private let limiter: TimeLimiter

    init() {
        limiter = TimeLimiter(lanes: lanes)
    }

    private var soon: Deadline { .after(.seconds(30)) }
    private var past: Deadline { .after(.zero) }

    @Test("gives the result of work that ends in time") func givesResult() {
        guard case .finished(let result) = limiter.run(until: soon, { 42 }) else {
            Issue.record("the work ends in time")
            return
        }
        #expect(result == 42)
    }

    @Test("waits for a lane no longer than it may") func boundsWaitForLane() {
        let gate = DispatchSemaphore(value: 0)
        _ = lanes.submit { gate.wait() }
        guard case .notBegun = limiter.run(until: soon, laneWait: .zero, { 1 }) else {
            Issue.record("the only lane is taken")
            return
        }
        #expect(limiter.usage.notBegun == 1)
        gate.signal()
        // The place in the queue that was given up is free only then.
        #expect(lanes.waitUntilIdle(until: soon))
        // What has begun is waited for until the deadline, however short the wait for a lane.
        guard case .finished = limiter.run(until: soon, laneWait: .seconds(20), { 1 }) else {
            Issue.record("the lane is free again")
            return
        }
    }

    @Test("keeps the lane until late work ends, and hands its result on") func keepsLane() {
        let hasBegun = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let handled = DispatchSemaphore(value: 0)
        let late = Mutex<[String]>([])
        let caller = DispatchSemaphore(value: 0)
        let endings = Mutex<[String]>([])
        // The caller's deadline has to pass while the work runs, so the work waits for the caller.
        DispatchQueue(label: "caller").async { @Sendable [limiter] in
            let ending = limiter.run(
                until: .after(.milliseconds(50)),
                late: { result in
                    late.withLock { $0.append(result) }
                    handled.signal()
                }
            ) {
                hasBegun.signal()
                gate.wait()
                return "late"
            }
            endings.withLock { $0.append("\(ending)") }
            caller.signal()
        }
        caller.wait()
        guard endings.withLock({ $0 }) == ["goesOn"] else {
            // On a machine so busy that the lane had not begun the work is never run.
            #expect(endings.withLock { $0 } == ["notBegun"])
            return
        }
        hasBegun.wait()
        #expect(lanes.usage.busy == 1 && late.withLock { $0 }.isEmpty)
        // The lane is taken, one may wait, the next is refused.
        guard case .notBegun = limiter.run(until: past, { 1 }) else {
            Issue.record("no lane was free")
            return
        }
        guard case .refused = limiter.run(until: past, { 2 }) else {
            Issue.record("the queue was full")
            return
        }
        gate.signal()
        handled.wait()
        #expect(late.withLock { $0 } == ["late"])
        #expect(lanes.waitUntilIdle(until: soon))
        let usage = limiter.usage
        #expect(usage.timeouts == 1 && usage.lateResults == 1 && usage.notBegun == 1)
        #expect(usage.lanes.refusals == 1)
    }

    @Test("never begins work whose caller has gone") func skipsAbandoned() {
        let gate = DispatchSemaphore(value: 0)
        let hasRun = Atomic(false)
        _ = lanes.submit { gate.wait() }
        let ending = limiter.run(until: past) { hasRun.store(true, ordering: .relaxed) }
        guard case .notBegun = ending else {
            Issue.record("the lane was taken")
            return
        }
        gate.signal()
        #expect(lanes.waitUntilIdle(until: soon))
        let ran = hasRun.load(ordering: .relaxed)
        #expect(!ran)
    }
}

import Dispatch
import OrderServiceTesting
import Synchronization
import Testing

@testable import Resilience

@Suite("Lane group") struct LaneGroupTests {
    @Test("runs as much at once as it has lanes, queues up to its limit, and refuses the rest")
    func isBounded() async throws {
        try await onOwnThread {
            let group = LaneGroup(name: "test", lanes: 3, queueLimit: 2)
            let gate = DispatchSemaphore(value: 0)
            let started = DispatchSemaphore(value: 0)
            let done = Atomic(0)
            let work: LaneGroup.Work = {
                started.signal()
                gate.wait()
                done.add(1, ordering: .relaxed)
            }
            for _ in 0..<5 { #expect(group.submit(work)) }
            for _ in 0..<3 { started.wait() }
            #expect(!group.submit(work))
            #expect(!group.submit(work))
            #expect(group.usage == .init(lanes: 3, busy: 3, queued: 2, refusals: 2))
            #expect(!group.waitUntilIdle(until: .after(.milliseconds(5))))
            for _ in 0..<5 { gate.signal() }
            #expect(group.waitUntilIdle(until: .after(.seconds(30))))
            #expect(done.load(ordering: .relaxed) == 5)
            #expect(group.usage == .init(lanes: 3, busy: 0, queued: 0, refusals: 2))
            #expect(group.submit {})
            #expect(group.waitUntilIdle(until: .after(.seconds(30))))
        }
    }

    @Test("refuses at once without a queue")
    func withoutQueue() async throws {
        try await onOwnThread {
            let group = LaneGroup(name: "test", lanes: 1, queueLimit: 0)
            let gate = DispatchSemaphore(value: 0)
            #expect(group.submit { gate.wait() })
            #expect(!group.submit {})
            gate.signal()
            #expect(group.waitUntilIdle(until: .after(.seconds(30))))
        }
    }

    @Test("takes queued work in its order")
    func keepsOrder() async throws {
        try await onOwnThread {
            let group = LaneGroup(name: "test", lanes: 1, queueLimit: 1_000)
            let gate = DispatchSemaphore(value: 0)
            let order = Mutex<[Int]>([])
            #expect(group.submit { gate.wait() })
            for number in 0..<1_000 {
                #expect(group.submit { order.withLock { $0.append(number) } })
            }
            gate.signal()
            #expect(group.waitUntilIdle(until: .after(.seconds(30))))
            #expect(order.withLock { $0 } == Array(0..<1_000))
        }
    }

    @Test("loses nothing and runs nothing twice with eight producers")
    func losesNothing() async throws {
        try await onOwnThread {
            let group = LaneGroup(name: "test", lanes: 4, queueLimit: 64)
            let runs = Mutex<[Int: Int]>([:])
            let producers = (0..<8).map { producer in
                Companion {
                    (0..<1_500).reduce(into: [Int]()) { accepted, number in
                        let id = producer * 10_000 + number
                        if group.submit({ runs.withLock { $0[id, default: 0] += 1 } }) {
                            accepted.append(id)
                        }
                    }
                }
            }
            let accepted = try producers.flatMap { try $0.join() }
            #expect(group.waitUntilIdle(until: .after(.seconds(30))))
            let counts = runs.withLock { $0 }
            #expect(Set(counts.keys) == Set(accepted))
            #expect(counts.values.allSatisfy { $0 == 1 })
            #expect(group.usage.refusals == 8 * 1_500 - accepted.count)
            #expect(group.usage.busy == 0 && group.usage.queued == 0)
        }
    }
}

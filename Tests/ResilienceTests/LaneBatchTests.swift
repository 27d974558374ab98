import Dispatch
import OrderServiceTesting
import Synchronization
import Testing

@testable import Resilience

@Suite("Batches of lanes") struct LaneBatchTests {
    private static func turns(_ count: Int) -> Turns {
        Turns(count: count, patience: .seconds(60), longestHold: .seconds(60))
    }

    @Test(
        "have together what came while all lanes were busy, in its order, and no more than allowed"
    )
    func together() async throws {
        try await onOwnThread {
            let lanes = LaneGroup(name: "test", lanes: 1, queueLimit: 10)
            let batch = LaneBatch<Int>(on: lanes, Self.turns(3), most: 4)
            let gate = DispatchSemaphore(value: 0)
            let seen = Mutex<[[Int]]>([])
            #expect(lanes.submit { gate.wait() })
            for number in 0..<10 {
                #expect(batch.submit(number) { items in seen.withLock { $0.append(items) } })
            }
            // As many turns as are needed.
            #expect(lanes.usage.queued == 3)
            gate.signal()
            #expect(lanes.waitUntilIdle(until: .after(.seconds(30))))
            #expect(seen.withLock { $0 } == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
            // Who comes alone does not wait for others.
            #expect(batch.submit(10) { items in seen.withLock { $0.append(items) } })
            #expect(lanes.waitUntilIdle(until: .after(.seconds(30))))
            #expect(seen.withLock(\.last) == [10])
        }
    }

    @Test("refuse where there is no turn to be had, and keep what they have accepted")
    func refusal() async throws {
        try await onOwnThread {
            let lanes = LaneGroup(name: "test", lanes: 1, queueLimit: 1)
            let batch = LaneBatch<Int>(on: lanes, Self.turns(3), most: 2)
            let gate = DispatchSemaphore(value: 0)
            let seen = Mutex<[[Int]]>([])
            #expect(lanes.submit { gate.wait() })
            let accepted = (0..<5).filter { number in
                batch.submit(number) { items in seen.withLock { $0.append(items) } }
            }
            #expect(accepted == [0, 1] && lanes.usage.refusals == 3)
            gate.signal()
            #expect(lanes.waitUntilIdle(until: .after(.seconds(30))))
            #expect(seen.withLock { $0 } == [[0, 1]])
            #expect(batch.submit(5) { items in seen.withLock { $0.append(items) } })
            #expect(lanes.waitUntilIdle(until: .after(.seconds(30))))
            #expect(seen.withLock(\.last) == [5])
        }
    }

    @Test("take up what came until they have a turn")
    func turns() async throws {
        try await onOwnThread {
            let lanes = LaneGroup(name: "test", lanes: 4, queueLimit: 10)
            let turns = Self.turns(1)
            let batch = LaneBatch<Int>(on: lanes, turns, most: 4)
            let gate = DispatchSemaphore(value: 0)
            let isWorking = DispatchSemaphore(value: 0)
            let seen = Mutex<[[Int]]>([])
            let work: @Sendable ([Int]) -> Void = { items in
                isWorking.signal()
                gate.wait()
                seen.withLock { $0.append(items) }
            }
            #expect(batch.submit(0, work))
            isWorking.wait()
            for number in 1..<8 { #expect(batch.submit(number, work)) }
            for _ in 0..<3 { gate.signal() }
            #expect(lanes.waitUntilIdle(until: .after(.seconds(30))))
            #expect(seen.withLock { $0 } == [[0], [1, 2, 3, 4], [5, 6, 7]])
        }
    }

    @Test("have no more waiting than might wait for the lanes")
    func isBounded() async throws {
        try await onOwnThread {
            let lanes = LaneGroup(name: "test", lanes: 1, queueLimit: 7)
            let batch = LaneBatch<Int>(on: lanes, Self.turns(3), most: 4)
            let gate = DispatchSemaphore(value: 0)
            let seen = Mutex<[[Int]]>([])
            #expect(lanes.submit { gate.wait() })
            let accepted = (0..<20).filter { number in
                batch.submit(number) { items in seen.withLock { $0.append(items) } }
            }
            #expect(accepted == Array(0..<7) && lanes.usage.refusals == 13)
            gate.signal()
            #expect(lanes.waitUntilIdle(until: .after(.seconds(30))))
            #expect(seen.withLock { $0 } == [[0, 1, 2, 3], [4, 5, 6]])
        }
    }

    @Test("lose nothing and do nothing twice with eight producers")
    func losesNothing() async throws {
        try await onOwnThread {
            let lanes = LaneGroup(name: "test", lanes: 3, queueLimit: 4)
            let batch = LaneBatch<Int>(on: lanes, Self.turns(3), most: 5)
            let seen = Mutex<[[Int]]>([])
            let producers = (0..<8).map { producer in
                Companion {
                    (0..<1_500).map { producer * 10_000 + $0 }.filter { number in
                        batch.submit(number) { items in seen.withLock { $0.append(items) } }
                    }
                }
            }
            let accepted = try producers.flatMap { try $0.join() }
            #expect(lanes.waitUntilIdle(until: .after(.seconds(30))))
            let batches = seen.withLock { $0 }
            #expect(batches.allSatisfy { (1...5).contains($0.count) })
            #expect(batches.flatMap(\.self).sorted() == accepted.sorted())
        }
    }
}

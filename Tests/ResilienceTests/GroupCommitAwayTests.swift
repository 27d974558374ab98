import Dispatch
import OrderServiceTesting
import Resilience
import Synchronization
import Testing

@Suite("Group commit to a store that is away") struct GroupCommitAwayTests {
    @Sendable private static func isOfAll(_: any Error) -> Bool { true }

    @Test("has nobody wait for a store of which the write before has found that it is away")
    func away() async throws {
        let writes = Writes()
        let commit = GroupCommit<Int>(
            name: "test",
            limit: 2,
            queueLimit: 8,
            failsAll: Self.isOfAll
        ) { items, _ in
            writes.note(items)
            if writes.all.count == 1 { throw Refused(items: items) }
        }
        let told = Mutex<[Int: String]>([:])
        try await onOwnThread {
            @Sendable func enqueue(_ number: Int) throws {
                try commit.enqueue(number, until: .after(.seconds(20))) { outcome in
                    told.withLock { $0[number] = name(outcome) }
                }
            }
            try enqueue(0)
            writes.waitUntilBegun()
            for number in 1...4 { try enqueue(number) }
            let patient = Companion { try commit.submit(5, until: .after(.seconds(20))) }
            let areWaiting = eventually { commit.usage.waiting == 5 }
            #expect(areWaiting)
            writes.open()
            #expect(throws: Refused(items: [0])) { try patient.join() }
            let areTold = eventually { told.withLock { $0.count == 5 } }
            #expect(areTold)
            // It is asked again by who comes later.
            let isBack = eventually { (try? commit.submit(6, until: .after(.seconds(20)))) != nil }
            #expect(isBack)
        }
        #expect(writes.all == [[0], [6]])
        #expect(told.withLock { $0.values.allSatisfy { $0 == "failed" } })
        let usage = commit.usage
        #expect(usage.waiting == 0 && usage.items == 1 && usage.writes == 1)
    }

    @Test("tries a store that is away by one item at a time, and refuses the others at once")
    func trial() async throws {
        let (begun, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let written = Mutex<[Int]>([])
        let commit = GroupCommit<Int>(
            name: "test",
            limit: 2,
            queueLimit: 8,
            failsAll: Self.isOfAll
        ) { items, _ in
            begun.signal()
            gate.wait()
            guard items.contains(9) else { throw Refused(items: items) }
            written.withLock { $0 += items }
        }
        @Sendable func isRefused(_ body: () throws -> Void) -> Bool {
            do {
                try body()
                return false
            } catch GroupCommit<Int>.Refused.away(let error) {
                return error as? Refused == Refused(items: [0])
            } catch {
                return false
            }
        }
        try await onOwnThread {
            func trial(_ item: Int) -> Companion<Void> {
                let trial = Companion { try commit.submit(item, until: .after(.seconds(20))) }
                begun.wait()
                return trial
            }
            let first = trial(0)
            gate.signal()
            #expect(throws: Refused(items: [0])) { try first.join() }
            // Who comes before the writer has ended its round is refused as well.
            let second = Companion {
                while true {
                    do {
                        return try commit.submit(9, until: .after(.seconds(20)))
                    } catch GroupCommit<Int>.Refused.away {
                        continue
                    }
                }
            }
            begun.wait()
            for _ in 0..<3 {
                #expect(isRefused { try commit.submit(1, until: .after(.seconds(20))) })
                #expect(isRefused { try commit.enqueue(2, until: .after(.seconds(20))) { _ in } })
            }
            gate.signal()
            try second.join()
            // It has come through: others wait again.
            let third = trial(9)
            let fourth = Companion { try commit.submit(9, until: .after(.seconds(20))) }
            let isWaiting = eventually { commit.usage.waiting == 1 }
            #expect(isWaiting)
            gate.signal()
            gate.signal()
            try third.join()
            try fourth.join()
        }
        #expect(written.withLock { $0 } == [9, 9, 9])
    }

    @Test("refuses nobody for what was long ago") func memory() async throws {
        let writes = Writes()
        let isAway = Mutex(true)
        let commit = GroupCommit<Int>(
            name: "test",
            limit: 2,
            queueLimit: 8,
            failsAll: Self.isOfAll,
            awayFor: .zero
        ) { items, _ in
            if isAway.withLock({ $0 }) { throw Refused(items: items) }
            writes.note(items)
        }
        try await onOwnThread {
            #expect(throws: Refused(items: [7])) {
                try commit.submit(7, until: .after(.seconds(20)))
            }
            isAway.withLock { $0 = false }
            let results = submit(1...1, to: commit, writes)
            #expect(results.allSatisfy { (try? $0.get()) != nil })
        }
        #expect(writes.all == [[0], [1]])
    }
}

import Dispatch
import OrderServiceTesting
import Resilience
import Synchronization
import Testing

@Suite("Group commit") struct GroupCommitTests {
    @Test("writes at once and alone what nobody else is writing") func alone() async throws {
        let writes = Mutex<[[Int]]>([])
        let commit = GroupCommit<Int>(name: "test", limit: 8, queueLimit: 8) { items, _ in
            writes.withLock { $0.append(items) }
        }
        try await onOwnThread {
            for number in 1...3 { try commit.submit(number, until: .after(.seconds(20))) }
        }
        #expect(writes.withLock { $0 } == [[1], [2], [3]])
        let usage = commit.usage
        #expect(usage.waiting == 0 && usage.items == 3 && usage.writes == 3)
    }

    @Test("writes together what came meanwhile, as much as a group may hold")
    func together() async throws {
        let writes = Writes()
        let commit = GroupCommit<Int>(name: "test", limit: 8, queueLimit: 8) { items, _ in
            writes.note(items)
        }
        let results = try await onOwnThread { submit(1...20, to: commit, writes) }
        #expect(results.allSatisfy { (try? $0.get()) != nil })
        #expect(writes.all.map(\.count) == [1, 8, 8, 4])
        #expect(writes.all.flatMap { $0 }.sorted() == Array(0...20))
    }

    @Test("fails those alone that cannot be written") func fails() async throws {
        let writes = Writes()
        let commit = GroupCommit<Int>(name: "test", limit: 8, queueLimit: 8) { items, _ in
            writes.note(items)
            if items.contains(3) { throw Refused(items: items) }
        }
        let results = try await onOwnThread { submit(1...5, to: commit, writes) }
        for (number, result) in results.enumerated() {
            if number == 3 {
                #expect(throws: Refused(items: [3])) { try result.get() }
            } else {
                #expect(throws: Never.self) { try result.get() }
            }
        }
    }

    @Test("is waited for no longer than the deadline, and goes on with the others")
    func deadlines() async throws {
        let writes = Writes()
        let commit = GroupCommit<Int>(name: "test", limit: 8, queueLimit: 8) { items, _ in
            writes.note(items)
        }
        try await onOwnThread {
            let first = Companion { try commit.submit(0, until: .after(.seconds(20))) }
            writes.waitUntilBegun()
            #expect(throws: GroupCommit<Int>.TimedOut.self) {
                try commit.submit(1, until: .after(.milliseconds(5)))
            }
            let patient = Companion { try commit.submit(2, until: .after(.seconds(20))) }
            writes.open()
            try first.join()
            try patient.join()
        }
        #expect(writes.all.flatMap { $0 } == [0, 1, 2])
    }

    @Test("loses nothing and writes nothing twice, whoever comes when") func race() async throws {
        let written = Mutex<[Int]>([])
        let commit = GroupCommit<Int>(name: "test", limit: 5, queueLimit: 8) { items, _ in
            written.withLock { $0 += items }
        }
        try await onOwnThread {
            let companions = (0..<8).map { thread in
                Companion {
                    for number in 0..<500 {
                        let item = thread * 500 + number
                        try commit.submit(item, until: .after(.seconds(20)))
                        #expect(written.withLock { $0.contains(item) })
                    }
                }
            }
            for companion in companions { try companion.join() }
        }
        #expect(written.withLock { $0.sorted() } == Array(0..<4_000))
        #expect(commit.usage.waiting == 0)
    }

    @Test("tells those who do not wait what came of it, while it writes on") func callbacks()
        async throws
    {
        let writes = Writes()
        let told = Mutex<[Int: String]>([:])
        let commit = GroupCommit<Int>(name: "test", limit: 2, queueLimit: 8) { items, _ in
            writes.note(items)
            if items.contains(3) { throw Refused(items: items) }
        }
        try await onOwnThread {
            let isFree = DispatchSemaphore(value: 0)
            for number in 0...4 {
                try commit.enqueue(number, until: .after(.seconds(20))) { outcome in
                    // The first caller keeps the others waiting, and no write.
                    if number == 0 { isFree.wait() }
                    told.withLock { $0[number] = name(outcome) }
                }
                if number == 0 { writes.waitUntilBegun() }
            }
            writes.open()
            let areWritten = eventually { writes.all.count == 3 }
            #expect(areWritten && told.withLock { $0.isEmpty })
            isFree.signal()
            let areTold = eventually { told.withLock { $0.count == 5 } }
            #expect(areTold)
        }
        #expect(writes.all == [[0], [1, 2], [3, 4]])
        #expect(
            told.withLock { $0 } == [
                0: "written", 1: "written", 2: "written", 3: "groupFailed", 4: "groupFailed",
            ]
        )
    }

    @Test("says of who was alone that it failed, as he would be told once more") func aloneFails()
        async throws
    {
        let told = Mutex<[String]>([])
        let commit = GroupCommit<Int>(name: "test", limit: 2, queueLimit: 8) { items, _ in
            throw Refused(items: items)
        }
        try await onOwnThread {
            try commit.enqueue(1, until: .after(.seconds(20))) { outcome in
                told.withLock { $0.append(name(outcome)) }
            }
            let isTold = eventually { told.withLock { !$0.isEmpty } }
            #expect(isTold)
        }
        #expect(told.withLock { $0 } == ["failed"])
        #expect(commit.usage.items == 0)
    }

    @Test("takes no more than may wait, and calls nobody back for the rest") func fullness()
        async throws
    {
        let writes = Writes()
        let told = Mutex<[Int]>([])
        let commit = GroupCommit<Int>(name: "test", limit: 4, queueLimit: 2) { items, _ in
            writes.note(items)
        }
        @Sendable func enqueue(_ number: Int) -> Bool {
            do throws(GroupCommit<Int>.Refused) {
                try commit.enqueue(number, until: .after(.seconds(20))) { _ in
                    told.withLock { $0.append(number) }
                }
                return true
            } catch {
                guard case .full = error else {
                    Issue.record(error)
                    return true
                }
                return false
            }
        }
        try await onOwnThread {
            #expect(enqueue(0))
            writes.waitUntilBegun()
            #expect(enqueue(1) && enqueue(2) && !enqueue(3))
            // Who waits is no burden on the queue.
            let patient = Companion { try commit.submit(4, until: .after(.seconds(20))) }
            let isWaiting = eventually { commit.usage.waiting == 3 }
            #expect(isWaiting)
            writes.open()
            try patient.join()
            let areTold = eventually { told.withLock { $0.count == 3 } }
            #expect(areTold)
        }
        #expect(writes.all == [[0], [1, 2, 4]] && told.withLock { $0 } == [0, 1, 2])
    }
}

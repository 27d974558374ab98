import Glibc
import OrderServiceTesting
import Synchronization
import Testing

@testable import Resilience

@Suite("Turns") struct TurnsTests {
    private static let long = Deadline.after(.seconds(60))

    /// Threads that each wait for a turn and then say so; each starts once those before it wait.
    private func queue(
        _ turns: Turns,
        _ said: Words,
        _ works: [(word: String, begin: @Sendable () -> Turn)]
    ) -> [Companion<Void>] {
        let before = turns.usage.waiting
        return works.enumerated().map { number, work in
            let companion = Companion {
                let turn = work.begin()
                said.append(work.word)
                turn.end()
            }
            while turns.usage.waiting <= before + number { sched_yield() }
            return companion
        }
    }

    @Test("lets as many work at once as there are turns, in the order in which they came")
    func isBounded() async throws {
        try await onOwnThread {
            let turns = Turns(count: 2, patience: .seconds(60), longestHold: .seconds(60))
            let first = turns.begin(until: Self.long)
            let second = turns.begin(until: Self.long)
            let said = Words()
            let begin: @Sendable () -> Turn = { turns.begin(until: Self.long) }
            let waiters = queue(turns, said, ["a", "b", "c"].map { ($0, begin) })
            #expect(turns.usage == .init(working: 2, waiting: 3, impatient: 0))
            #expect(said.all == [])
            first.end()
            // A second time gives no further turn.
            first.end()
            for waiter in waiters { try waiter.join() }
            #expect(said.all == ["a", "b", "c"])
            #expect(turns.usage == .init(working: 1, waiting: 0, impatient: 0))
            second.end()
            #expect(turns.usage.working == 0)
        }
    }

    @Test("is for others while its owner waits for somebody, who comes back before new ones")
    func isGivenAway() async throws {
        try await onOwnThread {
            let turns = Turns(count: 1, patience: .seconds(60), longestHold: .seconds(60))
            let said = Words()
            let turn = turns.begin(until: Self.long)
            let answered = Atomic(false)
            let owner = Companion {
                turn.whileAway {
                    while !answered.load(ordering: .relaxed) { sched_yield() }
                }
                said.append("back")
                turn.end()
            }
            // Others work meanwhile.
            let other = turns.begin(until: Self.long)
            let waiters = queue(turns, said, [("new", { turns.begin(until: Self.long) })])
            answered.store(true, ordering: .relaxed)
            while turns.usage.waiting < 2 { sched_yield() }
            other.end()
            try owner.join()
            for waiter in waiters { try waiter.join() }
            #expect(said.all == ["back", "new"])
            #expect(turns.usage == .init(working: 0, waiting: 0, impatient: 0))
        }
    }

    @Test("goes to what has begun, then to what is urgent, then to the rest")
    func hasPrecedence() async throws {
        try await onOwnThread {
            let turns = Turns(count: 1, patience: .seconds(60), longestHold: .seconds(60))
            let said = Words()
            let isAway = Atomic(false)
            let isBack = Atomic(false)
            let away = Companion {
                turns.run(until: Self.long) {
                    Turn.whileAway {
                        isAway.store(true, ordering: .relaxed)
                        while !isBack.load(ordering: .relaxed) { sched_yield() }
                    }
                    said.append("begun")
                }
            }
            while !isAway.load(ordering: .relaxed) { sched_yield() }
            let held = turns.begin(until: Self.long)
            let waiters = queue(
                turns,
                said,
                [
                    ("ordinary", { turns.begin(until: Self.long) }),
                    ("urgent", { turns.begin(.urgent, until: Self.long) }),
                ]
            )
            isBack.store(true, ordering: .relaxed)
            while turns.usage.waiting < 3 { sched_yield() }
            held.end()
            try away.join()
            for waiter in waiters { try waiter.join() }
            #expect(said.all == ["begun", "urgent", "ordinary"])
        }
    }

    @Test("is lent to others when it is held for long, and had again only once it is free")
    func isLent() async throws {
        try await onOwnThread {
            let turns = Turns(count: 1, patience: .seconds(60), longestHold: .milliseconds(5))
            let held = turns.begin(until: Self.long)
            // Nobody else needs it.
            #expect(held.isHeldNow && turns.usage.lent == 0)
            let other = turns.begin(until: Self.long)
            #expect(other.isHeldNow && !held.isHeldNow)
            #expect(turns.usage == .init(working: 1, waiting: 0, lent: 1, impatient: 0))
            // Its end gives nothing back.
            held.end()
            #expect(turns.usage.working == 1)
            other.end()
            #expect(turns.usage.working == 0)
        }
    }

    @Test("is lent in the order in which it was taken, however many wait")
    func isLentInOrder() async throws {
        try await onOwnThread {
            let seconds = Atomic<Int64>(0)
            let clock = MonotonicClock {
                MonotonicTime(nanoseconds: seconds.load(ordering: .relaxed) * 1_000_000_000)
            }
            let turns = Turns(
                count: 2,
                patience: .seconds(60),
                longestHold: .milliseconds(20),
                clock: clock
            )
            let first = turns.begin(until: Self.long)
            seconds.store(1, ordering: .relaxed)
            let second = turns.begin(until: Self.long)
            let third = turns.begin(until: Self.long)
            #expect(!first.isHeldNow && second.isHeldNow && third.isHeldNow)
            // Whose turn was lent waits like all others once it has been away.
            let isBack = Companion { first.whileAway { 7 } }
            while turns.usage.waiting == 0 { sched_yield() }
            third.end()
            let seven = try isBack.join()
            #expect(seven == 7)
            #expect(first.isHeldNow && turns.usage.lent == 1)
        }
    }

    @Test("belongs to the thread that works, and to no other that works for it")
    func belongsToThread() async throws {
        try await onOwnThread {
            let turns = Turns(count: 1, patience: .seconds(60), longestHold: .seconds(60))
            let working = Turn.whileAway { turns.usage.working }
            #expect(working == 0)
            let seen = try turns.run(until: Self.long) { () throws -> [Int] in
                let others = Companion { Turn.whileAway { turns.usage.working } }
                let other = try others.join()
                return [other, Turn.whileAway { turns.usage.working }, turns.usage.working]
            }
            #expect(seen == [1, 0, 1])
            #expect(turns.usage.working == 0)
            #expect(Turn.current == nil)
        }
    }

    @Test(
        "is waited for no longer than the patience or the deadline; then there is work without it"
    )
    func isPatient() async throws {
        try await onOwnThread {
            for (patience, deadline) in [
                (Duration.milliseconds(5), Self.long), (.seconds(60), .after(.milliseconds(5))),
            ] {
                let turns = Turns(count: 1, patience: patience, longestHold: .seconds(60))
                let held = turns.begin(until: Self.long)
                let without = turns.begin(until: deadline)
                #expect(turns.usage == .init(working: 1, waiting: 0, impatient: 1))
                // Nothing is given back that was not held.
                without.end()
                #expect(turns.usage.working == 1)
                // Nor is it waited for anew.
                let seven = without.whileAway { 7 }
                #expect(seven == 7)
                #expect(turns.usage == .init(working: 1, waiting: 0, impatient: 1))
                held.end()
                let eight = without.whileAway { 8 }
                #expect(eight == 8)
                #expect(turns.usage.working == 1)
                without.end()
                #expect(turns.usage.working == 0)
            }
        }
    }

    @Test("is had once by who waits within a wait, and from the inner one's end on")
    func nests() async throws {
        try await onOwnThread {
            let turns = Turns(count: 1, patience: .seconds(60), longestHold: .seconds(60))
            let turn = turns.begin(until: Self.long)
            turn.whileAway {
                #expect(turns.usage.working == 0)
                turn.whileAway { #expect(turns.usage.working == 0) }
                #expect(turn.isHeldNow && turns.usage.working == 1)
            }
            #expect(turn.isHeldNow && turns.usage == .init(working: 1, waiting: 0, impatient: 0))
            turn.end()
            #expect(turns.usage.working == 0)
        }
    }

    @Test("loses no turn and makes none, whoever comes, waits, goes away and gives up")
    func keepsCount() async throws {
        try await onOwnThread {
            let turns = Turns(
                count: 3,
                patience: .microseconds(200),
                longestHold: .seconds(60)
            )
            let working = Atomic(0)
            let threads = (0..<8).map { seed in
                Companion { () -> Int in
                    var generator = SplitMix64(seed: UInt64(seed))
                    var most = 0
                    for _ in 0..<2_000 {
                        let turn = turns.begin(until: .after(.seconds(20)))
                        if generator.next() % 3 == 0 { _ = turn.whileAway { sched_yield() } }
                        if generator.next() % 5 == 0 {
                            _ = turn.whileAway { turn.whileAway { sched_yield() } }
                        }
                        if turn.isHeldNow {
                            let now = working.add(1, ordering: .relaxed).newValue
                            most = max(most, now)
                            if generator.next() % 4 == 0 { sched_yield() }
                            working.subtract(1, ordering: .relaxed)
                        }
                        turn.end()
                    }
                    return most
                }
            }
            let most = try threads.map { try $0.join() }.max() ?? 0
            #expect((1...3).contains(most))
            #expect(turns.usage.working == 0 && turns.usage.waiting == 0)
        }
    }
}

private final class Words: Sendable {
    private let words = Mutex<[String]>([])

    var all: [String] { words.withLock { $0 } }

    func append(_ word: String) {
        words.withLock { $0.append(word) }
    }
}

import Glibc
import OrderServiceTesting
import Synchronization
import Testing

@testable import Resilience

@Suite("Pool") struct PoolTests {
    private static let long = Deadline.after(.seconds(60))

    @Test("lends as many slots as it has and refuses one more")
    func isBounded() async throws {
        try await onOwnThread {
            let pool = Pool<Int>(size: 2, maximumWait: .milliseconds(20))
            let first = try pool.borrow(until: Self.long)
            let second = try pool.borrow(until: Self.long)
            #expect(first !== second)
            #expect(pool.usage == .init(size: 2, lent: 2, waiting: 0, exhaustions: 0))
            #expect(throws: Pool<Int>.Exhausted()) { try pool.borrow(until: Self.long) }
            #expect(pool.usage == .init(size: 2, lent: 2, waiting: 0, exhaustions: 1))
            pool.giveBack(first)
            #expect(try pool.borrow(until: Self.long) === first)
            pool.giveBack(second)
        }
    }

    @Test("does not wait beyond the caller's deadline, however long it may wait itself")
    func keepsDeadline() async throws {
        try await onOwnThread {
            let pool = Pool<Int>(size: 1, maximumWait: .seconds(3_600))
            let slot = try pool.borrow(until: Self.long)
            #expect(throws: Pool<Int>.Exhausted()) { try pool.borrow(until: .after(.zero)) }
            #expect(throws: Pool<Int>.Exhausted()) {
                try pool.borrow(until: .after(.milliseconds(5)))
            }
            pool.giveBack(slot)
            #expect(pool.usage.lent == 0 && pool.usage.waiting == 0)
        }
    }

    @Test("serves those who wait in the order in which they came")
    func isFair() async throws {
        try await onOwnThread {
            let pool = Pool<Int>(size: 1, maximumWait: .seconds(60))
            let served = Mutex<[Int]>([])
            let slot = try pool.borrow(until: Self.long)
            var waiters: [Companion<Void>] = []
            for number in 0..<6 {
                waiters.append(
                    Companion {
                        try pool.withSlot(until: Self.long) { _ in
                            served.withLock { $0.append(number) }
                        }
                    }
                )
                // The next one starts once this one waits.
                while pool.usage.waiting <= number { sched_yield() }
            }
            pool.giveBack(slot)
            for waiter in waiters { try waiter.join() }
            #expect(served.withLock { $0 } == Array(0..<6))
        }
    }

    @Test("keeps what a slot holds, lends the last given back first, and empties idle slots")
    func keepsResources() async throws {
        try await onOwnThread {
            let pool = Pool<Int>(size: 2, maximumWait: .seconds(1))
            let first = try pool.borrow(until: Self.long)
            let second = try pool.borrow(until: Self.long)
            #expect(first.resource == nil)
            first.resource = 1
            second.resource = 2
            pool.giveBack(second)
            pool.giveBack(first)
            try pool.withSlot(until: Self.long) { #expect($0.resource == 1) }
            let lent = try pool.borrow(until: Self.long)
            pool.drain()
            #expect(lent.resource == 1)
            try pool.withSlot(until: Self.long) { #expect($0.resource == nil) }
            #expect(pool.usage.lent == 1)
            pool.giveBack(lent)
        }
    }

    @Test("gives the slot back when the body throws")
    func survivesErrors() async throws {
        struct Failure: Error {}
        try await onOwnThread {
            let pool = Pool<Int>(size: 1, maximumWait: .seconds(1))
            #expect(throws: Failure.self) {
                try pool.withSlot(until: Self.long) { _ in throw Failure() }
            }
            #expect(pool.usage.lent == 0)
        }
    }

    @Test("never lends a slot twice and loses none when many threads wait with short patience")
    func handOverRace() async throws {
        try await onOwnThread {
            let pool = Pool<Int>(size: 3, maximumWait: .microseconds(200))
            let inUse = Mutex<[ObjectIdentifier: Int]>([:])
            let doubles = Atomic(0)
            let successes = Atomic(0)
            let refusals = Atomic(0)
            let threads = (0..<16).map { _ in
                Companion {
                    for _ in 0..<400 {
                        do {
                            try pool.withSlot(until: Self.long) { slot in
                                let holders = inUse.withLock { holders in
                                    holders[ObjectIdentifier(slot), default: 0] += 1
                                    return holders[ObjectIdentifier(slot)] ?? 0
                                }
                                if holders != 1 { doubles.add(1, ordering: .relaxed) }
                                sched_yield()
                                inUse.withLock { $0[ObjectIdentifier(slot), default: 0] -= 1 }
                            }
                            successes.add(1, ordering: .relaxed)
                        } catch {
                            refusals.add(1, ordering: .relaxed)
                        }
                    }
                }
            }
            for thread in threads { try thread.join() }
            #expect(doubles.load(ordering: .relaxed) == 0)
            #expect(inUse.withLock { $0.count } <= 3)
            let usage = pool.usage
            #expect(usage.lent == 0 && usage.waiting == 0)
            #expect(usage.exhaustions == refusals.load(ordering: .relaxed))
            #expect(successes.load(ordering: .relaxed) + usage.exhaustions == 16 * 400)
            // All three are still there.
            let slots = try (0..<3).map { _ in try pool.borrow(until: Self.long) }
            #expect(Set(slots.map { ObjectIdentifier($0) }).count == 3)
            for slot in slots { pool.giveBack(slot) }
        }
    }
}

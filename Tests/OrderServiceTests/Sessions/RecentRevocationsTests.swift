import Resilience
import Signing
import Testing

@testable import OrderService

@Suite("Recent revocations") struct RecentRevocationsTests {
    private static func hash(_ number: Int) -> Digest { SHA256.digest(Array("\(number)".utf8)) }

    @Test("list what was added, and nothing else")
    func lists() {
        let recent = RecentRevocations()
        #expect(!recent.lists(Self.hash(0)))
        recent.add((0..<1_000).map(Self.hash))
        #expect((0..<1_000).allSatisfy { recent.lists(Self.hash($0)) })
        #expect(!(1_000..<20_000).contains { recent.lists(Self.hash($0)) })
        #expect(recent.count == 1_000)
    }

    @Test("forget each after the window, however often it is seen meanwhile")
    func forgets() {
        let recent = RecentRevocations()
        let start = ContinuousClock.now
        recent.add([Self.hash(1)], at: start)
        recent.add([Self.hash(1), Self.hash(2)], at: start + .seconds(60))
        recent.add([], at: start + RecentRevocations.window - .nanoseconds(1))
        #expect(recent.lists(Self.hash(1)))
        recent.add([], at: start + RecentRevocations.window)
        #expect(!recent.lists(Self.hash(1)))
        #expect(recent.lists(Self.hash(2)))
        recent.add([], at: start + .seconds(60) + RecentRevocations.window)
        #expect(!recent.lists(Self.hash(2)) && recent.count == 0)
    }

    @Test("outlast every copy that a reader of the old state may still store")
    func window() {
        let lease = Duration.seconds(10)
        for kind in [CacheName.session, .guestToken] {
            #expect(kind.timeToLive + lease < RecentRevocations.window)
        }
    }

    @Test("list everything while there are too many, and not any more after them")
    func overfull() {
        let recent = RecentRevocations()
        let start = ContinuousClock.now
        recent.add((0...RecentRevocations.capacity).map(Self.hash), at: start)
        #expect((100_000..<101_000).allSatisfy { recent.lists(Self.hash($0)) })
        recent.add([], at: start + RecentRevocations.window)
        #expect(!(100_000..<101_000).contains { recent.lists(Self.hash($0)) })
    }

    @Test("keep each listed while others come and go on another thread")
    func concurrently() async {
        let recent = RecentRevocations()
        recent.add([Self.hash(-1)], at: .now + .seconds(3_600))
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for round in 0..<200 {
                    let time = ContinuousClock.now + .seconds(300 * round)
                    recent.add([Self.hash(round)], at: min(time, .now + .seconds(3_600)))
                }
                return true
            }
            group.addTask { (0..<20_000).allSatisfy { _ in recent.lists(Self.hash(-1)) } }
            for await isAlwaysThere in group { #expect(isAlwaysThere) }
        }
    }
}

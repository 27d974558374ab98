import Glibc
import OrderServiceTesting
import Redis
import Resilience
import Synchronization
import Testing

@testable import OrderService

@Suite(
    "What Redis is told later of rate limits",
    .serialized,
    .enabled(if: PrivateRedis.isAvailable)
)
struct RateLimiterTellingTests: LimiterSuite {
    let fixture: LimiterFixture

    init() throws {
        fixture = try LimiterFixture()
    }

    private static func limit(_ key: String, _ count: Int = 5) -> RateLimit {
        RateLimit(name: "n", key: key, count: count, window: .seconds(3_600))
    }

    private func counts(_ member: String, in limit: RateLimit) throws -> Bool {
        let score = Command("ZSCORE", limit.key, member)
        return try client.send(score, until: .after(.seconds(20))) != .null
    }

    @Test("tells Redis later what happened without it, and when") func tellsLater() throws {
        let seconds = Atomic<Int64>(1_000)
        let clock = MonotonicClock {
            MonotonicTime(nanoseconds: seconds.load(ordering: .relaxed) * 1_000_000_000)
        }
        let limiter = RateLimiter(redis: client, processes: 1, clock: clock)
        server.stop()
        for number in 1...5 {
            #expect(limiter.reserve("a\(number)", in: limits, until: soon).isAdmitted)
        }
        seconds.store(1_600, ordering: .relaxed)
        limiter.succeed("a5", in: limits, until: soon)
        seconds.store(1_700, ordering: .relaxed)
        #expect(limiter.reserve("b", in: limits, until: soon).isAdmitted)
        seconds.store(1_900, ordering: .relaxed)
        #expect(limiter.tell(until: soon) == 0)
        try server.start()
        // Six attempts and a success, by customer and by address.
        #expect(limiter.tell(until: soon) == 7 + 7)
        #expect(limiter.tell(until: soon) == 0)
        let other = RateLimiter(redis: client, processes: 1)
        let standings = other.reserve("b", in: limits, until: soon).standings
        #expect(standings.map(\.used) == [1, 6, 5])
        // The hour began anew with the success; «b» came 200 s ago, the others 900 s.
        let resets = standings.map { $0.reset.components.seconds }
        #expect((3_395...3_400).contains(resets[0]))
        #expect((85_495...85_500).contains(resets[1]))
        #expect((2_695...2_700).contains(resets[2]))
    }

    @Test("counts no success against an address, whichever process tells of it first")
    func tellsOutOfOrder() throws {
        let worker = RateLimiter(redis: client, processes: 1)
        server.stop()
        for member in ["a", "b"] { #expect(reserve(member).source == .local) }
        worker.succeed("a", in: limits, until: soon)
        try server.start()
        #expect(worker.tell(until: soon) == 2)
        #expect(limiter.tell(until: soon) == 4)
        #expect(reserve("b").standings.map(\.used)[2] == 1)
    }

    @Test("lets no giving back overtake that an attempt counts") func givesBackInOrder()
        async throws
    {
        try await onOwnThread { [server, limiter] in
            let limits = (0..<400).map { Self.limit("back\($0)") }
            server.stop()
            for limit in limits {
                #expect(
                    limiter.reserve("m", in: [limit], until: .after(.seconds(20))).source == .local
                )
            }
            try server.start()
            let teller = Companion { limiter.tell(until: .after(.seconds(20))) }
            let givers = (0..<4).map { part in
                Companion {
                    for number in stride(from: part, to: limits.count, by: 4).reversed() {
                        limiter.cancel("m", in: [limits[number]], until: .after(.seconds(20)))
                    }
                }
            }
            for giver in givers { try giver.join() }
            _ = try teller.join()
            while limiter.tell(until: .after(.seconds(20))) > 0 {}
            let counted = try limits.count { try counts("m", in: $0) }
            #expect(counted == 0)
            #expect(limiter.backlog.keys == 0)
        }
    }

    @Test("admits who was refused in a silence as far as there is room, beside a telling")
    func admitsAfterSilence() async throws {
        let limiter = RateLimiter(
            redis: RedisClient(.patient(server, timeout: .milliseconds(5))),
            processes: 2
        )
        try await onOwnThread { [server] in
            for round in 0..<15 {
                let limit = Self.limit("after\(round)")
                let members = (0..<8).map { "m\($0)" }
                let reserve: @Sendable (String) -> Bool = { member in
                    limiter.reserve(member, in: [limit], until: .after(.seconds(20))).isAdmitted
                }
                server.pause()
                let asked = members.map { member in Companion { reserve(member) } }
                var admitted: [String] = []
                for (member, companion) in zip(members, asked) where try companion.join() {
                    admitted.append(member)
                }
                server.resume()
                let isOver = Atomic(false)
                let teller = Companion {
                    while !isOver.load(ordering: .relaxed) {
                        _ = limiter.tell(until: .after(.seconds(20)))
                    }
                }
                for member in members where !admitted.contains(member) && reserve(member) {
                    admitted.append(member)
                }
                isOver.store(true, ordering: .relaxed)
                try teller.join()
                // Neither too many nor, since nothing but these was asked, too few.
                #expect(admitted.count == 5, "round \(round)")
                let counted = try members.filter { try counts($0, in: limit) }
                #expect(Set(counted) == Set(admitted), "round \(round)")
            }
        }
    }

    @Test("tells the rest where Redis refuses one") func tellsRest() throws {
        let limits = (0..<10).map { Self.limit("rest\($0)") }
        server.stop()
        for limit in limits { _ = limiter.reserve("m", in: [limit], until: soon) }
        try server.start()
        _ = try client.send(Command("SET", "rest3", "no log"), until: soon)
        #expect(limiter.tell(until: soon) == 9)
        #expect(limiter.backlog.keys == 1)
        #expect(try limits.count { try $0.key != "rest3" && counts("m", in: $0) } == 9)
        _ = try client.send(Command("DEL", "rest3"), until: soon)
        #expect(limiter.tell(until: soon) == 1)
        #expect(try counts("m", in: limits[3]))
    }

    @Test("tells in its order a Redis that has forgotten some of the scripts")
    func tellsForgetful() throws {
        let limit = Self.limit("forgetful", 1)
        server.stop()
        #expect(limiter.reserve("a", in: [limit], until: soon).isAdmitted)
        limiter.cancel("a", in: [limit], until: soon)
        try server.start()
        // One of the two that are to be told is known again, the later one.
        _ = try client.send(
            Command("SCRIPT", "LOAD", SlidingLogScripts.cancel.source),
            until: soon
        )
        while limiter.tell(until: soon) > 0 {}
        #expect(limiter.backlog.keys == 0)
        #expect(try !counts("a", in: limit))
    }

    @Test("gives back unheard what this process has counted, and not what another one relies on")
    func givesBackOwn() async throws {
        let limits = [
            Self.limit("own", 3), RateLimit(name: "a", key: "own2", count: 3, window: .seconds(60)),
        ]
        let other = RateLimiter(redis: client, processes: 2)
        let late = RateLimiter(
            redis: RedisClient(.patient(server, timeout: .milliseconds(20))),
            processes: 2
        )
        try await onOwnThread { [server] in
            func reserve(_ limiter: RateLimiter, _ member: String) -> RateLimitDecision {
                limiter.reserve(member, in: limits, until: .after(.seconds(20)))
            }
            #expect(reserve(other, "theirs").isAdmitted)
            // The share of the other one is full.
            #expect(reserve(late, "full").isAdmitted && reserve(late, "fuller").isAdmitted)
            _ = other.cancel("fuller", in: limits, until: .after(.seconds(20)))
            server.pause()
            for member in ["theirs", "own"] {
                let refused = reserve(late, member)
                #expect(!refused.isAdmitted && refused.source == .local)
            }
            server.resume()
            #expect(
                eventually {
                    _ = late.tell(until: .after(.seconds(20)))
                    return late.backlog.keys == 0
                }
            )
            for limit in limits {
                let isKept = try counts("theirs", in: limit)
                let isLeft = try counts("own", in: limit)
                #expect(isKept && !isLeft)
            }
        }
    }
}

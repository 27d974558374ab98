import Glibc
import OrderServiceTesting
import Redis
import Resilience
import Synchronization
import Testing
import Web

@testable import OrderService

@Suite("Rate limits in Redis", .serialized, .enabled(if: PrivateRedis.isAvailable))
struct RateLimiterTests {
    private let server: PrivateRedis
    private let client: RedisClient
    private let limiter: RateLimiter

    init() throws {
        server = try PrivateRedis()
        client = RedisClient(.test(server))
        limiter = RateLimiter(redis: client, processes: 2)
    }

    private var soon: Deadline { .after(.seconds(20)) }
    private let limits = PaymentLimits().limits(of: .sample("1"))

    private func reserve(_ member: String) -> RateLimitDecision {
        limiter.reserve(member, in: limits, until: soon)
    }

    /// Moves an attempt of all logs back in time.
    private func age(_ member: String, by microseconds: Int64) throws {
        for key in Set(limits.map(\.key)) {
            _ = try client.send(Command("ZINCRBY", key, -microseconds, member), until: soon)
        }
    }

    @Test("admits five attempts within the hour and refuses the sixth") func refusesSixth() {
        for number in 1...5 {
            let decision = reserve("a\(number)")
            #expect(decision.isAdmitted)
            #expect(decision.standings.map(\.used) == [number, number, number])
            #expect(decision.tightest?.remaining == 5 - number)
        }
        let refused = reserve("a6")
        #expect(!refused.isAdmitted && refused.source == .redis)
        #expect(refused.standings.map(\.used) == [5, 5, 5])
        #expect(refused.retryAfter > .seconds(3_500) && refused.retryAfter <= .seconds(3_600))
        let names = refused.fields.map { "\($0.name)" }
        #expect(
            names == ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"]
        )
        #expect(refused.fields.prefix(2).map(\.value) == ["5", "0"])
        #expect(limiter.usage == RateLimiter.Usage(admitted: 5, refused: 1))
    }

    @Test("takes a repeat for the same attempt") func takesRepeats() {
        for _ in 1...20 { #expect(reserve("same").isAdmitted) }
        #expect(reserve("same").standings.map(\.used) == [1, 1, 1])
        for number in 1...4 { _ = reserve("other\(number)") }
        #expect(reserve("same").isAdmitted && reserve("same").isRepeat)
        #expect(!reserve("new").isAdmitted)
    }

    @Test("counts a refused attempt in no limit") func countsNoRefusal() {
        for number in 1...5 { _ = reserve("a\(number)") }
        for number in 1...30 { #expect(!reserve("refused\(number)").isAdmitted) }
        let address = [limits[2]]
        let decision = limiter.reserve("b", in: address, until: soon)
        #expect(decision.isAdmitted && decision.standings[0].used == 6)
    }

    @Test("admits in all limits or in none") func admitsInAllOrNone() {
        let elsewhere = PaymentLimits().limits(of: .sample("2"))
        let third = PaymentLimits().limits(of: .sample("3"))
        for number in 1...5 { _ = reserve("a\(number)") }
        for number in 1...5 {
            #expect(limiter.reserve("b\(number)", in: elsewhere, until: soon).isAdmitted)
        }
        let refused = limiter.reserve("c", in: third, until: soon)
        #expect(!refused.isAdmitted)
        #expect(refused.standings.map(\.used) == [0, 0, 10])
    }

    @Test("waits for the limit that admits last") func waitsForLast() throws {
        for number in 1...4 { _ = reserve("a\(number)") }
        try age("a1", by: 1_800_000_000)
        _ = reserve("a5")
        let refused = reserve("a6")
        #expect(refused.retryAfter > .seconds(1_700) && refused.retryAfter <= .seconds(1_800))
        let day = RateLimit(name: "day", key: limits[0].key, count: 5, window: .seconds(86_400))
        let longer = limiter.reserve("a6", in: [limits[0], day], until: soon)
        #expect(longer.retryAfter > .seconds(84_000))
    }

    @Test("admits again when the oldest attempt has left the window") func admitsAgain() throws {
        for number in 1...5 { _ = reserve("a\(number)") }
        try age("a1", by: 3_601_000_000)
        let decision = reserve("a6")
        #expect(decision.isAdmitted)
        #expect(decision.standings.map(\.used) == [5, 6, 5])
        #expect(!reserve("a7").isAdmitted)
    }

    @Test("gives a cancelled attempt back") func givesBack() {
        for number in 1...5 { _ = reserve("a\(number)") }
        #expect(limiter.cancel("a3", in: limits, until: soon).isRepeat)
        #expect(!limiter.cancel("a3", in: limits, until: soon).isRepeat)
        #expect(reserve("a6").isAdmitted)
        #expect(!reserve("a7").isAdmitted)
    }

    @Test("counts what has happened beyond the limit") func countsDeclines() throws {
        for number in 1...5 { _ = reserve("a\(number)") }
        let declined = limiter.commit("charge", in: limits, until: soon)
        #expect(declined.isAdmitted && declined.isExceeded)
        #expect(limiter.commit("charge", in: limits, until: soon).isRepeat)
        #expect(declined.standings[0].used == 6)
        try age("a1", by: 1_800_000_000)
        try age("a2", by: 900_000_000)
        // Two have to leave before one may come.
        let refused = reserve("a6")
        #expect(refused.retryAfter > .seconds(2_600) && refused.retryAfter <= .seconds(2_700))
    }

    @Test("begins the hour anew after a success, not the day") func startsAnew() {
        for number in 1...5 { _ = reserve("a\(number)") }
        let after = limiter.succeed("a5", in: limits, until: soon)
        #expect(after.standings.map(\.used) == [0, 5, 4])
        for number in 6...10 { #expect(reserve("a\(number)").isAdmitted) }
        // The same success told twice gives no more.
        _ = limiter.succeed("a5", in: limits, until: soon)
        let refused = reserve("a11")
        #expect(!refused.isAdmitted)
        #expect(refused.standings.map(\.used) == [5, 10, 9])
    }

    @Test("counts for a trial limit and refuses nobody") func triesOut() {
        let trial = RateLimit(
            name: "trial",
            key: "t",
            count: 1,
            window: .seconds(60),
            isEnforced: false
        )
        for number in 1...3 {
            let decision = limiter.reserve("a\(number)", in: [trial], until: soon)
            #expect(decision.isAdmitted && decision.retryAfter == .zero)
            #expect(decision.standings[0].used == number)
            #expect(decision.fields.isEmpty)
        }
    }

    @Test("lets exactly the limit through of a hundred at once, in any window")
    func holdsUnderRace() async throws {
        let limit = RateLimit(name: "race", key: "race", count: 20, window: .seconds(3_600))
        let companions = (0..<10).map { thread in
            Companion { [limiter] in
                (0..<10).filter { number in
                    limiter.reserve(
                        "m\(thread)-\(number)",
                        in: [limit],
                        until: .after(.seconds(20))
                    ).isAdmitted
                }.count
            }
        }
        let admitted = try companions.map { try $0.join() }.reduce(0, +)
        #expect(admitted == 20)
        #expect(limiter.usage.local == 0)
        let members = try client.send(Command("ZCARD", "race"), until: soon)
        #expect(members.integer == 20)
    }

    @Test("lets no rolling window have more than the limit") func holdsInRollingWindow() throws {
        // Real windows of 200 ms, attempts as fast as they go: what counts is the log's times.
        let limit = RateLimit(name: "w", key: "w", count: 5, window: .milliseconds(200))
        let keeper = RateLimit(
            name: "all",
            key: "w",
            count: 1_000_000,
            window: .seconds(3_600)
        )
        var admitted = 0
        var number = 0
        while admitted < 40 {
            number += 1
            if limiter.reserve("m\(number)", in: [limit, keeper], until: soon).isAdmitted {
                admitted += 1
            }
        }
        let entries = try client.send(
            Command("ZRANGE", "w", 0, -1, "WITHSCORES"),
            until: soon
        )
        let texts = try #require(entries.array).compactMap(\.string)
        let times = stride(from: 1, to: texts.count, by: 2).compactMap { Double(texts[$0]) }
        let worst = times.map { start in
            times.filter { $0 >= start && $0 < start + 200_000 }.count
        }.max()
        #expect(times.count == 40)
        #expect(worst == 5)
    }

    @Test("forgets its keys by itself") func expires() throws {
        _ = reserve("a")
        _ = limiter.succeed("a", in: limits, until: soon)
        for (key, longest) in [
            (limits[0].key, 86_400_000 as Int64), (limits[0].clearedKey, 3_600_000),
        ] {
            let left = try #require(
                try client.send(Command("PTTL", key), until: soon).integer
            )
            #expect(left > 0 && left <= longest)
        }
    }

    @Test("is stricter without Redis, and exact again with it") func survivesOutage() throws {
        server.stop()
        let admitted = (1...10).filter { reserve("a\($0)").isAdmitted }
        // Five for two processes, rounded up.
        #expect(admitted == [1, 2, 3])
        let refused = reserve("b")
        #expect(refused.source == .local && refused.tightest?.count == 3)
        #expect(limiter.usage.local == 11)
        try server.start()
        #expect(limiter.commit("a1", in: limits, until: soon).source == .redis)
        #expect(reserve("a1").isRepeat)
    }

    @Test("gives nobody a second set of attempts when Redis goes, nor when it comes back")
    func remembersOverOutage() throws {
        for number in 1...2 { #expect(reserve("a\(number)").source == .redis) }
        server.stop()
        // Of a share of three, two have been used; a repeat is still known.
        #expect(reserve("a2").isRepeat)
        #expect(reserve("b1").isAdmitted)
        #expect(!reserve("b2").isAdmitted)
        // It has lost what it held, and is told what it never knew before it decides.
        try server.start()
        let back = reserve("c")
        #expect(back.source == .redis && back.standings.map(\.used) == [2, 2, 2])
        #expect(reserve("b1").isRepeat)
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
        // Six attempts and a success by customer; by address, without the one that succeeded.
        #expect(limiter.tell(until: soon) == 7 + 6)
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

    @Test("waits for a Redis that is late, connecting anew, and not for one that is away")
    func waits() async throws {
        var configuration = RedisConfiguration.test(server, timeout: .milliseconds(200))
        configuration.connectTimeout = .milliseconds(200)
        let late = RedisClient(configuration)
        let limiter = RateLimiter(redis: late, processes: 1)
        #expect(limiter.reserve("a", in: limits, until: soon).source == .redis)
        try await onOwnThread { [server, limits] in
            server.pause()
            let question = Companion {
                limiter.reserve("b", in: limits, until: .after(.seconds(20))).source
            }
            // More than two tries' connections, of ten timeouts in all.
            usleep(900_000)
            server.resume()
            let source = try question.join()
            #expect(source == .redis)
        }
        server.stop()
        #expect(limiter.reserve("c", in: limits, until: soon).source == .local)
    }

    private static func limitOfRound(_ round: Int) -> RateLimit {
        RateLimit(name: "n", key: "round\(round)", count: 5, window: .seconds(3_600))
    }

    @Test("lets no more than the limit through while Redis falls silent again and again")
    func holdsOverSilence() async throws {
        let limiter = RateLimiter(
            redis: RedisClient(.test(server, timeout: .milliseconds(2))),
            processes: 1
        )
        let isOver = Atomic(false)
        try await onOwnThread { [server, client] in
            let silences = Companion {
                var turn: UInt32 = 0
                while !isOver.load(ordering: .relaxed) {
                    turn += 1
                    server.pause()
                    usleep(turn * 7_919 % 40_000)
                    server.resume()
                    usleep(turn * 3_571 % 10_000)
                }
            }
            var admitted: [[String]] = []
            for round in 0..<40 {
                let limit = Self.limitOfRound(round)
                let companions = (0..<8).map { thread in
                    Companion {
                        (0..<4).map { "m\(thread)-\($0)" }.filter { member in
                            limiter.reserve(member, in: [limit], until: .after(.seconds(20)))
                                .isAdmitted
                        }
                    }
                }
                admitted.append(try companions.flatMap { try $0.join() })
            }
            isOver.store(true, ordering: .relaxed)
            try silences.join()
            #expect(admitted.allSatisfy { 1...5 ~= $0.count }, "\(admitted.map(\.count))")
            for (round, admitted) in admitted.enumerated() {
                let limit = Self.limitOfRound(round)
                // Whatever was admitted here is counted there with the next question at the latest.
                let isAnswered = eventually {
                    limiter.reserve("last", in: [limit], until: .after(.seconds(20))).source
                        == .redis
                }
                #expect(isAnswered)
                // Nor is a second try of one that was refused a way in: Redis may have counted it.
                let retried = (0..<8).flatMap { thread in (0..<4).map { "m\(thread)-\($0)" } }
                    .filter { member in
                        limiter.reserve(member, in: [limit], until: .after(.seconds(20)))
                            .isAdmitted
                    }
                #expect(Set(retried).union(admitted).count <= 5)
                for member in admitted {
                    let score = Command("ZSCORE", limit.key, member)
                    #expect(try client.send(score, until: .after(.seconds(20))) != .null)
                }
            }
        }
        #expect(limiter.usage.local > 0)
    }

    @Test("asks Redis again whose answer is late, and counts the attempt once")
    func asksAgain() async throws {
        let late = RedisClient(.test(server, timeout: .seconds(1)))
        let limiter = RateLimiter(redis: late, processes: 2)
        _ = limiter.reserve("a", in: limits, until: soon)
        try await onOwnThread { [server, client, limits] in
            // Scripts and commands wait meanwhile, for more than one try and less than three.
            let pause = Command("CLIENT", "PAUSE", 1_500, "ALL")
            _ = try client.send(pause, until: .after(.seconds(20)))
            let decision = limiter.reserve("b", in: limits, until: .after(.seconds(20)))
            #expect(decision.isAdmitted && decision.source == .redis)
            // The first try is carried out after the pause, unheard: this attempt is new all the same.
            #expect(!decision.isRepeat)
            #expect(decision.standings.map(\.used) == [2, 2, 2])
            withExtendedLifetime(server) {}
        }
        #expect(limiter.usage.local == 0)
    }

    @Test("does not ask a Redis whose breaker is open") func obeysBreaker() throws {
        var configuration = CircuitBreakerConfiguration()
        configuration.minimumCalls = 2
        let breaker = try CircuitBreaker(name: "redis", configuration)
        let client = RedisClient(.test(server), breaker: breaker)
        let limiter = RateLimiter(redis: client, processes: 1)
        #expect(limiter.reserve("a", in: limits, until: soon).source == .redis)
        server.stop()
        for number in 1...3 {
            #expect(limiter.reserve("b\(number)", in: limits, until: soon).source == .local)
        }
        #expect(breaker.snapshot.state == .open)
        #expect(breaker.snapshot.totals.notPermitted == 2)
    }
}

extension RedisConfiguration {
    /// A configuration whose limits a busy machine does not reach.
    fileprivate static func test(
        _ server: PrivateRedis,
        timeout: Duration = .seconds(10)
    ) -> RedisConfiguration {
        RedisConfiguration(
            address: .unix(server.socketPath),
            connectTimeout: .seconds(10),
            operationTimeout: timeout,
            poolSize: 4,
            poolWait: .seconds(10)
        )
    }
}

import Glibc
import OrderServiceTesting
import Redis
import Resilience
import Synchronization
import Testing

@testable import OrderService

@Suite(
    "Rate limits while Redis is late or away",
    .serialized,
    .enabled(if: PrivateRedis.isAvailable)
)
struct RateLimiterSilenceTests: LimiterSuite {
    let fixture: LimiterFixture

    init() throws {
        fixture = try LimiterFixture()
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

    @Test("refuses without Redis whom Redis has just refused, whoever counted his attempts")
    func remembersRefusal() throws {
        for number in 1...5 { #expect(reserve("a\(number)").isAdmitted) }
        // Another process, or this one after a restart.
        let sibling = RateLimiter(redis: RedisClient(.patient(server)), processes: 1)
        func ask(_ member: String) -> RateLimitDecision {
            sibling.reserve(member, in: limits, until: soon)
        }
        #expect(!ask("b1").isAdmitted)
        server.stop()
        let refused = ask("b2")
        #expect(!refused.isAdmitted && refused.source == .local)
        #expect(refused.tightest?.remaining == 0 && refused.retryAfter > .seconds(3_590))
        // A success is known to start the hour anew.
        sibling.succeed("a5", in: limits, until: soon)
        #expect(ask("b3").isAdmitted)
    }

    @Test("admits without Redis what Redis had room for beside the attempts of others")
    func remembersOthers() throws {
        for number in 1...3 { #expect(reserve("a\(number)").isAdmitted) }
        let sibling = RateLimiter(redis: RedisClient(.patient(server)), processes: 1)
        func ask(_ member: String) -> RateLimitDecision {
            sibling.reserve(member, in: limits, until: soon)
        }
        #expect(ask("b1").source == .redis)
        // One of them is given back, which the next answer tells.
        limiter.cancel("a3", in: limits, until: soon)
        #expect(ask("b1").isRepeat)
        server.stop()
        #expect(ask("b2").isAdmitted && ask("b3").isAdmitted)
        #expect(!ask("b4").isAdmitted)
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

    @Test("waits for a Redis that is late, connecting anew, and not for one that is away")
    func waits() async throws {
        var configuration = RedisConfiguration.patient(server, timeout: .milliseconds(200))
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
            redis: RedisClient(.patient(server, timeout: .milliseconds(2))),
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
        let late = RedisClient(.patient(server, timeout: .seconds(1)))
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

    private static func limit(_ key: String, _ count: Int = 5) -> RateLimit {
        RateLimit(name: "n", key: key, count: count, window: .seconds(3_600))
    }

    private func counts(_ member: String, in limit: RateLimit) throws -> Bool {
        let score = Command("ZSCORE", limit.key, member)
        return try client.send(score, until: .after(.seconds(20))) != .null
    }

    @Test("admits a repeat that is heard late, and leaves what another process has counted")
    func hearsRepeatLate() async throws {
        let limit = Self.limit("repeat")
        let late = RateLimiter(
            redis: RedisClient(.patient(server, timeout: .milliseconds(200))),
            processes: 2
        )
        try await onOwnThread { [server, client, limiter] in
            for number in 0..<4 {
                _ = limiter.reserve("p\(number)", in: [limit], until: .after(.seconds(20)))
            }
            // Beyond the limit.
            for number in 0..<2 {
                _ = limiter.commit("d\(number)", in: [limit], until: .after(.seconds(20)))
            }
            _ = late.reserve("warm", in: [Self.limit("warm")], until: .after(.seconds(20)))
            let pause = Command("CLIENT", "PAUSE", 300, "ALL")
            _ = try client.send(pause, until: .after(.seconds(20)))
            let repeated = late.reserve("p0", in: [limit], until: .after(.seconds(20)))
            #expect(repeated.isAdmitted && repeated.isRepeat && repeated.source == .redis)
            #expect(try counts("p0", in: limit))
            withExtendedLifetime(server) {}
        }
    }

    @Test("waits for a late Redis with many questions at once, its breaker closed")
    func waitsWithMany() async throws {
        var configuration = RedisConfiguration.patient(server, timeout: .milliseconds(200))
        configuration.poolSize = 12
        let breaker = try CircuitBreaker(
            name: "redis",
            DependencyPolicy.start(of: .redisState).guarding.breaker
        )
        let limiter = RateLimiter(
            redis: RedisClient(configuration, breaker: breaker),
            processes: 2
        )
        let limit = Self.limit("many")
        try await onOwnThread { [server] in
            server.pause()
            let questions = (0..<12).map { number in
                Companion {
                    limiter.reserve("m\(number)", in: [limit], until: .after(.seconds(20)))
                }
            }
            // More than one try's time, and less than all.
            usleep(500_000)
            server.resume()
            let answers = try questions.map { try $0.join() }
            #expect(answers.allSatisfy { $0.source == .redis })
            #expect(answers.count { $0.isAdmitted } == 5)
        }
        #expect(breaker.snapshot.state == .closed)
    }

    @Test("does not ask a Redis whose breaker is open") func obeysBreaker() throws {
        var configuration = CircuitBreakerConfiguration()
        configuration.minimumCalls = 2
        let breaker = try CircuitBreaker(name: "redis", configuration)
        let client = RedisClient(.patient(server), breaker: breaker)
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

import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Rate limits in Redis", .serialized, .enabled(if: PrivateRedis.isAvailable))
struct RateLimiterTests: LimiterSuite {
    let fixture: LimiterFixture

    init() throws {
        fixture = try LimiterFixture()
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
}

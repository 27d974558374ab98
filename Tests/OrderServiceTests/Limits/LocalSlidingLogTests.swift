import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Rate limits in a process alone") struct LocalSlidingLogTests {
    private let limits = PaymentLimits().limits(of: .sample("1", at: "2001:db8:1:2::5"))

    private func time(_ seconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: seconds * 1_000_000_000)
    }

    @Test("divides a limit by the processes, rounded up", arguments: [(1, 5), (2, 3), (9, 1)])
    func divides(processes: Int, admitted: Int) {
        var log = LocalSlidingLog(processes: processes)
        let count = (1...30).filter {
            log.reserve("a\($0)", in: limits, at: time(0)).isAdmitted
        }.count
        #expect(count == admitted)
    }

    @Test("takes repeats for the same attempt and gives cancelled ones back") func counts() {
        var log = LocalSlidingLog(processes: 1)
        for _ in 1...9 { _ = log.reserve("same", in: limits, at: time(0)) }
        for number in 1...4 { _ = log.reserve("a\(number)", in: limits, at: time(1)) }
        let refused = log.reserve("b", in: limits, at: time(2))
        #expect(!refused.isAdmitted && refused.retryAfter == .seconds(3_598))
        #expect(log.cancel("a1", in: limits, at: time(2)).isRepeat)
        #expect(log.reserve("b", in: limits, at: time(2)).isAdmitted)
        #expect(log.commit("c", in: limits, at: time(3)).isExceeded)
    }

    @Test("lets no rolling window have more than the limit") func holds() {
        var log = LocalSlidingLog(processes: 1)
        var times: [Int64] = []
        for second in 0..<20_000 where second % 7 == 0 {
            let time = time(Int64(second))
            if log.reserve("a\(second)", in: limits, at: time).isAdmitted {
                times.append(Int64(second))
            }
        }
        let worst = times.map { start in
            times.filter { $0 >= start && $0 < start + 3_600 }.count
        }.max()
        #expect(worst == 5)
        #expect(times.count == 20)
    }

    @Test("admits none of a burst once Redis has refused others of it, and then falls silent")
    func believesBurst() {
        var log = LocalSlidingLog(processes: 1)
        for _ in 1...8 { log.ask(in: limits, at: time(0)) }
        let standings = limits.map {
            RateLimitDecision.Standing(
                limit: $0,
                count: $0.count,
                used: 5,
                wait: .seconds(9),
                reset: .seconds(9)
            )
        }
        let refusal = RateLimitDecision(
            isAdmitted: false,
            isRepeat: false,
            standings: standings,
            source: .redis
        )
        for number in 1...4 {
            #expect(log.hear(refusal, of: "a\(number)", mayRefuse: true, at: time(0)) == nil)
        }
        for number in 5...8 {
            let decision = log.reserve(
                "a\(number)",
                in: limits,
                afterUnheard: "q\(number)",
                at: time(0)
            )
            #expect(!decision.isAdmitted)
        }
    }

    @Test("begins the hour anew after a success, once") func startsAnew() {
        var log = LocalSlidingLog(processes: 1)
        for number in 1...5 { _ = log.reserve("a\(number)", in: limits, at: time(0)) }
        let after = log.succeed("a5", in: limits, at: time(10))
        #expect(after.standings.map(\.used) == [0, 5, 4])
        for number in 6...10 { _ = log.reserve("a\(number)", in: limits, at: time(20)) }
        let again = log.succeed("a5", in: limits, at: time(30))
        #expect(again.standings.map(\.used) == [5, 10, 9])
        #expect(log.reserve("later", in: limits, at: time(100_000)).standings[1].used == 1)
    }

    @Test("keeps a bounded number of logs, and lets those give way that were used least lately")
    func isBounded() {
        var log = LocalSlidingLog(processes: 1)
        func limit(_ number: Int) -> RateLimit {
            RateLimit(name: "n", key: "k\(number)", count: 1, window: .seconds(60))
        }
        let count = 3 * AttemptLogs.limit
        for number in 0..<count {
            #expect(log.reserve("a", in: [limit(number)], at: time(0)).isAdmitted)
        }
        #expect(log.backlog.keys <= AttemptLogs.limit)
        #expect(log.backlog.keys + log.backlog.lost == count)
        #expect(!log.reserve("b", in: [limit(count - 1)], at: time(59)).isAdmitted)
        #expect(log.reserve("b", in: [limit(0)], at: time(59)).isAdmitted)
    }

    @Test("tells whole seconds, rounded up, and never to come back at once") func tellsSeconds() {
        let limit = RateLimit(name: "n", key: "k", count: 1, window: .seconds(60))
        let standing = RateLimitDecision.Standing(
            limit: limit,
            count: 1,
            used: 1,
            wait: .zero,
            reset: .milliseconds(1_001)
        )
        let refusal = RateLimitDecision(
            isAdmitted: false,
            isRepeat: false,
            standings: [standing],
            source: .redis
        )
        #expect(refusal.fields.map(\.value) == ["1", "0", "2", "1"])
        // Nobody knows how long Redis is away.
        let share = RateLimitDecision.Standing(
            limit: limit,
            count: 1,
            used: 1,
            wait: .seconds(59),
            reset: .seconds(59)
        )
        let local = RateLimitDecision(
            isAdmitted: false,
            isRepeat: false,
            standings: [share],
            source: .local
        )
        #expect(local.fields.map(\.value) == ["1", "0", "5", "5"])
        #expect(RateLimitDecision(.array([.integer(1)]), [limit]) == nil)
        #expect(RateLimitDecision(.null, [limit]) == nil)
    }
}

import Redis
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Rate limits in a process beside Redis") struct LocalSlidingLogRedisTests {
    private let limits = PaymentLimits().limits(of: .sample("1", at: "2001:db8:1:2::5"))

    private func time(_ seconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: seconds * 1_000_000_000)
    }

    private func answer(
        _ isAdmitted: Bool,
        used: [Int],
        isRepeat: Bool = false,
        of limits: [RateLimit]? = nil
    ) -> RateLimitDecision {
        RateLimitDecision(
            isAdmitted: isAdmitted,
            isRepeat: isRepeat,
            standings: zip(limits ?? self.limits, used).map { limit, used in
                .init(limit: limit, count: limit.count, used: used, wait: .zero, reset: .zero)
            },
            source: .redis
        )
    }

    private func word(_ kind: UntoldEvent.Kind) -> String {
        switch kind {
        case .counted: "counted"
        case .givenBack: "givenBack"
        case .succeeded: "succeeded"
        }
    }

    /// Has an answer of Redis heard, and says whether it holds.
    private func hears(
        _ log: inout LocalSlidingLog,
        _ member: String,
        _ isAdmitted: Bool,
        used: [Int],
        at time: MonotonicTime
    ) -> Bool {
        let answer = answer(isAdmitted, used: used)
        return log.hear(answer, of: member, mayRefuse: true, at: time) == nil
    }

    @Test("counts what Redis admitted, and tells it what it did not") func copies() {
        var log = LocalSlidingLog(processes: 1)
        for number in 1...3 {
            log.ask(in: limits, at: time(0))
            #expect(!log.hasUntold(of: limits))
            let used = [number, number, number]
            #expect(hears(&log, "a\(number)", true, used: used, at: time(0)))
        }
        log.ask(in: limits, at: time(1))
        #expect(hears(&log, "refused", false, used: [3, 3, 3], at: time(1)))
        let admitted = (1...4).filter { log.reserve("b\($0)", in: limits, at: time(3)).isAdmitted }
        #expect(admitted == [1, 2])
        #expect(log.hasUntold(of: limits))
        log.ask(in: limits, at: time(5))
        let untold = log.untold(of: Set(limits.map(\.key)), at: time(5))
        #expect(untold.map(\.member).sorted() == ["b1", "b1", "b2", "b2"])
        #expect(untold.map(\.limits.count).sorted() == [1, 1, 2, 2])
        let told = untold.map { event in
            (event, answer(true, used: event.limits.map { _ in 5 }, of: event.limits))
        }
        log.told(told, at: time(6))
        #expect(hears(&log, "c", false, used: [5, 5, 5], at: time(6)))
        #expect(!log.hasUntold(of: limits))
        #expect(log.reserve("b2", in: limits, at: time(7)).isRepeat)
    }

    @Test("lets nothing stand that Redis admitted without knowing of others") func gates() {
        var log = LocalSlidingLog(processes: 1)
        for _ in 0..<7 { log.ask(in: limits, at: time(0)) }
        // Redis has counted «early» first of all, and is heard of it late.
        for number in 1...3 {
            let used = [number + 1, number + 1, number + 1]
            #expect(hears(&log, "a\(number)", true, used: used, at: time(1)))
        }
        #expect(log.reserve("unheard", in: limits, at: time(2)).isAdmitted)
        #expect(hears(&log, "early", true, used: [1, 1, 1], at: time(3)))
        #expect(!hears(&log, "a4", true, used: [5, 5, 5], at: time(3)))
        // Nor what it admitted before it was told, heard after that.
        log.ask(in: limits, at: time(3))
        let told = log.untold(at: time(3)).map { event in
            (event, answer(true, used: event.limits.map { _ in 6 }, of: event.limits))
        }
        log.told(told, at: time(3))
        #expect(!hears(&log, "before", true, used: [5, 5, 5], at: time(3)))
        // A repeat is what was admitted already.
        let repeated = answer(true, used: [5, 5, 5], isRepeat: true)
        log.ask(in: limits, at: time(4))
        #expect(log.hear(repeated, of: "a1", mayRefuse: true, at: time(4)) == nil)
        // Nor is what has happened refused, and it counts.
        log.ask(in: limits, at: time(5))
        let declined = answer(true, used: [9, 9, 9])
        #expect(log.hear(declined, of: "decline", mayRefuse: false, at: time(5)) == nil)
        #expect(log.reserve("decline", in: limits, at: time(6)).isRepeat)
    }

    @Test("keeps for Redis what became of each attempt, in its order, for as long as it counts")
    func keepsEvents() {
        var log = LocalSlidingLog(processes: 1)
        #expect(log.reserve("a", in: limits, at: time(0)).isAdmitted)
        #expect(log.reserve("b", in: limits, at: time(1)).isAdmitted)
        _ = log.succeed("b", in: limits, at: time(2))
        log.note(.succeeded, "b", in: limits, at: time(2))
        // Perhaps Redis is being told of it at this moment.
        _ = log.cancel("a", in: limits, at: time(3))
        log.note(.givenBack(question: ""), "a", in: limits, at: time(3))
        for number in 1...6 {
            _ = log.reserve("c\(number)", in: limits, afterUnheard: "q", at: time(4))
        }
        func events(_ limit: RateLimit, at now: MonotonicTime) -> [String] {
            log.untold(at: now).filter { $0.limits.contains(limit) }.map { event in
                "\(word(event.kind)) \(event.member) \(event.time.nanoseconds / 1_000_000_000)"
            }
        }
        let admitted = (1...5).map { "counted c\($0) 4" }
        let before = ["counted a 0", "counted b 1", "succeeded b 2", "givenBack a 3"]
        // The sixth may stand in Redis, and is not to.
        for limit in [limits[0], limits[2]] {
            #expect(events(limit, at: time(5)) == before + admitted + ["givenBack c6 4"])
        }
        #expect(events(limits[2], at: time(3_604)) == [])
        #expect(log.untold(at: time(90_000)) == [])
    }

    @Test("counts what was admitted again behind its giving back") func keepsAdmitted() {
        var log = LocalSlidingLog(processes: 1)
        for number in 1...5 { _ = log.reserve("a\(number)", in: limits, at: time(0)) }
        for member in ["m", "n"] {
            #expect(!log.reserve(member, in: limits, afterUnheard: "q", at: time(1)).isAdmitted)
        }
        func events(of member: String) -> [String] {
            log.untold(at: time(2)).filter { $0.member == member && $0.limits.contains(limits[2]) }
                .map { word($0.kind) }
        }
        #expect(events(of: "m") == ["givenBack"])
        _ = log.cancel("a1", in: limits, at: time(2))
        #expect(log.reserve("m", in: limits, at: time(2)).isAdmitted)
        #expect(events(of: "m") == ["givenBack", "counted"])
        // Whoever has waited in vain for Redis to take it back comes too late.
        log.note(.givenBack(question: ""), "m", in: limits, at: time(2))
        #expect(events(of: "m") == ["givenBack", "counted"])
        // Redis has admitted the other, and may be taking it back.
        log.ask(in: limits, at: time(2))
        let answer = answer(true, used: [1, 1, 1], isRepeat: true)
        #expect(log.hear(answer, of: "n", mayRefuse: false, at: time(2)) == nil)
        #expect(events(of: "n") == ["givenBack", "counted"])
    }

    @Test("lets a repeat stand beside others admitted here if both fit") func gatesRepeats() {
        var log = LocalSlidingLog(processes: 1)
        for _ in 1...2 { log.ask(in: limits, at: time(0)) }
        #expect(log.reserve("here", in: limits, at: time(0)).isAdmitted)
        let fits = answer(true, used: [4, 4, 4], isRepeat: true)
        #expect(log.hear(fits, of: "m", mayRefuse: true, at: time(1)) == nil)
        let isOver = answer(true, used: [5, 5, 5], isRepeat: true)
        #expect(log.hear(isOver, of: "n", mayRefuse: true, at: time(1)) != nil)
        log.ask(in: limits, at: time(2))
        #expect(log.hear(isOver, of: "m", mayRefuse: true, at: time(2)) == nil)
    }

    @Test("takes the last count of a telling alone, and not for who has told himself")
    func countsTelling() {
        var log = LocalSlidingLog(processes: 1)
        log.ask(in: limits, at: time(0))
        _ = log.reserve("m", in: limits, afterUnheard: "q", at: time(0))
        func tell(_ used: [Int]) {
            let limits = [limits[0], limits[1]]
            let told = used.enumerated().map { number, used in
                (
                    UntoldEvent(
                        id: number,
                        kind: .counted,
                        member: "m",
                        time: time(0),
                        limits: limits
                    ),
                    answer(true, used: [used, used], of: limits)
                )
            }
            log.told(told, at: time(1))
        }
        // Alone: what it was told before is in its own answer.
        log.ask(in: limits, at: time(1))
        tell([9, 6])
        #expect(hears(&log, "a", true, used: [3, 3, 3], at: time(1)))
        // Beside another question, of whom it is not known when it was answered.
        for _ in 1...2 { log.ask(in: limits, at: time(2)) }
        #expect(log.reserve("here", in: limits, at: time(2)).isAdmitted)
        for _ in 1...2 { log.ask(in: limits, at: time(2)) }
        tell([9, 4])
        #expect(hears(&log, "b", true, used: [3, 3, 3], at: time(2)))
        tell([9, 5])
        #expect(!hears(&log, "c", true, used: [3, 3, 3], at: time(2)))
    }

    @Test("takes Redis at its word while nobody is admitted without it") func trusts() {
        var log = LocalSlidingLog(processes: 1)
        log.ask(in: limits, at: time(0))
        // Declines have gone beyond the limit.
        log.ask(in: limits, at: time(0))
        #expect(hears(&log, "a", false, used: [9, 9, 9], at: time(0)))
        // A success has freed the customer before the other question was answered.
        #expect(hears(&log, "b", true, used: [1, 1, 1], at: time(1)))
    }

    @Test("tells the attempts of one tick of the clock apart") func countsTick() {
        var log = LocalSlidingLog(processes: 1)
        for number in 1...5 {
            log.ask(in: limits, at: time(0))
            #expect(hears(&log, "a\(number)", true, used: [number, number, number], at: time(0)))
        }
        // Another process has given one of them back.
        log.ask(in: limits, at: time(0))
        #expect(hears(&log, "b", true, used: [5, 5, 5], at: time(0)))
        #expect(!log.reserve("c", in: limits, at: time(0)).isAdmitted)
        let after = log.succeed("b", in: limits, at: time(0))
        #expect(after.standings.map(\.used) == [0, 5, 4])
        #expect(log.reserve("c", in: limits, at: time(0)).standings.map(\.used) == [1, 6, 5])
    }

    @Test("hears from Redis of successes that other processes saw") func adjusts() {
        var log = LocalSlidingLog(processes: 1)
        for number in 1...5 {
            let now = time(Int64(number))
            log.ask(in: limits, at: now)
            #expect(hears(&log, "a\(number)", true, used: [number, number, number], at: now))
        }
        log.ask(in: limits, at: time(6))
        #expect(hears(&log, "b", true, used: [1, 6, 1], at: time(6)))
        let alone = log.reserve("c", in: limits, at: time(7))
        #expect(alone.isAdmitted && alone.standings.map(\.used) == [2, 7, 2])
    }

    @Test("does not take the older of two answers for the newer") func hearsOutOfOrder() {
        var log = LocalSlidingLog(processes: 1)
        for _ in 0..<2 { log.ask(in: limits, at: time(0)) }
        #expect(hears(&log, "b", true, used: [2, 2, 2], at: time(1)))
        #expect(hears(&log, "a", true, used: [1, 1, 1], at: time(1)))
        #expect(log.reserve("c", in: limits, at: time(2)).standings.map(\.used) == [3, 3, 3])
    }

    @Test("lets copies of what stands in Redis give way, and nothing else") func givesWay() {
        var log = LocalSlidingLog(processes: 1)
        func limit(_ number: Int) -> [RateLimit] {
            [RateLimit(name: "n", key: "k\(number)", count: 1, window: .seconds(86_400))]
        }
        #expect(log.reserve("here", in: limit(0), at: time(0)).isAdmitted)
        for number in 1...3 * AttemptLogs.limit {
            let limit = limit(number)
            log.ask(in: limit, at: time(0))
            let standing = RateLimitDecision.Standing(
                limit: limit[0],
                count: 1,
                used: 1,
                wait: .zero,
                reset: .zero
            )
            let answer = RateLimitDecision(
                isAdmitted: true,
                isRepeat: false,
                standings: [standing],
                source: .redis
            )
            #expect(log.hear(answer, of: "copy", mayRefuse: true, at: time(0)) == nil)
        }
        let later = time(100)
        #expect(!log.reserve("b", in: limit(0), at: later).isAdmitted)
        #expect(log.reserve("b", in: limit(1), at: later).isAdmitted)
        #expect(!log.reserve("b", in: limit(3 * AttemptLogs.limit), at: later).isAdmitted)
    }
}

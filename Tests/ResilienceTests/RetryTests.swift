import Testing

@testable import Resilience

@Suite("Retry") struct RetryTests {
    private let policy = RetryPolicy(
        attempts: 3,
        backoff: Backoff(base: .milliseconds(100), multiplier: 2, cap: .milliseconds(300)),
        retryAfterCap: .seconds(2)
    )

    private func decide(
        _ attempt: Int,
        _ advice: RetryAdvice,
        usefulTime: Duration = .seconds(60)
    ) -> RetryPolicy.Decision {
        var random = SplitMix64(seed: 3)
        return policy.decide(
            afterAttempt: attempt,
            advice: advice,
            usefulTime: usefulTime,
            using: &random
        )
    }

    @Test("doubles the longest wait up to its cap") func backsOff() {
        let backoff = policy.backoff
        let waits = [0, 1, 2, 3, 4, 1_000_000].map { backoff.longestWait(beforeRepetition: $0) }
        #expect(
            waits == [100, 100, 200, 300, 300, 300].map { Duration.milliseconds($0) }
        )
    }

    @Test("spreads waits over all of the time up to the longest") func jitters() {
        var random = SplitMix64(seed: 1)
        let waits = (0..<2_000).map { _ in policy.backoff.wait(beforeRepetition: 2, using: &random)
        }
        #expect(waits.allSatisfy { $0 >= .zero && $0 <= .milliseconds(200) })
        for part in 0..<10 {
            let range = Duration.milliseconds(part * 20)..<Duration.milliseconds(part * 20 + 20)
            #expect(waits.filter(range.contains).count > 120)
        }
    }

    @Test("makes no more attempts than allowed") func countsAttempts() {
        guard case .retry = decide(2, RetryAdvice(true)) else {
            Issue.record("the third attempt is allowed")
            return
        }
        #expect(decide(3, RetryAdvice(true)) == .stop(.attemptsUsed))
        #expect(decide(1, .never) == .stop(.notAdvised))
    }

    @Test("obeys Stripe-Should-Retry both ways") func obeysStripe() {
        #expect(decide(1, RetryAdvice(true, shouldRetry: false)) == .stop(.notAdvised))
        guard case .retry = decide(1, RetryAdvice(false, shouldRetry: true)) else {
            Issue.record("Stripe asked for a repetition")
            return
        }
    }

    @Test("waits at least as long as asked, and gives up beyond the cap") func obeysRetryAfter() {
        #expect(decide(1, RetryAdvice(true, after: .seconds(1))) == .retry(after: .seconds(1)))
        #expect(decide(1, RetryAdvice(true, after: .seconds(2))) == .retry(after: .seconds(2)))
        #expect(
            decide(1, RetryAdvice(true, after: .milliseconds(2_001))) == .stop(.waitTooLong)
        )
    }

    @Test("does not wait past the deadline") func obeysDeadline() {
        let advice = RetryAdvice(true, after: .seconds(1))
        #expect(decide(1, advice, usefulTime: .seconds(1)) == .stop(.deadline))
        #expect(decide(1, advice, usefulTime: .milliseconds(-5)) == .stop(.deadline))
    }

    @Test("allows a tenth of the calls, and three at least") func keepsBudget() throws {
        let clock = TestClock()
        let budget = try RetryBudget(clock: clock.clock)
        #expect((0..<10).filter { _ in budget.takeRepetition() }.count == 3)
        for _ in 0..<100 { budget.noteCall() }
        #expect((0..<20).filter { _ in budget.takeRepetition() }.count == 7)
        #expect(
            budget.usage
                == RetryBudget.Usage(calls: 100, repetitions: 10, allowed: 10, refusals: 20)
        )
        clock.advance(by: .seconds(59))
        #expect(!budget.takeRepetition())
        clock.advance(by: .seconds(1))
        #expect(budget.usage.calls == 0 && budget.takeRepetition())
        clock.advance(by: .seconds(10_000))
        #expect(budget.usage.repetitions == 0)
    }

    @Test("refuses what cannot work, with the setting's name") func refusesSettings() {
        func setting(_ body: () throws(InvalidSetting) -> Void) -> String? {
            do throws(InvalidSetting) {
                try body()
                return nil
            } catch {
                return error.setting
            }
        }
        #expect(
            setting { () throws(InvalidSetting) in _ = try RetryBudget(share: 1.1) }
                == "budgetShare"
        )
        #expect(
            setting { () throws(InvalidSetting) in _ = try RetryBudget(minimum: -1) }
                == "budgetMinimum"
        )
        func policySetting(_ policy: RetryPolicy) -> String? {
            setting { () throws(InvalidSetting) in try policy.validate() }
        }
        #expect(policySetting(RetryPolicy(attempts: 0)) == "attempts")
        #expect(policySetting(RetryPolicy(retryAfterCap: .seconds(-1))) == "retryAfterCap")
        let second = Duration.seconds(1)
        #expect(
            policySetting(RetryPolicy(backoff: Backoff(base: .zero - second))) == "backoff.base"
        )
        #expect(
            policySetting(RetryPolicy(backoff: Backoff(multiplier: .nan))) == "backoff.multiplier"
        )
        #expect(policySetting(RetryPolicy(backoff: Backoff(base: second * 2))) == "backoff.cap")
    }

    @Test(
        "takes visible ASCII as a key",
        arguments: ["", "a b", "é", String(repeating: "x", count: 256)]
    )
    func refusesKeys(text: String) {
        #expect(IdempotencyKey(text) == nil)
        #expect(IdempotencyKey("pay:1:2")?.description == "pay:1:2")
    }
}

import Dispatch
import Synchronization
import Testing

@testable import Resilience

@Suite("Guarded calls", .serialized) struct GuardTests {
    struct Failure: Error, Equatable {
        let reason: String
    }

    /// An answer as the service's clients read them.
    struct Answer: Sendable, Equatable {
        var status: Int
        var shouldRetry: Bool?
        var retryAfter: Duration?
    }

    typealias Reply = Outcome<Answer, Failure>

    /// What the answers of Stripe say: a declined card says that Stripe is well.
    static let stripe: @Sendable (Reply) -> Assessment = { outcome in
        guard case .executed(let answer) = outcome else {
            return Assessment(.failure, retry: RetryAdvice(true))
        }
        let advice = { (isWorthwhile: Bool) in
            RetryAdvice(
                isWorthwhile,
                shouldRetry: answer.shouldRetry,
                after: answer.retryAfter
            )
        }
        switch answer.status {
        case 409: return Assessment(.success, retry: advice(true))
        case 429: return Assessment(.pause(answer.retryAfter ?? .seconds(1)))
        case 401, 403: return Assessment(.ignored)
        // Stripe stores a 500 and repeats it for the same key.
        case 500...: return Assessment(.failure, retry: advice(false))
        default: return Assessment(.success)
        }
    }

    private let clock = TestClock()
    private let lanes = LaneGroup(name: "stripe", lanes: 2, queueLimit: 2)
    private let pauses = Pauses()
    private var soon: Deadline { .after(.seconds(60)) }

    final class Pauses: Sendable {
        let all = Mutex<[Duration]>([])
    }

    /// The guard of payments, with waits that are only noted.
    private func payments(
        _ change: (inout GuardConfiguration) -> Void = { _ in },
        assess: @escaping Guard<Answer, Failure>.Assess = Self.stripe
    ) throws -> Guard<Answer, Failure> {
        var configuration = GuardConfiguration()
        configuration.totalTimeout = .seconds(50)
        configuration.attemptTimeout = .seconds(40)
        configuration.retry.attempts = 3
        change(&configuration)
        return try Guard(
            name: "stripe-payment",
            configuration,
            lanes: lanes,
            clock: clock.clock,
            seed: 1,
            pause: { [pauses] wait in pauses.all.withLock { $0.append(wait) } },
            assess: assess
        )
    }

    /// Plays replies one after another, the last one for ever.
    private final class Script: Sendable {
        let replies: [Reply]
        let calls = Mutex<[Int]>([])

        init(_ replies: Reply...) {
            self.replies = replies
        }

        var count: Int { calls.withLock { $0.count } }

        func reply(_ attempt: Attempt) -> Reply {
            calls.withLock { $0.append(attempt.number) }
            return replies[min(attempt.number, replies.count) - 1]
        }
    }

    private func key() throws -> IdempotencyKey {
        try #require(IdempotencyKey("pay:1:1"))
    }

    private func write(
        _ guarded: Guard<Answer, Failure>,
        _ script: Script
    ) throws -> Outcome<Answer, GuardFailure<Failure>> {
        guarded.write(try key(), until: soon) { attempt, _ in script.reply(attempt) }
    }

    @Test("answers at the first attempt") func answers() throws {
        let guarded = try payments()
        let script = Script(.executed(Answer(status: 402)))
        #expect(try write(guarded, script) == .executed(Answer(status: 402)))
        #expect(script.count == 1 && guarded.snapshot.breaker.counts.failed == 0)
        #expect(guarded.snapshot.counts == GuardCounts())
    }

    @Test("repeats what was lost, with the same key") func repeats() throws {
        let guarded = try payments()
        let keys = Mutex<[IdempotencyKey]>([])
        let outcome = guarded.write(try key(), until: soon) { attempt, key in
            keys.withLock { $0.append(key) }
            return attempt.number < 3
                ? .unknown(Failure(reason: "reset")) : .executed(Answer(status: 200))
        }
        #expect(outcome == .executed(Answer(status: 200)))
        #expect(keys.withLock { $0 } == [try key(), try key(), try key()])
        #expect(pauses.all.withLock { $0 }.count == 2)
        #expect(guarded.snapshot.counts.repetitions == 2)
        #expect(guarded.snapshot.budget.repetitions == 2)
    }

    @Test("waits as long as the answer asks, and obeys Stripe-Should-Retry") func waits() throws {
        let guarded = try payments()
        let conflict = Answer(status: 409, retryAfter: .seconds(2))
        #expect(
            try write(guarded, Script(.executed(conflict), .executed(Answer(status: 200))))
                == .executed(Answer(status: 200))
        )
        #expect(pauses.all.withLock { $0 } == [.seconds(2)])
        let final = Script(.executed(Answer(status: 500)))
        #expect(try write(guarded, final) == .executed(Answer(status: 500)))
        #expect(final.count == 1)
        let again = Script(
            .executed(Answer(status: 500, shouldRetry: true)),
            .executed(Answer(status: 200))
        )
        #expect(try write(guarded, again) == .executed(Answer(status: 200)))
    }

    @Test("keeps a doubt, whatever became of the last attempt") func keepsDoubt() throws {
        let guarded = try payments()
        let script = Script(
            .unknown(Failure(reason: "reset")),
            .notExecuted(Failure(reason: "refused"))
        )
        #expect(try write(guarded, script) == .unknown(.call(Failure(reason: "reset"))))
        #expect(script.count == 3)
        #expect(guarded.snapshot.counts.withoutRetry == [.attemptsUsed: 1])
        let refused = Script(.notExecuted(Failure(reason: "refused")))
        #expect(
            try write(guarded, refused) == .notExecuted(.call(Failure(reason: "refused")))
        )
        // A failure that was told may have had an effect as well.
        let failed = Script(
            .executed(Answer(status: 500, shouldRetry: true)),
            .notExecuted(Failure(reason: "refused"))
        )
        let answered = Answer(status: 500, shouldRetry: true)
        #expect(try write(payments(), failed) == .executed(answered) && failed.count == 3)
    }

    @Test("calls nobody while the breaker is open, and does not repeat that") func staysOpen()
        throws
    {
        let guarded = try payments { $0.breaker.minimumCalls = 2 }
        let script = Script(.unknown(Failure(reason: "reset")))
        #expect(try write(guarded, script) == .unknown(.call(Failure(reason: "reset"))))
        // The second failure opened it, so there was no third attempt.
        #expect(script.count == 2)
        guard case .notExecuted(.open(let wait)) = try write(guarded, script) else {
            Issue.record("the breaker is open")
            return
        }
        #expect(script.count == 2 && wait != nil)
        #expect(guarded.snapshot.breaker.totals.notPermitted == 1)
    }

    @Test("pauses for all when it is asked to") func pausesForAll() throws {
        let guarded = try payments()
        let script = Script(.executed(Answer(status: 429, retryAfter: .seconds(9))))
        _ = try write(guarded, script)
        #expect(
            try write(guarded, script) == .notExecuted(.open(retryAfter: .seconds(9)))
        )
        clock.advance(by: .seconds(10))
        #expect(
            try write(guarded, Script(.executed(Answer(status: 200))))
                == .executed(Answer(status: 200))
        )
    }

    @Test("repeats no more than its budget") func keepsBudget() throws {
        let guarded = try payments {
            $0.retry.attempts = 10
            $0.breaker.minimumCalls = 1_000
        }
        let script = Script(.notExecuted(Failure(reason: "refused")))
        _ = guarded.read(until: soon) { script.reply($0) }
        #expect(script.count == 4)
        #expect(guarded.snapshot.counts.withoutRetry == [.budget: 1])
    }

    @Test("begins nothing without useful time") func needsTime() throws {
        let guarded = try payments()
        let script = Script(.executed(Answer(status: 200)))
        let outcome = guarded.read(until: .after(.milliseconds(400))) { script.reply($0) }
        #expect(outcome == .notExecuted(.noTime))
        #expect(script.count == 0 && guarded.snapshot.breaker.totals.permits == 0)
    }

    @Test("leaves a call that hangs, in doubt, and hands its result on") func leavesHanging() throws
    {
        let guarded = try payments {
            $0.attemptTimeout = .milliseconds(100)
            $0.minimumUsefulTime = .zero
            $0.retry = .none
        }
        let gate = DispatchSemaphore(value: 0)
        let handled = DispatchSemaphore(value: 0)
        let late = Mutex<[Reply]>([])
        let outcome = guarded.write(
            try key(),
            until: soon,
            late: { reply in
                late.withLock { $0.append(reply) }
                handled.signal()
            },
            { _, _ in
                gate.wait()
                return .executed(Answer(status: 200))
            }
        )
        gate.signal()
        guard outcome != .notExecuted(.waitedTooLong) else { return }
        handled.wait()
        #expect(outcome == .unknown(.timedOut))
        #expect(late.withLock { $0 } == [.executed(Answer(status: 200))])
        #expect(guarded.snapshot.breaker.totals.failed == 1)
        #expect(guarded.snapshot.limiter.lateResults == 1)
    }

    @Test("is busy when its lanes and their queue are") func isBusy() throws {
        let guarded = try payments()
        let gate = DispatchSemaphore(value: 0)
        for _ in 0..<4 { #expect(lanes.submit { gate.wait() }) }
        let script = Script(.executed(Answer(status: 200)))
        #expect(try write(guarded, script) == .notExecuted(.busy))
        for _ in 0..<4 { gate.signal() }
        #expect(lanes.waitUntilIdle(until: soon))
        #expect(guarded.snapshot.breaker.totals.released == 1)
    }

    @Test("loses neither result nor permit to a predicate that throws") func survivesThrowing()
        throws
    {
        let guarded = try payments(assess: { _ in throw Failure(reason: "predicate") })
        let script = Script(.executed(Answer(status: 200)))
        #expect(try write(guarded, script) == .executed(Answer(status: 200)))
        let snapshot = guarded.snapshot
        #expect(snapshot.counts.failedAssessments == 1)
        #expect(snapshot.breaker.totals.ignored == 1 && snapshot.breaker.inFlight == 0)
    }

    @Test("loses neither result nor permit to a predicate that blocks") func survivesBlocking()
        throws
    {
        let gate = DispatchSemaphore(value: 0)
        let isAssessing = DispatchSemaphore(value: 0)
        let guarded = try payments(assess: { outcome in
            isAssessing.signal()
            gate.wait()
            return Self.stripe(outcome)
        })
        DispatchQueue(label: "other").async { @Sendable in
            isAssessing.wait()
            // Meanwhile others are let through.
            _ = try? guarded.breaker.acquire().end(.success)
            gate.signal()
        }
        let script = Script(.executed(Answer(status: 200)))
        #expect(try write(guarded, script) == .executed(Answer(status: 200)))
        #expect(guarded.snapshot.breaker.totals.succeeded == 2)
    }

    @Test("does not blame the other side for a deadline that was too short") func isFair() throws {
        let guarded = try payments()
        let unknown = Reply.unknown(Failure(reason: "timeout"))
        #expect(guarded.judge(unknown, isFair: false).result == .ignored)
        #expect(guarded.judge(unknown, isFair: true).result == .failure)
        let answer = Reply.executed(Answer(status: 500))
        #expect(guarded.judge(answer, isFair: false).result == .failure)
    }

    @Test(
        "refuses limits that cannot work, with the setting's name",
        arguments: ["attemptTimeout", "totalTimeout", "minimumUsefulTime", "fairTime"]
    )
    func refusesSettings(setting: String) {
        let error = #expect(throws: InvalidSetting.self) {
            _ = try payments {
                switch setting {
                case "attemptTimeout": $0.attemptTimeout = .zero
                case "totalTimeout": $0.totalTimeout = .seconds(1)
                case "minimumUsefulTime": $0.minimumUsefulTime = .seconds(51)
                default: $0.fairTime = .seconds(-1)
                }
            }
        }
        #expect(error?.setting == setting)
    }

    @Test("has a bounded word for each failure") func hasWords() {
        let failures: [GuardFailure<Failure>] = [
            .open(retryAfter: nil), .busy, .noTime, .waitedTooLong, .timedOut,
            .call(Failure(reason: "")),
        ]
        #expect(Set(failures.map { "\($0.label)" }).count == failures.count)
    }

    @Test("comes back from a pause, also from one of no length") func comesBack() {
        Pause.block(.zero)
        Pause.block(.nanoseconds(1))
    }
}

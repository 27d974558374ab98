import Curl
import Logging
import Observability
import Resilience
import Synchronization
import Web

/// Another service, or one kind of call to it, behind its guard.
///
/// The way of a call, top to bottom: deadline → retry with budget → breaker → lanes → attempt
/// timeout (all of these in `Guard`) → HTTP.
final class Upstream: Sendable {
    typealias Meaning<Value> = @Sendable (UpstreamAnswer) -> Value?

    let dependency: Dependency
    private let guarding: Guard<UpstreamAnswer, UpstreamFailure>
    private let client: HTTPClient
    private let metrics: UpstreamMetrics
    private let passesDeadline: Bool
    private let alarm = Alarm()
    private let logger = Logger(label: "orderd.upstreams")

    /// The milliseconds that are left for an answer; whoever gets it may spare himself work that
    /// nobody waits for any more.
    private static let deadlineHeader = "X-Deadline-Ms"

    /// Puts a dependency together; connects to nothing yet.
    ///
    /// - Parameters:
    ///   - dependency: one with a guard.
    ///   - policy: its limits.
    ///   - poolSize: connections that are kept.
    ///   - metrics: where calls are counted and timed.
    ///   - consumers: get the events of its breaker.
    /// - Throws: `InvalidSetting`.
    init(
        _ dependency: Dependency,
        _ policy: DependencyPolicy,
        poolSize: Int,
        metrics: UpstreamMetrics,
        consumers: [CircuitBreaker.Consumer]
    ) throws(InvalidSetting) {
        try policy.validate()
        self.dependency = dependency
        self.metrics = metrics
        let isOfStripe = [.stripePayment, .stripeRefund, .stripeRead].contains(dependency)
        passesDeadline = !isOfStripe
        // Fewer connections than lanes would make calls fail that have a lane.
        client = HTTPClient(HTTPClientConfiguration(poolSize: max(poolSize, policy.lanes)))
        guarding = try Guard(
            name: dependency.name,
            policy.guarding,
            lanes: LaneGroup(
                name: dependency.name,
                lanes: policy.lanes,
                queueLimit: policy.queueLimit
            ),
            consumers: consumers,
            assess: isOfStripe ? UpstreamAssessment.assessStripe : UpstreamAssessment.assess
        )
    }

    /// What operators see of it.
    var guarded: GuardedDependency {
        GuardedDependency(name: dependency.name, breaker: guarding.breaker) { [guarding] in
            guarding.snapshot
        }
    }

    /// The longest time that a call takes, all tries together.
    var totalTimeout: Duration { guarding.configuration.totalTimeout }

    /// The longest time that one try takes.
    var attemptTimeout: Duration { guarding.configuration.attemptTimeout }

    /// Makes a call that changes nothing; blocks until its answer is there or its time is over.
    ///
    /// - Parameters:
    ///   - request: what is sent, once or more often.
    ///   - operation: a bounded word for metrics and logs.
    ///   - deadline: of the caller.
    ///   - calls: whom the call belongs to: it tightens the deadline, and is told of each try.
    ///   - meaning: reads the answer; nil if it has none, as a 5xx or another shape of JSON.
    /// - Returns: `unknown` also for an answer without a meaning.
    func read<Value: Sendable>(
        _ request: HTTPRequest,
        _ operation: String,
        until deadline: Deadline,
        _ calls: CallLog?,
        meaning: @escaping Meaning<Value>
    ) -> Outcome<Value, UpstreamFailure> {
        let outcome = Turn.whileAway {
            guarding.read(until: Self.tightened(deadline, calls)) { attempt in
                self.perform(request, operation, attempt, calls) { meaning($0) != nil }
            }
        }
        return conclude(outcome, operation, calls, meaning)
    }

    /// Makes a call that changes something; blocks until its answer is there or its time is over.
    ///
    /// - Parameters:
    ///   - key: under which all tries are carried out once.
    ///   - operation: a bounded word for metrics and logs.
    ///   - deadline: of the caller.
    ///   - calls: whom the call belongs to: it tightens the deadline, and is told of each try.
    ///   - request: makes what is sent, with the key where the other side looks for it.
    ///   - late: gets the outcome of a try that ended after its caller had gone, on a lane.
    ///   - meaning: reads the answer; nil if it has none, as a 5xx or another shape of JSON.
    /// - Returns: `unknown` also for an answer without a meaning: the request was carried out or
    ///   not, nobody can tell.
    func write<Value: Sendable>(
        _ key: IdempotencyKey,
        _ operation: String,
        until deadline: Deadline,
        _ calls: CallLog?,
        request: (IdempotencyKey) -> HTTPRequest,
        late: @escaping @Sendable (Outcome<Value, UpstreamFailure>) -> Void = { _ in },
        meaning: @escaping Meaning<Value>
    ) -> Outcome<Value, UpstreamFailure> {
        let request = request(key)
        let outcome = Turn.whileAway {
            guarding.write(
                key,
                until: Self.tightened(deadline, calls),
                late: { outcome in late(self.value(outcome, meaning)) },
                { attempt, _ in
                    self.perform(request, operation, attempt, calls) { meaning($0) != nil }
                }
            )
        }
        return conclude(outcome, operation, calls, meaning)
    }

    private static func tightened(_ deadline: Deadline, _ calls: CallLog?) -> Deadline {
        calls?.deadline.map { min($0, deadline) } ?? deadline
    }

    /// One try, on a lane.
    private func perform(
        _ request: HTTPRequest,
        _ operation: String,
        _ attempt: Attempt,
        _ calls: CallLog?,
        _ hasMeaning: (UpstreamAnswer) -> Bool
    ) -> Outcome<UpstreamAnswer, UpstreamFailure> {
        var request = request
        if let calls {
            request.headers["X-Request-Id"] = calls.requestID
            if let trace = calls.traceParent { request.headers["traceparent"] = trace }
        }
        if passesDeadline {
            let left = attempt.deadline.remaining.wholeMilliseconds
            request.headers[Self.deadlineHeader] = String(left)
        }
        let start = ContinuousClock.now
        let answered = client.perform(request, until: attempt.deadline)
        let outcome = read(answered, follows: attempt.isInDoubt, hasMeaning)
        let duration = ContinuousClock.now - start
        let word =
            switch outcome {
            case .executed(let answer): "\(answer.status / 100)xx"
            case .notExecuted: "not_executed"
            case .unknown: "unknown"
            }
        metrics.observe(service: dependency.name, operation: operation, outcome: word, duration)
        note(operation, word, duration, calls)
        return outcome
    }

    private func read(
        _ outcome: Outcome<HTTPAnswer, HTTPClientError>,
        follows isInDoubt: Bool,
        _ hasMeaning: (UpstreamAnswer) -> Bool
    ) -> Outcome<UpstreamAnswer, UpstreamFailure> {
        switch outcome {
        case .notExecuted(let error):
            return .notExecuted(UpstreamFailure(dependency, error))
        case .unknown(let error):
            return .unknown(UpstreamFailure(dependency, error))
        case .executed(let raw):
            guard let json = raw.body.isEmpty ? JSON.null : try? JSON(parsing: raw.body) else {
                // An error page of something in between says enough by its status.
                let answer = answer(raw, .null, isInDoubt)
                guard raw.status >= 500 || answer.isRefusal else {
                    return .unknown(UpstreamFailure(dependency, "unreadable_answer"))
                }
                return .executed(answer)
            }
            let answer = answer(raw, json, isInDoubt)
            guard raw.status >= 500 || answer.isRefusal || hasMeaning(answer) else {
                return .unknown(UpstreamFailure(dependency, "unreadable_answer"))
            }
            return .executed(answer)
        }
    }

    private func answer(
        _ raw: HTTPAnswer,
        _ json: JSON,
        _ isInDoubt: Bool
    ) -> UpstreamAnswer {
        if raw.status == 401 || raw.status == 403, alarm.isDue(at: .now) {
            logger.critical(
                "our credentials are refused",
                metadata: ["dependency": "\(dependency.name)", "status": "\(raw.status)"]
            )
        }
        return UpstreamAnswer(
            status: raw.status,
            headers: raw.headers,
            json: json,
            followsDoubt: isInDoubt
        )
    }

    /// The outcome in the caller's terms; a call that a guard refused is noted, too.
    private func conclude<Value>(
        _ outcome: Outcome<UpstreamAnswer, GuardFailure<UpstreamFailure>>,
        _ operation: String,
        _ calls: CallLog?,
        _ meaning: Meaning<Value>
    ) -> Outcome<Value, UpstreamFailure> {
        if case .notExecuted(let failure) = outcome {
            if case .call = failure {} else { note(operation, "\(failure.label)", .zero, calls) }
        }
        return value(outcome.mapFailure { UpstreamFailure($0, of: dependency) }, meaning)
    }

    private func value<Value>(
        _ outcome: Outcome<UpstreamAnswer, UpstreamFailure>,
        _ meaning: Meaning<Value>
    ) -> Outcome<Value, UpstreamFailure> {
        switch outcome {
        case .notExecuted(let failure): return .notExecuted(failure)
        case .unknown(let failure): return .unknown(failure)
        case .executed(let answer):
            guard let value = meaning(answer) else {
                return .unknown(UpstreamFailure(dependency, "status_\(answer.status)"))
            }
            return .executed(value)
        }
    }

    private func note(
        _ operation: String,
        _ outcome: String,
        _ duration: Duration,
        _ calls: CallLog?
    ) {
        let name = "\(dependency.name).\(operation)"
        calls?.append(UpstreamCall(name: name, duration: duration, outcome: outcome))
    }
}

/// Rings once a minute, however often it is due.
private final class Alarm: Sendable {
    private static let pause = Duration.seconds(60)
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    func isDue(at now: ContinuousClock.Instant) -> Bool {
        last.withLock { last in
            guard last.map({ now - $0 >= Self.pause }) ?? true else { return false }
            last = now
            return true
        }
    }
}

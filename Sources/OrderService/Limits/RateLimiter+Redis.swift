import Redis
import Resilience

extension RateLimiter {
    fileprivate struct Call {
        let script: Script
        let member: String
        let limits: [RateLimit]
        var age = Duration.zero
    }

    enum Answer {
        /// What Redis has decided, and whether an earlier try of the same call may have been carried
        /// out without having been heard of.
        case heard(RateLimitDecision, followsUnheardTry: Bool)
        /// The local log is to decide; a try may have been carried out all the same.
        case unheard(mayCount: Bool)
    }

    func askToReserve(
        _ member: String,
        in limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision {
        switch ask(SlidingLogScripts.reserve, member, limits, until: deadline) {
        case .unheard(let mayCount):
            return withLocal { $0.reserve(member, in: limits, mayCount: mayCount, at: $1) }
        case .heard(var decision, let followsUnheardTry):
            // What was counted before may be a try of this very call.
            if followsUnheardTry { decision.isRepeat = false }
            let isNew = !decision.isRepeat
            let refusal = withLocal { $0.hear(decision, of: member, isNew: isNew, at: $1) }
            guard let refusal else { return decision }
            _ = tell(SlidingLogScripts.cancel, .givenBack, member, limits, until: deadline)
            return refusal
        }
    }

    /// Asks Redis about an attempt, once it has been told what it does not know of the same keys.
    func ask(
        _ script: Script,
        _ member: String,
        _ limits: [RateLimit],
        until deadline: Deadline
    ) -> Answer {
        let untold = withLocal { $0.ask(in: limits, at: $1) }
        // A trip of its own: in one with the question, a script that the server has forgotten would
        // run after it.
        guard tell(untold, until: deadline) else {
            noteSilence()
            return .unheard(mayCount: false)
        }
        let call = Call(script: script, member: member, limits: limits)
        let (decisions, isUncertain) = evaluate([call], until: deadline)
        guard let decision = decisions?.first else {
            noteSilence()
            return .unheard(mayCount: isUncertain)
        }
        return .heard(decision, followsUnheardTry: isUncertain)
    }

    /// Tells Redis what became of an attempt, or keeps it for later.
    func tell(
        _ script: Script,
        _ kind: UntoldEvent.Kind,
        _ member: String,
        _ limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision? {
        let call = Call(script: script, member: member, limits: limits)
        if let decision = evaluate([call], until: deadline).decisions?.first { return decision }
        noteSilence()
        withLocal { $0.note(kind, member, in: limits, at: $1) }
        return nil
    }

    func tell(_ events: [UntoldEvent], until deadline: Deadline) -> Bool {
        guard !events.isEmpty else { return true }
        let now = clock.now
        let calls = events.map { event in
            Call(
                script: event.kind.script,
                member: event.member,
                limits: event.limits,
                age: now - event.time
            )
        }
        guard let decisions = evaluate(calls, until: deadline).decisions else { return false }
        withLocal { $0.told(events, decisions, at: $1) }
        return true
    }

    /// The answers of Redis, nil if there are none, and whether a try may have been carried out
    /// without having been heard of.
    private func evaluate(
        _ calls: [Call],
        until deadline: Deadline
    ) -> (decisions: [RateLimitDecision]?, isUncertain: Bool) {
        let commands = calls.map { call in
            Command.script(
                call.script,
                keys: call.limits.flatMap { [$0.key, $0.clearedKey] },
                arguments: call.arguments
            )
        }
        var isUncertain = false
        for factor in Self.patience {
            let limit = deadline.tightened(to: redis.operationTimeout * factor)
            do {
                let replies = try send(commands, until: limit, of: deadline)
                let decisions = zip(replies, calls).compactMap { reply, call in
                    RateLimitDecision(reply, call.limits)
                }
                if decisions.count == calls.count { return (decisions, isUncertain) }
                break
            } catch {
                if error.mayHaveTakenEffect { isUncertain = true }
                guard error.mayPass(afterWaiting: limit.isExpired), !deadline.isExpired else {
                    break
                }
            }
        }
        return (nil, isUncertain)
    }

    /// Sends commands, as soon as there is a connection.
    private func send(
        _ commands: [Command],
        until limit: Deadline,
        of deadline: Deadline
    ) throws(RedisError) -> [Reply] {
        while true {
            // One that is away refuses at once; one that is late lets connecting time out.
            let connected = Deadline.after(redis.connectTimeout)
            do throws(RedisError) {
                let timeout = limit.remaining
                return try redis.pipeline(commands, until: deadline, timeout: timeout)
            } catch {
                let isLate = error == .poolExhausted || error.isOfConnecting && connected.isExpired
                guard isLate, !limit.isExpired else { throw error }
            }
        }
    }
}

extension RateLimiter.Call {
    fileprivate var arguments: [any RedisArgument] {
        var arguments: [any RedisArgument] = [member, age.wholeMicroseconds]
        for limit in limits {
            let retention = limits.filter { $0.key == limit.key }.map(\.window).max()
            arguments += [
                limit.count, limit.window.wholeMicroseconds,
                (retention ?? limit.window).wholeMicroseconds,
                limit.startsAnewAfterSuccess ? 1 : 0, limit.forgetsSuccess ? 1 : 0,
                limit.isEnforced ? 1 : 0,
            ]
        }
        return arguments
    }
}

extension UntoldEvent.Kind {
    fileprivate var script: Script {
        switch self {
        case .counted: SlidingLogScripts.commit
        case .givenBack: SlidingLogScripts.cancel
        case .succeeded: SlidingLogScripts.succeed
        }
    }
}

extension RedisError {
    /// Whether the next try may find Redis well: the scripts count a member once, so it is safe.
    ///
    /// - Parameter hasWaited: the try took all its time, so that Redis is late and not away.
    /// - Returns: whether to try again.
    fileprivate func mayPass(afterWaiting hasWaited: Bool) -> Bool {
        switch self {
        case .timedOut, .connectionLost, .poolExhausted: true
        case .connectionFailed: hasWaited
        case .protocolViolation, .breakerOpen, .closed, .server: false
        }
    }

    fileprivate var isOfConnecting: Bool {
        if case .connectionFailed = self { true } else { false }
    }
}

extension RateLimitDecision {
    /// Reads what the scripts answer: admitted, repeat, then for each limit what is used, and
    /// wait and reset in microseconds.
    init?(_ reply: Reply, _ limits: [RateLimit]) {
        guard let numbers = reply.array?.compactMap(\.integer),
            numbers.count == 2 + 3 * limits.count
        else { return nil }
        isAdmitted = numbers[0] == 1
        isRepeat = numbers[1] == 1
        source = .redis
        standings = limits.enumerated().map { index, limit in
            Standing(
                limit: limit,
                count: limit.count,
                used: Int(numbers[2 + 3 * index]),
                wait: .microseconds(numbers[3 + 3 * index]),
                reset: .microseconds(numbers[4 + 3 * index])
            )
        }
    }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}

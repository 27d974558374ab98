import Redis
import Resilience

extension RateLimiter {
    fileprivate struct Call {
        let script: Script
        let member: String
        let limits: [RateLimit]
        var age = Duration.zero
        /// Tells the tries of one question from other questions about the same attempt.
        var name = ""
    }

    enum Answer {
        case heard(RateLimitDecision, question: String)
        /// The local log is to decide; with a question's name, Redis may have counted by it all the same.
        case unheard(question: String?)
    }

    func askToReserve(
        _ member: String,
        in limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision {
        switch ask(SlidingLogScripts.reserve, member, limits, until: deadline) {
        case .unheard(let question):
            return withLocal { $0.reserve(member, in: limits, afterUnheard: question, at: $1) }
        case .heard(let decision, let question):
            let refusal = withLocal { $0.hear(decision, of: member, mayRefuse: true, at: $1) }
            guard let refusal else { return decision }
            _ = tell(.givenBack(question: question), member, limits, until: deadline)
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
        withLocal { $0.ask(in: limits, at: $1) }
        // A trip of its own: in one with the question, a script that the server has forgotten would
        // run after it.
        guard tell(of: limits, until: deadline) else {
            noteSilence()
            return .unheard(question: nil)
        }
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        let call = Call(script: script, member: member, limits: limits, name: name)
        do {
            let (replies, mayBeRepeated) = try send([call], until: deadline)
            if let decision = replies.first.flatMap({ RateLimitDecision($0, limits) }) {
                return .heard(decision, question: name)
            }
            noteSilence()
            return .unheard(question: mayBeRepeated ? name : nil)
        } catch {
            noteSilence()
            return .unheard(question: error.mayHaveTakenEffect ? name : nil)
        }
    }

    /// Tells Redis what became of an attempt: behind what it has to be told before, if there is such,
    /// and later if it gives no answer.
    ///
    /// - Returns: its answer; nil if it was told with others, or is told later.
    func tell(
        _ kind: UntoldEvent.Kind,
        _ member: String,
        _ limits: [RateLimit],
        until deadline: Deadline
    ) -> RateLimitDecision? {
        let isQueued = withLocal { local, now in
            let isQueued = local.hasUntold(of: limits)
            if isQueued { local.note(kind, member, in: limits, at: now) }
            return isQueued
        }
        if isQueued {
            if !tell(of: limits, until: deadline) { noteSilence() }
            return nil
        }
        let call = Call(kind, member, limits)
        if let reply = try? send([call], until: deadline).replies.first,
            let decision = RateLimitDecision(reply, limits)
        {
            return decision
        }
        noteSilence()
        withLocal { $0.note(kind, member, in: limits, at: $1) }
        return nil
    }

    /// Tells Redis all that it has to be told of some keys; one thread at a time, so that nothing of
    /// a key overtakes what has happened before.
    ///
    /// - Returns: whether nothing is left.
    private func tell(of limits: [RateLimit], until deadline: Deadline) -> Bool {
        guard withLocal({ local, _ in local.hasUntold(of: limits) }) else { return true }
        let keys = Set(limits.map(\.key))
        let limit = deadline.tightened(to: Self.patience(redis).reduce(.zero, +))
        return whileTelling(until: limit) {
            while true {
                let events = withLocal { $0.untold(of: keys, at: $1) }
                guard !events.isEmpty else { return true }
                guard tell(events, until: deadline) == events.count else { return false }
            }
        }
    }

    /// Tells Redis of events, in their order.
    ///
    /// - Returns: of how many; what it refuses is told again later.
    func tell(_ events: [UntoldEvent], until deadline: Deadline) -> Int {
        guard !events.isEmpty else { return 0 }
        let now = clock.now
        let calls = events.map { event in
            Call(event.kind, event.member, event.limits, age: now - event.time)
        }
        // A script that the server has forgotten would run after all others.
        let scripts = SlidingLogScripts.ofTelling.map { Command("SCRIPT", "LOAD", $0.source) }
        guard let replies = try? send(calls, after: scripts, until: deadline).replies else {
            return 0
        }
        let answers = zip(events, replies.dropFirst(scripts.count)).compactMap { event, reply in
            RateLimitDecision(reply, event.limits).map { (event, $0) }
        }
        withLocal { $0.told(answers, at: $1) }
        return answers.count
    }

    /// The scripts count a member once, so that each may be sent again.
    private func send(
        _ calls: [Call],
        after preparations: [Command] = [],
        until deadline: Deadline
    ) throws(RedisClient.Unanswered) -> (replies: [Reply], mayBeRepeated: Bool) {
        let commands =
            preparations
            + calls.map { call in
                Command.script(
                    call.script,
                    keys: call.limits.flatMap { [$0.key, $0.clearedKey] },
                    arguments: call.arguments
                )
            }
        return try redis.pipeline(commands, waiting: Self.patience(redis), until: deadline)
    }
}

extension RateLimiter.Call {
    fileprivate init(
        _ kind: UntoldEvent.Kind,
        _ member: String,
        _ limits: [RateLimit],
        age: Duration = .zero
    ) {
        self.init(script: kind.script, member: member, limits: limits, age: age)
        if case .givenBack(let question) = kind { name = question }
    }

    fileprivate var arguments: [any RedisArgument] {
        var arguments: [any RedisArgument] = [member, age.wholeMicroseconds, name]
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

import Resilience

/// The attempts that this process has admitted, as a value: what it decides by while Redis is away.
///
/// Each limit is divided by the number of processes and rounded up, so that all of them together
/// admit about the limit: neither open to card testing nor closed to everybody. What Redis admitted
/// for this process is known here too, so that a silence of Redis gives nobody a second set of
/// attempts, and what Redis admits while others are admitted here has to fit in with them. What it was
/// heard to count of other processes' attempts counts here as well, so that a silence does not admit
/// whom Redis has just refused.
struct LocalSlidingLog: Sendable {
    /// Events that are told in one trip at most.
    private static let tellLimit = 500

    private let processes: Int
    private var logs = AttemptLogs()

    init(processes: Int) {
        precondition(processes > 0, "limits are divided by at least one process")
        self.processes = processes
    }

    // MARK: With Redis

    /// Notes that Redis is about to be asked; `hear`, `reserve` or `commit` follows.
    mutating func ask(in limits: [RateLimit], at now: MonotonicTime) {
        update(limits, isNew: true, at: now) { log, _ in log.beginQuestion() }
    }

    /// Whether Redis has to be told of a key before it is asked, or told of anything else, about it.
    func hasUntold(of limits: [RateLimit]) -> Bool {
        limits.contains { logs.untoldKeys.contains($0.key) }
    }

    /// What Redis has to be told.
    ///
    /// - Parameters:
    ///   - keys: of which; nil for all.
    ///   - now: the time.
    /// - Returns: a trip's worth, in its order for each key.
    mutating func untold(of keys: Set<String>? = nil, at now: MonotonicTime) -> [UntoldEvent] {
        var events: [UntoldEvent] = []
        // In any order, so that what Redis refuses is not all that it is told.
        for key in keys.map(Array.init) ?? logs.untoldKeys.shuffled()
        where logs.untoldKeys.contains(key) {
            events += logs.log(of: key, at: now)?.untold.all ?? []
            if events.count >= Self.tellLimit { break }
        }
        return Array(events.prefix(Self.tellLimit))
    }

    /// Takes over what Redis has answered when it was told.
    mutating func told(_ answers: [(UntoldEvent, RateLimitDecision)], at now: MonotonicTime) {
        // The last answer is what it counts now; those before it may have been given between an
        // attempt and its giving back.
        var last: [RateLimit: Int] = [:]
        for (event, answer) in answers {
            for standing in answer.standings { last[standing.limit] = standing.used }
            update(event.limits, isNew: false, at: now) { log, _ in log.told(event) }
        }
        for (limit, used) in last {
            update([limit], isNew: false, at: now) { log, _ in
                log.questions.noteTold(used, of: limit)
            }
        }
    }

    /// Takes over what Redis has answered to a question.
    ///
    /// - Parameters:
    ///   - decision: the answer.
    ///   - member: the attempt.
    ///   - mayRefuse: whether what Redis has admitted has to fit in with what was admitted here
    ///     meanwhile, unless this process has admitted it before. A repeat has to only while there is
    ///     such: what it repeats may be refused.
    ///   - now: the time.
    /// - Returns: nil if the answer holds, or the refusal in place of it.
    mutating func hear(
        _ decision: RateLimitDecision,
        of member: String,
        mayRefuse: Bool,
        at now: MonotonicTime
    ) -> RateLimitDecision? {
        let limits = decision.standings.map(\.limit)
        var isOver = false
        var mustFit = !decision.isRepeat
        for standing in decision.standings {
            update([standing.limit], isNew: false, at: now) { log, _ in
                log.questions.note(standing.used, of: standing.limit)
                if log.hasUntoldEntries { mustFit = true }
                if standing.limit.isEnforced && log.isOver(standing.limit, at: now) {
                    isOver = true
                }
            }
        }
        let isRefused =
            mayRefuse && decision.isAdmitted && mustFit && isOver
            && !contains(member, limits, at: now)
        update(limits, isNew: false, at: now) { log, limits in
            if decision.isAdmitted && !isRefused { log.put(member, limits, at: now) }
            // What is refused here all the same is given back.
            let isCountedInVain = isRefused && !decision.isRepeat
            for standing in decision.standings where limits.contains(standing.limit) {
                let used = isCountedInVain ? standing.used - 1 : standing.used
                log.adjust(to: used, of: standing.limit, at: now)
            }
            log.questions.end()
        }
        return isRefused ? self.decision(false, false, limits, at: now) : nil
    }

    // MARK: Without Redis

    /// Decides by what this process knows.
    ///
    /// - Parameters:
    ///   - member: the attempt.
    ///   - limits: that it has to pass.
    ///   - question: the name of one that was asked about it, may have counted it and was not heard.
    ///   - now: the time.
    /// - Returns: how far the attempt is within its share of the limits.
    mutating func reserve(
        _ member: String,
        in limits: [RateLimit],
        afterUnheard question: String? = nil,
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let isRepeat = contains(member, limits, at: now)
        let hasRoom = limits.allSatisfy { !$0.isEnforced || room(in: $0, at: now) > 0 }
        let isNew = hasRoom && !isRepeat
        update(limits, isNew: isNew || question != nil, at: now) { log, limits in
            if isNew {
                log.putUntold(member, limits, at: now)
            } else if !isRepeat, let question {
                log.note(.givenBack(question: question), member, limits, at: now)
            }
            log.questions.end()
        }
        return decision(isRepeat || hasRoom, isRepeat, limits, at: now)
    }

    mutating func commit(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let isRepeat = contains(member, limits, at: now)
        update(limits, isNew: !isRepeat, at: now) { log, limits in
            if !isRepeat { log.putUntold(member, limits, at: now) }
            log.questions.end()
        }
        return decision(true, isRepeat, limits, at: now)
    }

    /// Keeps for Redis, which gave no answer, what became of an attempt.
    mutating func note(
        _ kind: UntoldEvent.Kind,
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) {
        update(limits, isNew: true, at: now) { log, limits in
            log.note(kind, member, limits, at: now)
        }
    }

    // MARK: With Redis or without

    mutating func cancel(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let wasThere = contains(member, limits, at: now)
        update(limits, isNew: false, at: now) { log, _ in log.remove(member) }
        return decision(true, wasThere, limits, at: now)
    }

    mutating func succeed(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let isRepeat = contains(member, limits, at: now)
        update(limits, isNew: false, at: now) { log, limits in
            if limits.contains(where: \.startsAnewAfterSuccess) {
                log.startAnew(limits, by: member)
            }
            if limits.contains(where: \.forgetsSuccess) { log.remove(member) }
        }
        return decision(true, isRepeat, limits, at: now)
    }

    // MARK: Reading

    /// Keys of which Redis has to be told, and logs that have given way before it was.
    var backlog: (keys: Int, lost: Int) { (logs.untoldKeys.count, logs.lost) }

    private func count(_ limit: RateLimit) -> Int {
        (limit.count + processes - 1) / processes
    }

    private mutating func contains(
        _ member: String,
        _ limits: [RateLimit],
        at now: MonotonicTime
    ) -> Bool {
        limits.contains { logs.log(of: $0.key, at: now)?.holds(member) ?? false }
    }

    private mutating func used(
        _ limit: RateLimit,
        at now: MonotonicTime
    ) -> ArraySlice<AttemptLog.Entry> {
        logs.log(of: limit.key, at: now)?.used(by: limit, at: now) ?? []
    }

    /// For how many attempts more.
    private mutating func room(in limit: RateLimit, at now: MonotonicTime) -> Int {
        logs.log(of: limit.key, at: now)?.room(in: count(limit), of: limit, at: now)
            ?? count(limit)
    }

    private mutating func decision(
        _ isAdmitted: Bool,
        _ isRepeat: Bool,
        _ limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let standings = limits.map { limit in
            let used = used(limit, at: now)
            let count = count(limit)
            let room = room(in: limit, at: now)
            func untilGone(_ index: Int) -> Duration {
                guard index >= 0, index < used.count else { return .zero }
                return max(.zero, limit.window - (now - used[used.startIndex + index].time))
            }
            let others = logs.log(of: limit.key, at: now)?.others.rest(of: limit, at: now)
            let wait: Duration =
                if room > 0 {
                    .zero
                } else if used.count >= count {
                    untilGone(used.count - count)
                } else {
                    others ?? .zero
                }
            return RateLimitDecision.Standing(
                limit: limit,
                count: count,
                used: max(used.count, count - max(0, room)),
                wait: wait,
                reset: used.isEmpty ? others ?? .zero : untilGone(0)
            )
        }
        return RateLimitDecision(
            isAdmitted: isAdmitted,
            isRepeat: isRepeat,
            standings: standings,
            source: .local
        )
    }

    // MARK: Changing

    /// Changes the log of each key, once, with the key's limits; with `isNew` also one that is not
    /// there yet.
    private mutating func update(
        _ limits: [RateLimit],
        isNew: Bool,
        at now: MonotonicTime,
        _ body: (inout AttemptLog, [RateLimit]) -> Void
    ) {
        for (key, limits) in Self.byKey(limits) {
            let retention = isNew ? limits.map(\.window).max() : nil
            logs.update(key, retention: retention, at: now) { body(&$0, limits) }
        }
    }

    private static func byKey(_ limits: [RateLimit]) -> [String: [RateLimit]] {
        Dictionary(grouping: limits, by: \.key)
    }
}

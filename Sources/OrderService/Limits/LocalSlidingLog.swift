import Resilience

/// The attempts that this process has admitted, as a value: what it decides by while Redis is away.
///
/// Each limit is divided by the number of processes and rounded up, so that all of them together
/// admit about the limit: neither open to card testing nor closed to everybody. What Redis admitted
/// for this process is known here too, so that a silence of Redis gives nobody a second set of
/// attempts, and what Redis admits while others are admitted here has to fit in with them.
struct LocalSlidingLog: Sendable {
    /// Keys whose events are told in one trip at most.
    private static let tellLimit = 256

    private let processes: Int
    private var logs = AttemptLogs()

    init(processes: Int) {
        precondition(processes > 0, "limits are divided by at least one process")
        self.processes = processes
    }

    // MARK: With Redis

    /// Notes that Redis is about to be asked; `hear`, `reserve` or `commit` follows.
    ///
    /// - Returns: what Redis has to be told before.
    mutating func ask(in limits: [RateLimit], at now: MonotonicTime) -> [UntoldEvent] {
        update(limits, isNew: logs.makeRoom(at: now), at: now) { log, _ in log.beginQuestion() }
        return untold(of: limits.map(\.key), at: now)
    }

    /// What Redis has to be told, in its order for each key; a trip's worth.
    mutating func untold(at now: MonotonicTime) -> [UntoldEvent] {
        untold(of: Array(logs.untoldKeys.prefix(Self.tellLimit)), at: now)
    }

    private mutating func untold(of keys: [String], at now: MonotonicTime) -> [UntoldEvent] {
        var events: [UntoldEvent] = []
        for key in Set(keys) where logs.untoldKeys.contains(key) {
            events += logs.log(of: key, at: now)?.untold.all ?? []
        }
        return events
    }

    /// Takes over what Redis has answered when it was told.
    mutating func told(
        _ events: [UntoldEvent],
        _ answers: [RateLimitDecision],
        at now: MonotonicTime
    ) {
        for (event, answer) in zip(events, answers) {
            update(event.limits, isNew: false, at: now) { log, _ in
                for standing in answer.standings { log.note(standing.used, of: standing.limit) }
                log.told(event)
            }
        }
    }

    /// Takes over what Redis has answered.
    ///
    /// - Parameters:
    ///   - decision: the answer.
    ///   - member: the attempt.
    ///   - isNew: whether it has to fit in with what was admitted here meanwhile, unless this process
    ///     has admitted it before. A repeat has to as well while there is such: what it repeats may
    ///     be refused.
    ///   - now: the time.
    /// - Returns: nil if the answer holds, or the refusal in place of it: the attempt is to be
    ///   cancelled in Redis.
    mutating func hear(
        _ decision: RateLimitDecision,
        of member: String,
        isNew: Bool,
        at now: MonotonicTime
    ) -> RateLimitDecision? {
        let limits = decision.standings.map(\.limit)
        var isOver = false
        var mustFit = isNew
        for standing in decision.standings {
            update([standing.limit], isNew: false, at: now) { log, _ in
                log.note(standing.used, of: standing.limit)
                if log.hasUntoldEntries { mustFit = true }
                if standing.limit.isEnforced && log.isOver(standing.limit, at: now) {
                    isOver = true
                }
            }
        }
        let isRefused =
            decision.isAdmitted && mustFit && isOver && !contains(member, limits, at: now)
        update(limits, isNew: false, at: now) { log, limits in
            if decision.isAdmitted && !isRefused { log.put(member, at: now) }
            for standing in decision.standings where limits.contains(standing.limit) {
                log.adjust(to: standing.used, of: standing.limit, at: now)
            }
            log.endQuestion()
        }
        return isRefused ? self.decision(false, false, limits, at: now) : nil
    }

    // MARK: Without Redis

    /// Decides by what this process knows.
    ///
    /// - Parameters:
    ///   - member: the attempt.
    ///   - limits: that it has to pass.
    ///   - mayCount: whether Redis may count it: it was asked, and was not heard.
    ///   - now: the time.
    /// - Returns: how far the attempt is within its share of the limits.
    mutating func reserve(
        _ member: String,
        in limits: [RateLimit],
        mayCount: Bool = false,
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let isRepeat = contains(member, limits, at: now)
        let canKeep = logs.makeRoom(at: now)
        let hasRoom =
            canKeep && limits.allSatisfy { !$0.isEnforced || used($0, at: now).count < count($0) }
        let isNew = hasRoom && !isRepeat
        update(limits, isNew: canKeep && (isNew || mayCount), at: now) { log, limits in
            if isNew {
                log.putUntold(member, limits, at: now)
            } else if !isRepeat && mayCount {
                log.note(.givenBack, member, limits, at: now)
            }
            log.endQuestion()
        }
        return decision(isRepeat || hasRoom, isRepeat, limits, at: now)
    }

    mutating func commit(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let isRepeat = contains(member, limits, at: now)
        let isNew = !isRepeat && logs.makeRoom(at: now)
        update(limits, isNew: isNew, at: now) { log, limits in
            if isNew { log.putUntold(member, limits, at: now) }
            log.endQuestion()
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
        update(limits, isNew: logs.makeRoom(at: now), at: now) { log, limits in
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
                log.startAnew(by: member, at: now)
            }
            if limits.contains(where: \.forgetsSuccess) { log.remove(member) }
        }
        return decision(true, isRepeat, limits, at: now)
    }

    // MARK: Reading

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

    private mutating func decision(
        _ isAdmitted: Bool,
        _ isRepeat: Bool,
        _ limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        let standings = limits.map { limit in
            let used = used(limit, at: now)
            let count = count(limit)
            func untilGone(_ index: Int) -> Duration {
                guard index >= 0, index < used.count else { return .zero }
                return max(.zero, limit.window - (now - used[used.startIndex + index].time))
            }
            return RateLimitDecision.Standing(
                limit: limit,
                count: count,
                used: used.count,
                wait: used.count >= count ? untilGone(used.count - count) : .zero,
                reset: untilGone(0)
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

import Resilience

/// The attempts that this process has seen while Redis was away, as a value.
///
/// Each limit is divided by the number of processes and rounded up, so that all of them together
/// admit about the limit: neither open to card testing nor closed to everybody.
struct LocalSlidingLog: Sendable {
    /// Logs kept at once; a new key is refused beyond it.
    static let keyLimit = 50_000

    private struct Entry {
        let member: String
        let time: MonotonicTime
    }

    private struct Log {
        var entries: [Entry] = []
        var retention: Duration
    }

    private let processes: Int
    private var logs: [String: Log] = [:]
    private var cleared: [String: MonotonicTime] = [:]
    private var clearedBy: [String: String] = [:]
    private var lastSweep: MonotonicTime?

    init(processes: Int) {
        precondition(processes > 0, "limits are divided by at least one process")
        self.processes = processes
    }

    mutating func reserve(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        forget(limits, at: now)
        let isRepeat = contains(member, limits)
        let hasRoom =
            limits.allSatisfy { !$0.isEnforced || used($0, at: now).count < count($0) }
            && makesRoom(for: limits, at: now)
        if !isRepeat && hasRoom { add(member, limits, at: now) }
        return decision(isRepeat || hasRoom, isRepeat, limits, at: now)
    }

    mutating func commit(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        forget(limits, at: now)
        let isRepeat = contains(member, limits)
        if !isRepeat && makesRoom(for: limits, at: now) { add(member, limits, at: now) }
        return decision(true, isRepeat, limits, at: now)
    }

    mutating func cancel(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        forget(limits, at: now)
        let wasThere = contains(member, limits)
        for limit in limits { remove(member, limit) }
        return decision(true, wasThere, limits, at: now)
    }

    mutating func succeed(
        _ member: String,
        in limits: [RateLimit],
        at now: MonotonicTime
    ) -> RateLimitDecision {
        forget(limits, at: now)
        let isRepeat = contains(member, limits)
        for limit in limits {
            if limit.startsAnewAfterSuccess, logs[limit.key] != nil,
                clearedBy[limit.key] != member
            {
                cleared[limit.key] = now
                clearedBy[limit.key] = member
            }
            if limit.forgetsSuccess { remove(member, limit) }
        }
        return decision(true, isRepeat, limits, at: now)
    }

    private func count(_ limit: RateLimit) -> Int {
        (limit.count + processes - 1) / processes
    }

    private func contains(_ member: String, _ limits: [RateLimit]) -> Bool {
        limits.contains { limit in
            logs[limit.key]?.entries.contains { $0.member == member } ?? false
        }
    }

    private func used(_ limit: RateLimit, at now: MonotonicTime) -> ArraySlice<Entry> {
        guard let entries = logs[limit.key]?.entries else { return [] }
        let start = limit.startsAnewAfterSuccess ? cleared[limit.key] : nil
        let first = entries.firstIndex { entry in
            now - entry.time < limit.window && start.map { entry.time > $0 } ?? true
        }
        return entries[(first ?? entries.endIndex)...]
    }

    private mutating func add(_ member: String, _ limits: [RateLimit], at now: MonotonicTime) {
        for (key, limits) in Dictionary(grouping: limits, by: \.key) {
            let retention = limits.map(\.window).max() ?? .zero
            logs[key, default: Log(retention: retention)].entries
                .append(Entry(member: member, time: now))
        }
    }

    private mutating func remove(_ member: String, _ limit: RateLimit) {
        logs[limit.key]?.entries.removeAll { $0.member == member }
    }

    /// Drops what no limit of these keys counts any more.
    private mutating func forget(_ limits: [RateLimit], at now: MonotonicTime) {
        for limit in limits { forget(limit.key, at: now) }
    }

    private mutating func forget(_ key: String, at now: MonotonicTime) {
        guard var log = logs.removeValue(forKey: key) else { return }
        log.entries.removeAll { now - $0.time >= log.retention }
        if log.entries.isEmpty {
            cleared[key] = nil
            clearedBy[key] = nil
        } else {
            logs[key] = log
        }
    }

    /// Whether the keys fit, once what is out of date has gone.
    private mutating func makesRoom(for limits: [RateLimit], at now: MonotonicTime) -> Bool {
        guard logs.count + limits.count > Self.keyLimit else { return true }
        // A flood of new keys must not have each of them walk over all the others.
        if lastSweep.map({ now - $0 >= .seconds(1) }) ?? true {
            lastSweep = now
            for key in Array(logs.keys) { forget(key, at: now) }
        }
        return logs.count + limits.count <= Self.keyLimit
    }

    private func decision(
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
}

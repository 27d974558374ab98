import Resilience

/// The attempts of one key that a process has admitted, oldest first, and what Redis does not know
/// of them.
struct AttemptLog: Sendable {
    struct Entry: Sendable {
        let member: String
        let time: MonotonicTime
        /// Whether it was admitted here alone, and Redis is still to be told.
        var isUntold: Bool
    }

    private(set) var entries: [Entry] = []

    /// What Redis has still to be told.
    private(set) var untold = UntoldEvents()

    /// How long an attempt is kept: the longest window of the key's limits.
    let retention: Duration

    /// Limits that start anew after a success count what is later.
    private var cleared: MonotonicTime?
    private var clearedBy: String?

    private var questionsUnderWay = 0

    /// Whether questions have been under way at once since there was none: the answers may then be
    /// heard in another order than Redis gave them.
    private var isContended = false

    /// The most that Redis has counted for each limit, by its name, since no question was under way.
    private var highestUsed: [String: Int] = [:]

    init(retention: Duration) {
        self.retention = retention
    }

    var hasUntoldEntries: Bool { entries.contains(where: \.isUntold) }

    var isEmpty: Bool { entries.isEmpty && untold.isEmpty && questionsUnderWay == 0 }

    /// Whether all that it knows stands in Redis as well.
    var isCopy: Bool { untold.isEmpty }

    func isOutOfDate(at now: MonotonicTime) -> Bool {
        entries.allSatisfy { now - $0.time >= retention }
            && untold.isOutOfDate(after: retention, at: now)
    }

    func holds(_ member: String) -> Bool {
        entries.contains { $0.member == member }
    }

    /// The attempts that count for a limit of this key now.
    func used(by limit: RateLimit, at now: MonotonicTime) -> ArraySlice<Entry> {
        let start = limit.startsAnewAfterSuccess ? cleared : nil
        let first = entries.firstIndex { entry in
            now - entry.time < limit.window && start.map { entry.time > $0 } ?? true
        }
        return entries[(first ?? entries.endIndex)...]
    }

    /// Enters an attempt that Redis counts, or says so of one that is there.
    mutating func put(_ member: String, at now: MonotonicTime) {
        untold.remove(.givenBack, of: member)
        if !confirm(member) {
            entries.append(Entry(member: member, time: now, isUntold: false))
        }
    }

    /// Says of an attempt that Redis counts it.
    ///
    /// - Returns: whether it is there.
    @discardableResult
    private mutating func confirm(_ member: String) -> Bool {
        guard let index = entries.firstIndex(where: { $0.member == member }) else { return false }
        entries[index].isUntold = false
        return true
    }

    /// Enters an attempt that was admitted here alone.
    mutating func putUntold(_ member: String, _ limits: [RateLimit], at now: MonotonicTime) {
        untold.remove(.givenBack, of: member)
        entries.append(Entry(member: member, time: now, isUntold: true))
        untold.append(.counted, member, limits, at: now)
    }

    /// Keeps for Redis what became of an attempt.
    mutating func note(
        _ kind: UntoldEvent.Kind,
        _ member: String,
        _ limits: [RateLimit],
        at now: MonotonicTime
    ) {
        if kind == .givenBack {
            // Admitted again meanwhile, or to be given back already.
            guard !holds(member) else { return }
            untold.remove(.givenBack, of: member)
        }
        untold.append(kind, member, limits, at: now)
    }

    /// Drops an event of which Redis has been told.
    mutating func told(_ event: UntoldEvent) {
        untold.remove(event)
        if event.kind == .counted { confirm(event.member) }
    }

    /// Drops an attempt; what Redis has not been told of it, it need not know any more.
    mutating func remove(_ member: String) {
        entries.removeAll { $0.member == member }
        untold.remove(.counted, of: member)
    }

    mutating func startAnew(by member: String, at now: MonotonicTime) {
        guard clearedBy != member else { return }
        cleared = now
        clearedBy = member
    }

    /// Drops what no limit counts any more.
    mutating func forget(at now: MonotonicTime) {
        entries.removeAll { now - $0.time >= retention }
        untold.forget(after: retention, at: now)
    }
}

// MARK: - Questions to Redis

extension AttemptLog {
    mutating func beginQuestion() {
        isContended = questionsUnderWay > 0
        if !isContended { highestUsed = [:] }
        questionsUnderWay += 1
    }

    mutating func endQuestion() {
        questionsUnderWay = max(0, questionsUnderWay - 1)
    }

    /// Notes how many attempts Redis counts for a limit, whatever it was asked.
    mutating func note(_ used: Int, of limit: RateLimit) {
        highestUsed[limit.name] = max(used, highestUsed[limit.name] ?? 0)
    }

    /// Whether Redis counts too many for a limit with those that it does not know: what it has just
    /// admitted has no room then.
    func isOver(_ limit: RateLimit, at now: MonotonicTime) -> Bool {
        let untold = used(by: limit, at: now).count(where: \.isUntold)
        return (highestUsed[limit.name] ?? 0) + untold > limit.count
    }

    /// Takes over from Redis how many attempts count for a limit, where it counts fewer: others have
    /// heard of successes and given attempts back.
    mutating func adjust(to used: Int, of limit: RateLimit, at now: MonotonicTime) {
        guard !isContended else { return }
        let copies = self.used(by: limit, at: now).filter { !$0.isUntold }
        guard copies.count > used else { return }
        let surplus = copies.prefix(copies.count - used)
        if limit.startsAnewAfterSuccess {
            cleared = surplus.last?.time
        } else {
            let gone = Set(surplus.map(\.member))
            entries.removeAll { gone.contains($0.member) }
        }
    }
}

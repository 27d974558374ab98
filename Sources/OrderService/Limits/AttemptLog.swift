import Resilience

/// The attempts of one key that a process has admitted, oldest first.
struct AttemptLog: Sendable {
    struct Entry: Sendable {
        let member: String
        let time: MonotonicTime
        /// Whether it was admitted here alone, and Redis is still to be told.
        var isUntold: Bool
    }

    private(set) var entries: [Entry] = []

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

    var isEmpty: Bool { entries.isEmpty && questionsUnderWay == 0 }

    /// Whether all that it knows stands in Redis as well.
    var isCopy: Bool { !entries.contains(where: \.isUntold) }

    func isOutOfDate(at now: MonotonicTime) -> Bool {
        entries.allSatisfy { now - $0.time >= retention }
    }

    /// The attempts that Redis has still to be told of.
    var untold: [String] { entries.filter(\.isUntold).map(\.member) }

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

    /// Enters an attempt, or says that Redis knows it now.
    mutating func put(_ member: String, isUntold: Bool, at now: MonotonicTime) {
        if let index = entries.firstIndex(where: { $0.member == member }) {
            if !isUntold { entries[index].isUntold = false }
        } else {
            entries.append(Entry(member: member, time: now, isUntold: isUntold))
        }
    }

    mutating func remove(_ member: String) {
        entries.removeAll { $0.member == member }
    }

    mutating func startAnew(by member: String, at now: MonotonicTime) {
        guard clearedBy != member else { return }
        cleared = now
        clearedBy = member
    }

    /// Drops what no limit counts any more.
    mutating func forget(at now: MonotonicTime) {
        entries.removeAll { now - $0.time >= retention }
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

import Resilience

/// The attempts of one key that a process has admitted, oldest first, and what Redis does not know
/// of them.
struct AttemptLog: Sendable {
    struct Entry: Sendable {
        /// In the order in which they came: the clock's ticks are longer than an attempt takes.
        let number: Int
        let member: String
        let time: MonotonicTime
        /// Whether it was admitted here alone, and Redis is still to be told.
        var isUntold: Bool
    }

    private(set) var entries: [Entry] = []
    private var nextNumber = 0

    /// What Redis has still to be told.
    private(set) var untold = UntoldEvents()

    /// The questions to Redis about this key.
    var questions = OverlappingQuestions()

    /// What Redis counts besides.
    private(set) var others = AttemptsOfOthers()

    /// How long an attempt is kept: the longest window of the key's limits.
    let retention: Duration

    /// Limits that start anew after a success count what has come later.
    private var firstCounted = 0
    private var clearedBy: String?

    init(retention: Duration) {
        self.retention = retention
    }

    var hasUntoldEntries: Bool { entries.contains(where: \.isUntold) }

    mutating func beginQuestion() {
        questions.begin(besideAdmissions: hasUntoldEntries)
    }

    var isEmpty: Bool {
        entries.isEmpty && untold.isEmpty && questions.isEmpty && others.isEmpty
    }

    func isOutOfDate(at now: MonotonicTime) -> Bool {
        entries.allSatisfy { now - $0.time >= retention }
            && untold.isOutOfDate(after: retention, at: now)
    }

    func holds(_ member: String) -> Bool {
        entries.contains { $0.member == member }
    }

    /// The attempts that count for a limit of this key now.
    func used(by limit: RateLimit, at now: MonotonicTime) -> ArraySlice<Entry> {
        let first = limit.startsAnewAfterSuccess ? firstCounted : 0
        let index = entries.firstIndex { $0.number >= first && now - $0.time < limit.window }
        return entries[(index ?? entries.endIndex)...]
    }

    /// Enters an attempt that Redis counts, or says so of one that is there.
    mutating func put(_ member: String, _ limits: [RateLimit], at now: MonotonicTime) {
        // Perhaps Redis is being told at this moment that it was given back.
        if untold.givesBack(member) {
            remove(member)
            putUntold(member, limits, at: now)
        } else if !confirm(member) {
            append(member, isUntold: false, at: now)
        }
    }

    /// Enters an attempt that was admitted here alone.
    mutating func putUntold(_ member: String, _ limits: [RateLimit], at now: MonotonicTime) {
        questions.noteAdmission()
        append(member, isUntold: true, at: now)
        untold.append(.counted, member, limits, at: now)
    }

    private mutating func append(_ member: String, isUntold: Bool, at now: MonotonicTime) {
        entries.append(
            Entry(number: nextNumber, member: member, time: now, isUntold: isUntold)
        )
        nextNumber += 1
    }

    /// Says of an attempt that Redis counts it.
    ///
    /// - Returns: whether it is there.
    @discardableResult
    private mutating func confirm(_ member: String) -> Bool {
        guard let index = entries.firstIndex(where: { $0.member == member }) else { return false }
        entries[index].isUntold = untold.counts(member)
        return true
    }

    /// Keeps for Redis what became of an attempt.
    mutating func note(
        _ kind: UntoldEvent.Kind,
        _ member: String,
        _ limits: [RateLimit],
        at now: MonotonicTime
    ) {
        // Admitted again meanwhile.
        if case .givenBack = kind, holds(member) { return }
        untold.append(kind, member, limits, at: now)
    }

    /// Drops an event of which Redis has been told.
    mutating func told(_ event: UntoldEvent) {
        untold.remove(event)
        if event.kind == .counted { confirm(event.member) }
    }

    mutating func remove(_ member: String) {
        entries.removeAll { $0.member == member }
    }

    /// Lets limits that start anew after a success count what comes from now on.
    mutating func startAnew(_ limits: [RateLimit], by member: String) {
        guard clearedBy != member else { return }
        firstCounted = nextNumber
        clearedBy = member
        for limit in limits where limit.startsAnewAfterSuccess { others.clear(limit) }
    }

    /// How many attempts more a share of a limit has room for, and the limit beside what others use of
    /// it; below 1 for none.
    func room(in share: Int, of limit: RateLimit, at now: MonotonicTime) -> Int {
        let used = used(by: limit, at: now)
        // What answers to questions that are under way with this one say is not among the others yet.
        let heard =
            questions.isEmpty
            ? 0 : questions.highestUsed(of: limit) + used.count(where: \.isUntold)
        let known = max(used.count + others.count(for: limit), heard)
        return min(share - used.count, limit.count - known)
    }

    /// Whether Redis counts too many for a limit with those that it does not know: what it has just
    /// admitted has no room then.
    func isOver(_ limit: RateLimit, at now: MonotonicTime) -> Bool {
        guard questions.areBesideAdmissions else { return false }
        let untold = used(by: limit, at: now).count(where: \.isUntold)
        return questions.highestUsed(of: limit) + untold > limit.count
    }

    /// Takes over from Redis how many attempts count for a limit: where it counts more, others have made
    /// them; where it counts fewer, others have heard of successes and given attempts back.
    mutating func adjust(to used: Int, of limit: RateLimit, at now: MonotonicTime) {
        let copies = self.used(by: limit, at: now).filter { !$0.isUntold }
        // Other answers may be heard in another order than Redis gave them, and what those under way
        // ask for may be counted already.
        let isExact = !questions.areContended
        let underWay = isExact ? 0 : questions.count - 1
        others.note(used - copies.count - underWay, of: limit, isExact: isExact, at: now)
        guard isExact, copies.count > used else { return }
        let surplus = copies.prefix(copies.count - used)
        if limit.startsAnewAfterSuccess {
            firstCounted = surplus.last.map { $0.number + 1 } ?? firstCounted
        } else {
            let gone = Set(surplus.map(\.number))
            entries.removeAll { gone.contains($0.number) }
        }
    }

    /// Drops what no limit counts any more.
    mutating func forget(at now: MonotonicTime) {
        entries.removeAll { now - $0.time >= retention }
        untold.forget(after: retention, at: now)
        others.forget(at: now)
    }
}

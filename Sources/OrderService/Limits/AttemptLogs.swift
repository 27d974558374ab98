import Resilience

/// The logs of all keys, of which a bounded number is kept.
///
/// Copies of what stands in Redis give way, those used least lately first; attempts that stand
/// nowhere else are kept for as long as they count.
struct AttemptLogs: Sendable {
    /// Logs kept at once.
    static let limit = 50_000
    private static let generation = limit / 2

    /// Those used since the last turn of generations, and those of the generation before.
    private var young: [String: AttemptLog] = [:]
    private var old: [String: AttemptLog] = [:]
    private var lastTurn: MonotonicTime?

    /// Keys whose logs have something for Redis.
    private(set) var untoldKeys: Set<String> = []

    /// The log of a key without what no limit counts any more; nil if nothing is left.
    mutating func log(of key: String, at now: MonotonicTime) -> AttemptLog? {
        take(key, at: now).map { log in
            young[key] = log
            return log
        }
    }

    /// Changes the log of a key, which is dropped if it is empty then.
    ///
    /// - Parameters:
    ///   - key: whose log.
    ///   - retention: of a new log; nil changes only a log that is there.
    ///   - now: the time.
    ///   - body: the change.
    mutating func update(
        _ key: String,
        retention: Duration?,
        at now: MonotonicTime,
        _ body: (inout AttemptLog) -> Void
    ) {
        guard var log = take(key, at: now) ?? retention.map(AttemptLog.init) else { return }
        body(&log)
        if !log.isEmpty { young[key] = log }
        if log.untold.isEmpty {
            untoldKeys.remove(key)
        } else {
            untoldKeys.insert(key)
        }
    }

    /// Makes room for a few new keys.
    ///
    /// - Returns: whether there is any.
    mutating func makeRoom(at now: MonotonicTime) -> Bool {
        guard young.count >= Self.generation else { return true }
        // A flood of new keys must not have each of them walk over all the others.
        if let lastTurn, now - lastTurn < .seconds(1) { return false }
        lastTurn = now
        let kept = old.filter { _, log in !log.isCopy && !log.isOutOfDate(at: now) }
        old = young
        young = kept
        untoldKeys = untoldKeys.filter { young[$0] != nil || old[$0] != nil }
        return young.count < Self.generation
    }

    private mutating func take(_ key: String, at now: MonotonicTime) -> AttemptLog? {
        guard var log = young.removeValue(forKey: key) ?? old.removeValue(forKey: key) else {
            return nil
        }
        log.forget(at: now)
        if log.untold.isEmpty { untoldKeys.remove(key) }
        return log.isEmpty ? nil : log
    }
}

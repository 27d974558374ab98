import Resilience

/// The logs of all keys, of which a bounded number is kept.
///
/// Those used least lately give way: first what is a copy of what stands in Redis; of attempts that
/// stand nowhere else only what a flood of new keys leaves no room for.
struct AttemptLogs: Sendable {
    /// Logs kept at once.
    static let limit = 50_000
    private static let generation = limit / 2

    /// Those used since the last turn of generations, and those of the generation before.
    private var young: [String: AttemptLog] = [:]
    private var old: [String: AttemptLog] = [:]

    /// Keys whose logs have something for Redis.
    private(set) var untoldKeys: Set<String> = []

    /// Logs of which Redis should have been told, and that have given way.
    private(set) var lost = 0

    /// The log of a key without what no limit counts any more; nil if nothing is left.
    mutating func log(of key: String, at now: MonotonicTime) -> AttemptLog? {
        guard let log = take(key, at: now) else { return nil }
        keep(log, of: key, at: now)
        return log
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
        if !log.isEmpty { keep(log, of: key, at: now) }
        if log.untold.isEmpty {
            untoldKeys.remove(key)
        } else {
            untoldKeys.insert(key)
        }
    }

    private mutating func keep(_ log: AttemptLog, of key: String, at now: MonotonicTime) {
        if young.count >= Self.generation { turn(at: now) }
        young[key] = log
    }

    /// Lets the generation before give way to the present one.
    private mutating func turn(at now: MonotonicTime) {
        var kept = old.filter { _, log in !log.untold.isEmpty && !log.isOutOfDate(at: now) }
        // A flood of new keys must not have each of them walk over all the others.
        if kept.count > Self.generation / 2 {
            lost += kept.count
            kept = [:]
        }
        old = young
        young = kept
        untoldKeys = untoldKeys.filter { young[$0] != nil || old[$0] != nil }
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

/// What Redis was asked to drop and has not confirmed, and since when it confirms nothing.
///
/// A server may answer reads and hold writes back, as Redis does during a failover (Redis, «FAILOVER»,
/// «CLIENT PAUSE»). What it does not drop then would be shown for as long as it lives.
///
/// A lease that may be left with nobody to hold it is dropped once more as well. By itself it is no reason
/// not to believe Redis, as it ends in time; that nothing can be dropped is.
struct UnconfirmedDrops: Sendable {
    /// Which addition was the last before something was sent: its answer confirms no later one.
    struct Mark: Sendable {
        fileprivate var additions: UInt64 = 0
    }

    /// By key, the last addition.
    private var entries: [[UInt8]: UInt64] = [:]
    private var leases: [[UInt8]: UInt64] = [:]
    private var since: ContinuousClock.Instant?
    private(set) var mark = Mark()

    /// How long nothing is confirmed before Redis is not believed any more.
    static let patience = Duration.milliseconds(400)
    /// As many keys are repeated at most.
    static let most = 1_000
    /// As many leases; others run out.
    static let mostLeases = 10_000

    /// Whether there is anything to be repeated.
    var isEmpty: Bool { since == nil && entries.isEmpty && leases.isEmpty }

    /// Keys of entries that may be stale.
    var keys: Set<[UInt8]> { Set(entries.keys) }

    /// Keys of entries whose leases may be nobody's.
    var leased: Set<[UInt8]> { Set(leases.keys) }

    /// Notes that a drop was not confirmed.
    ///
    /// - Returns: whether it is too many, or too long that none was: then nothing is to be believed. The
    ///   keys are kept all the same, unless they are too many, so that others may be spared them by the
    ///   first drop that comes through.
    mutating func add(_ unconfirmed: [[UInt8]], at now: ContinuousClock.Instant) -> Bool {
        mark.additions += 1
        for key in unconfirmed { entries[key] = mark.additions }
        let since = since ?? now
        let isTooMany = entries.count > Self.most
        if isTooMany { entries = [:] }
        guard !isTooMany, now - since < Self.patience else {
            self.since = nil
            return true
        }
        self.since = since
        return false
    }

    /// Notes that leases may be left, unless they are too many.
    mutating func add(leasesOf keys: [[UInt8]]) {
        guard leases.count + keys.count <= Self.mostLeases else { return }
        mark.additions += 1
        for key in keys { leases[key] = mark.additions }
    }

    /// Notes that a drop of entries and their leases was confirmed, whoever repeated it.
    ///
    /// - Parameters:
    ///   - confirmed: the entries' keys.
    ///   - sent: as `mark` was when it was sent.
    mutating func confirm(_ confirmed: some Sequence<[UInt8]>, sentAt sent: Mark) {
        guard !isEmpty else { return }
        for key in confirmed {
            if let addition = entries[key], addition <= sent.additions { entries[key] = nil }
            if let addition = leases[key], addition <= sent.additions { leases[key] = nil }
        }
        if entries.isEmpty { since = nil }
    }
}

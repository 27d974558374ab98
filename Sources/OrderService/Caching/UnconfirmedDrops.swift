/// What Redis was asked to drop and has not confirmed, and since when it confirms nothing.
///
/// A server may answer reads and hold writes back, as Redis does during a failover (Redis, «FAILOVER»,
/// «CLIENT PAUSE»). What it does not drop then would be shown for as long as it lives.
struct UnconfirmedDrops: Sendable {
    /// Keys of entries that may be stale.
    private(set) var keys: Set<[UInt8]> = []
    private var since: ContinuousClock.Instant?

    /// How long nothing is confirmed before Redis is not believed any more.
    static let patience = Duration.milliseconds(400)
    /// As many keys are repeated at most.
    static let most = 1_000

    /// Whether there is anything to be repeated.
    var isEmpty: Bool { since == nil && keys.isEmpty }

    /// Notes that a drop was not confirmed.
    ///
    /// - Returns: whether it is too many, or too long that none was: then nothing is to be believed. The
    ///   keys are kept all the same, unless they are too many, so that others may be spared them by the
    ///   first drop that comes through.
    mutating func add(_ unconfirmed: [[UInt8]], at now: ContinuousClock.Instant) -> Bool {
        keys.formUnion(unconfirmed)
        let since = since ?? now
        let isTooMany = keys.count > Self.most
        if isTooMany { keys = [] }
        guard !isTooMany, now - since < Self.patience else {
            self.since = nil
            return true
        }
        self.since = since
        return false
    }

    /// Notes that a drop was confirmed, whoever repeated it.
    mutating func confirm(_ confirmed: some Sequence<[UInt8]>) {
        guard !isEmpty else { return }
        keys.subtract(confirmed)
        if keys.isEmpty { since = nil }
    }
}

import Redis
import Resilience
import Signing

/// How an entry that is missing comes to be there.
extension LookUpCache {
    /// Ends a lease, if it is still one's own.
    ///
    /// KEYS: lease. ARGV: its token.
    private static let release = Script(
        """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
        """
    )

    static let leaseMilliseconds = 10_000

    /// How long another process's filling is waited for, and how often it is looked for.
    private static let patience = Duration.milliseconds(200)
    private static let interval = Duration.milliseconds(5)

    /// The one way of a look-up: asks for the entry, then for the lease; else loads, and stores under
    /// the lease.
    ///
    /// Of those who miss the same entry in this process one does it, and the others take what it has
    /// read since they came.
    ///
    /// - Parameters:
    ///   - cache: which cache.
    ///   - read: asks for the entry.
    ///   - key: what a change drops, together with its lease.
    ///   - flight: names the entry among those under the key; the key itself unless given.
    ///   - suffices: whether an entry of the cache is new enough for the client.
    ///   - isKnownMissing: whether it was asked for just now, and is not there.
    ///   - deadline: of the request.
    ///   - load: reads the record, under a lease whose token it is given if there is one.
    ///   - store: the script that stores an entry for the holder of a lease's token, and answers 1 if
    ///     it has; nil where the entry is not to be kept.
    /// - Returns: nil if `load` finds nothing.
    /// - Throws: what `load` throws.
    func filled(
        _ cache: CacheName,
        by read: Command,
        _ key: [UInt8],
        flight: [UInt8]? = nil,
        if suffices: (CacheEntry) -> Bool = { _ in true },
        isKnownMissing: Bool = false,
        until deadline: Deadline,
        load: (_ token: [UInt8]?) throws -> CacheEntry?,
        store: (_ entry: CacheEntry, _ token: [UInt8]) -> Command?
    ) throws -> CacheEntry? {
        let reply = isKnownMissing ? .null : replies(to: [read], until: deadline)?.first
        if let entry = Self.entry(reply), suffices(entry) {
            counts.noteRead(cache, entry)
            return entry.ifPresent
        }
        func fly() throws -> Landing {
            let lease =
                reply == nil
                ? Lease.none : lease(by: read, key, if: suffices, until: deadline)
            return try land(cache, lease, until: deadline, load, store)
        }
        let arrival = ContinuousClock.now
        // A flight whose reading began before one came is of no use; that of the next one is.
        for _ in 0..<2 {
            var isPilot = false
            do {
                let landing = try flights.run(flight ?? key, until: deadline) {
                    isPilot = true
                    return try fly()
                }
                if let landing,
                    isPilot || (landing.isTrue(since: arrival) && suffices(landing.entry))
                {
                    return landing.entry.ifPresent
                }
            } catch  where !isPilot {
                // Another's failure, perhaps for want of time.
            }
        }
        return try fly().entry.ifPresent
    }

    /// What a look-up came back with.
    struct Landing: Sendable {
        let entry: CacheEntry
        /// The last moment for which it is known to be true: when its reading from the record began,
        /// or its storing, where that succeeded, as no change came between.
        let trueAt: ContinuousClock.Instant?

        /// Whether it was read from the record, and not found in the cache.
        var isOfRecord: Bool { trueAt != nil }

        /// Whether it is true for somebody who has waited from `arrival` on.
        ///
        /// Whoever arrived later may know of a change.
        func isTrue(since arrival: ContinuousClock.Instant) -> Bool {
            trueAt.map { arrival <= $0 } ?? false
        }
    }

    /// What came of asking for a lease.
    private enum Lease {
        /// The right to store what is read from now on.
        case held(key: [UInt8], token: [UInt8], CacheTrust.Period)
        /// Somebody has stored the entry meanwhile.
        case filled(CacheEntry)
        /// Somebody else has it for longer than is waited, or Redis is away.
        case none
    }

    /// Takes the lease of an entry that is missing; where another process has it, the entry or the
    /// lease is waited for, unless that has been in vain just before.
    private func lease(
        by read: Command,
        _ key: [UInt8],
        if suffices: (CacheEntry) -> Bool,
        until deadline: Deadline
    ) -> Lease {
        let token = SecureRandom.bytes(16)
        let take = takeLease(of: key, token)
        let end = deadline.tightened(to: Self.patience)
        let period = trust.period
        var isWaiting = false
        var isVain = false
        defer { if isWaiting { leaseWaits.end(key, isVain: isVain) } }
        while let replies = replies(to: [read, take], until: deadline, leasing: [key]),
            replies.count == 2
        {
            let entry = Self.entry(replies[0])
            if let entry, suffices(entry) {
                if replies[1].isOK { release(key, token, until: deadline) }
                return .filled(entry)
            }
            if replies[1].isOK { return .held(key: key, token: token, period) }
            // Refused, as by a server that is full: nobody fills anything there.
            if replies[1].error != nil { break }
            // An entry that is there and too old for this client is being filled by nobody.
            guard entry == nil else { break }
            if !isWaiting { isWaiting = leaseWaits.begin(key) }
            isVain = end.isExpired
            guard isWaiting, !isVain else { break }
            Pause.block(Self.interval)
        }
        return .none
    }

    /// Takes the lease of an entry, unless somebody has it.
    func takeLease(of key: [UInt8], _ token: [UInt8]) -> Command {
        Command("SET", Self.leaseKey(key), token, "NX", "PX", Self.leaseMilliseconds)
    }

    private func land(
        _ cache: CacheName,
        _ lease: Lease,
        until deadline: Deadline,
        _ load: (_ token: [UInt8]?) throws -> CacheEntry?,
        _ store: (_ entry: CacheEntry, _ token: [UInt8]) -> Command?
    ) throws -> Landing {
        if case .filled(let entry) = lease {
            counts.noteRead(cache, entry)
            return Landing(entry: entry, trueAt: nil)
        }
        counts.noteRead(cache, nil)
        let start = ContinuousClock.now
        guard case .held(let key, let token, let period) = lease else {
            let entry = try load(nil) ?? .absent
            counts.noteFill(cache, isStored: false)
            return Landing(entry: entry, trueAt: start)
        }
        var isStored = false
        // Whoever comes next need not wait for the lease to run out.
        defer { if !isStored { release(key, token, until: deadline) } }
        let entry = try load(token) ?? .absent
        guard trust.period == period, let command = store(entry, token) else {
            return Landing(entry: entry, trueAt: start)
        }
        let end = ContinuousClock.now
        isStored = (try? redis.send(command, until: deadline))?.integer == 1
        counts.noteFill(cache, isStored: isStored)
        return Landing(entry: entry, trueAt: isStored ? end : start)
    }

    private func release(_ key: [UInt8], _ token: [UInt8], until deadline: Deadline) {
        do throws(RedisError) {
            _ = try redis.evaluate(
                Self.release,
                keys: [Self.leaseKey(key)],
                arguments: [token],
                until: Self.lastChance(deadline)
            )
        } catch {
            keep(leasesOf: [key])
        }
    }

    /// Time enough to end a lease, though the request's may be over.
    static func lastChance(_ deadline: Deadline) -> Deadline {
        max(deadline, .after(.milliseconds(50)))
    }

    static func entry(_ reply: Reply?) -> CacheEntry? {
        reply?.bytes.flatMap { CacheEntry(stored: $0) }
    }
}

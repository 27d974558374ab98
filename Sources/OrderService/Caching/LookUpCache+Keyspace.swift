import Redis
import Resilience

/// What the caches hold in all, for operators: how much, and away with it.
extension LookUpCache {
    /// What Redis holds of each cache.
    struct Holdings: Sendable {
        struct Share: Sendable, Equatable {
            var entries: Int64 = 0
            var bytes: Int64 = 0
        }

        /// By cache; estimated where `isEstimate`.
        let shares: [CacheName: Share]
        /// Whether only a part of the keys was looked at.
        let isEstimate: Bool
        /// Keys of all kinds at the server.
        let keys: Int64
        /// Bytes that all data of the server take.
        let usedBytes: Int64?
        /// Keys thrown out for want of memory since the server started; it does not say whose.
        let evictions: Int64?
    }

    /// How many keys are looked at before the rest is guessed.
    private static let sample = 2_000

    /// Looks at what there is, or at a sample of it; blocks on Redis.
    ///
    /// - Throws: `RedisError`.
    func holdings(until deadline: Deadline) throws -> Holdings {
        let replies = try redis.pipeline(
            [Command("DBSIZE"), Command("INFO", "memory"), Command("INFO", "stats")],
            until: deadline
        )
        let keys = replies.first?.integer ?? 0
        var seen: [[UInt8]] = []
        var cursor: [UInt8]? = RedisClient.scanStart
        while let position = cursor, seen.count < Self.sample {
            let found = try redis.scan(from: position, matching: "*", until: deadline)
            seen += found.keys
            cursor = found.next
        }
        let sizes = try redis.pipeline(
            seen.map { Command("MEMORY", "USAGE", $0, "SAMPLES", 5) },
            until: deadline
        )
        var shares: [CacheName: Holdings.Share] = [:]
        for (key, size) in zip(seen, sizes) {
            guard let name = CacheName(ofKey: key), let bytes = size.integer else { continue }
            shares[name, default: Holdings.Share()].entries += 1
            shares[name, default: Holdings.Share()].bytes += bytes
        }
        let isEstimate = cursor != nil
        if isEstimate, !seen.isEmpty {
            let factor = Double(keys) / Double(seen.count)
            shares = shares.mapValues { share in
                Holdings.Share(
                    entries: Int64((Double(share.entries) * factor).rounded()),
                    bytes: Int64((Double(share.bytes) * factor).rounded())
                )
            }
        }
        return Holdings(
            shares: shares,
            isEstimate: isEstimate,
            keys: keys,
            usedBytes: Self.number("used_memory", in: replies.dropFirst().first),
            evictions: Self.number("evicted_keys", in: replies.last)
        )
    }

    /// Drops one entry, or all pages of a history, with its lease; blocks on Redis.
    ///
    /// - Returns: whether there was one.
    /// - Throws: `RedisError`.
    func dropEntry(_ key: [UInt8], until deadline: Deadline) throws -> Bool {
        // The lease first: whoever has it could fill the entry again.
        _ = try redis.send(Command("UNLINK", Self.leaseKey(key)), until: deadline)
        return try redis.send(Command("UNLINK", key), until: deadline).integer == 1
    }

    /// Drops all entries of a cache and the leases of those who are filling it; blocks on Redis, for
    /// long where there are many keys.
    ///
    /// - Returns: how many entries there were.
    /// - Throws: `RedisError`; what was dropped by then is gone.
    func dropAll(of name: CacheName, until deadline: Deadline) throws -> Int64 {
        // The leases first: whoever has one from before can store no more what is dropped then.
        func dropAll(under prefix: [UInt8]) throws -> Int64 {
            let pattern = RedisClient.pattern(of: String(decoding: prefix, as: UTF8.self)) + "*"
            return try redis.unlinkAll(matching: pattern, until: deadline)
        }
        _ = try dropAll(under: Self.leaseKey(name.key([])))
        return try dropAll(under: name.key([]))
    }

    /// A number of the server's `INFO`.
    private static func number(_ name: String, in info: Reply?) -> Int64? {
        info?.string?.split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("\(name):") }
            .flatMap { Int64($0.dropFirst(name.count + 1)) }
    }
}

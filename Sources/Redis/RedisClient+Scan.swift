package import Resilience

/// Going through all keys of a server.
extension RedisClient {
    /// Where to begin.
    package static let scanStart = Array("0".utf8)

    private static let scanStep = 1_000

    /// One step over the keys; blocks.
    ///
    /// A key that is there from the first step to the last is found, maybe twice.
    ///
    /// - Parameters:
    ///   - cursor: `scanStart`, or what the step before told.
    ///   - pattern: that the keys fit, as `KEYS` has it; `pattern(of:)` for what is meant as it stands.
    ///   - deadline: the request's deadline.
    /// - Returns: the keys, maybe none, and where to go on; nil at the end.
    /// - Throws: `RedisError`.
    package func scan(
        from cursor: [UInt8],
        matching pattern: String,
        until deadline: Deadline
    ) throws(RedisError) -> (keys: [[UInt8]], next: [UInt8]?) {
        let reply = try send(
            Command("SCAN", cursor, "MATCH", pattern, "COUNT", Self.scanStep),
            until: deadline
        )
        guard let parts = reply.array, parts.count == 2, let next = parts[0].bytes else {
            throw .protocolViolation("no cursor")
        }
        let keys = (parts[1].array ?? []).compactMap(\.bytes)
        return (keys, next == Self.scanStart ? nil : next)
    }

    /// Removes all keys that fit a pattern; blocks, for long where the server has many.
    ///
    /// - Returns: how many there were.
    /// - Throws: `RedisError`; what was removed by then is gone.
    @discardableResult
    package func unlinkAll(
        matching pattern: String,
        until deadline: Deadline
    ) throws(RedisError) -> Int64 {
        var count: Int64 = 0
        var cursor: [UInt8]? = Self.scanStart
        while let position = cursor {
            let found = try scan(from: position, matching: pattern, until: deadline)
            if !found.keys.isEmpty {
                let reply = try send(Command("UNLINK", arguments: found.keys), until: deadline)
                count += reply.integer ?? 0
            }
            cursor = found.next
        }
        return count
    }

    /// The pattern that this text alone fits.
    package static func pattern(of text: String) -> String {
        text.reduce(into: "") { pattern, character in
            if "*?[]^-\\".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
    }
}

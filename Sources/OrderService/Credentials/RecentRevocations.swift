import Resilience
package import Signing
import Synchronization

/// The credentials that ended a short while ago, in the memory of the process: sessions and guests'
/// tokens, by the hash of their token.
///
/// Whatever Redis holds of one of these is not believed; MariaDB is asked. So a revocation counts as
/// soon as a process has learnt of it, also when Redis was away and comes back with what it had.
/// `RevocationWatch` brings what other processes have ended.
///
/// A look-up that finds nothing, which is nearly every one, reads one or two words and takes no lock.
package final class RecentRevocations: Sendable {
    /// For how long after its end a credential is listed.
    ///
    /// A copy of it may turn up for 60 s (the life of an entry) after it was stored, which whoever
    /// read it before the end may do 10 s later (the lease of `LookUpCache`); the rest is for
    /// transactions and clocks.
    static let window = Duration.seconds(120)
    /// If more than this end within the window, nothing in Redis is believed.
    static let capacity = 20_000

    private static let words = 1_024

    private struct State {
        /// Until when a credential is listed.
        var entries: [Digest: ContinuousClock.Instant] = [:]
        var isOverfull = false

        /// - Returns: whether there was anything new.
        mutating func add(
            _ tokenHashes: [Digest],
            until end: ContinuousClock.Instant
        ) -> Bool {
            var hasChanged = false
            for tokenHash in tokenHashes where entries[tokenHash] == nil {
                entries[tokenHash] = end
                hasChanged = true
            }
            let hasTurned = updateFullness()
            return hasTurned || hasChanged
        }

        mutating func removeExpired(at now: ContinuousClock.Instant) -> Bool {
            guard entries.values.contains(where: { $0 <= now }) else { return false }
            entries = entries.filter { $0.value > now }
            _ = updateFullness()
            return true
        }

        private mutating func updateFullness() -> Bool {
            let wasOverfull = isOverfull
            isOverfull = entries.count > RecentRevocations.capacity
            return isOverfull != wasOverfull
        }
    }

    // Two bits a credential. All ones if nothing is believed.
    private let filter = AtomicWords(count: RecentRevocations.words)
    private let state = Mutex(State())

    package init() {}

    /// Whether the credential has ended of late, so that only MariaDB knows what it is worth.
    package func lists(_ tokenHash: Digest) -> Bool {
        guard mayContain(tokenHash[word: 0]), mayContain(tokenHash[word: 1]) else { return false }
        return state.withLock { $0.isOverfull || $0.entries[tokenHash] != nil }
    }

    private func mayContain(_ part: UInt64) -> Bool {
        let (word, bit) = Self.place(part)
        return filter[word] & bit != 0
    }

    /// How many are listed.
    var count: Int { state.withLock { $0.entries.count } }

    /// Adds what has ended, and forgets what has been listed for long enough.
    func add(_ tokenHashes: [Digest], at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            let isFuller = state.add(tokenHashes, until: now + Self.window)
            let isEmptier = state.removeExpired(at: now)
            // Under the lock, so that of two changes the later one is what the words say.
            if isFuller || isEmptier { rebuild(state) }
        }
    }

    /// Writes each word once, as it is to be: no bit of a credential that stays is ever missing.
    private func rebuild(_ state: borrowing State) {
        var bits = [UInt64](repeating: state.isOverfull ? .max : 0, count: Self.words)
        for tokenHash in state.entries.keys {
            for index in 0...1 {
                let (word, bit) = Self.place(tokenHash[word: index])
                bits[word] |= bit
            }
        }
        for index in bits.indices { filter.store(bits[index], at: index) }
    }

    /// The word and the bit for a part of a hash, all of whose bits are as good as random.
    private static func place(_ part: UInt64) -> (word: Int, bit: UInt64) {
        (Int(truncatingIfNeeded: part >> 6) & (words - 1), 1 << (part & 63))
    }
}

import Signing
import Synchronization

/// Remembers which sessions are used, until a job writes it down.
///
/// Noting costs a request one word read if the session was noted before in the same period, and
/// a short lock if not. A process that dies loses one period, which is less than a minute.
package final class SessionUses: Sendable {
    private static let slots = 16_384
    /// More sessions than this in one period are left out; their next use may be noted.
    private static let capacity = 100_000

    // The last session noted in each slot. It saves the lock, and nothing depends on it: two
    // sessions of one slot are noted more often than needed.
    private let noted = AtomicWords(count: SessionUses.slots)
    private let pending = Mutex<Set<Digest>>([])

    init() {}

    /// Notes that the session was used just now.
    func note(_ tokenHash: Digest) {
        let slot = Int(truncatingIfNeeded: tokenHash[word: 0]) & (Self.slots - 1)
        // Never 0, which means nobody.
        let mark = tokenHash[word: 1] | 1
        guard noted[slot] != mark else { return }
        noted.store(mark, at: slot)
        insert([tokenHash])
    }

    /// Ends a period.
    ///
    /// - Returns: the sessions that were used in it.
    func take() -> [Digest] {
        let taken = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        // After the taking: who is noted between the two is noted again, who before is taken.
        for slot in 0..<noted.count { noted.store(0, at: slot) }
        return Array(taken)
    }

    /// Keeps for the next period what could not be written down.
    func giveBack(_ tokenHashes: [Digest]) {
        insert(tokenHashes)
    }

    private func insert(_ tokenHashes: [Digest]) {
        pending.withLock { pending in
            for tokenHash in tokenHashes where pending.count < Self.capacity {
                pending.insert(tokenHash)
            }
        }
    }
}

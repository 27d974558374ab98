import MariaDB
import Observability
package import Resilience
import Signing
import Synchronization
import Web

/// Notes the use of guests' tokens, for support to see; out of caches as well.
///
/// Noting costs a request a look at one word, and the first one of a minute a lock and a look into a
/// set; `flush` writes in batches, once a second or so. A process that dies loses what it had noted
/// since.
package final class GuestAccessLog: Sendable {
    /// Entries of one transaction.
    private static let batch = 512
    private static let slots = 4_096

    let store: GuestAccessStore
    private let clock: WallClock
    private let buffer = Mutex(GuestAccessBuffer())
    // The last token, route and minute of each slot: nearly every request of a page that looks again
    // and again ends here, without a lock that all workers share.
    private let noted = AtomicWords(count: GuestAccessLog.slots)

    init(store: GuestAccessStore, clock: WallClock, metrics: MetricsRegistry) {
        self.store = store
        self.clock = clock
        metrics.counter(
            "orderd_guest_accesses_dropped_total",
            help: "Uses of guests' tokens that are not on record, there being no room for them."
        ) { [weak self] in Double(self?.buffer.withLock { $0.dropped } ?? 0) }
    }

    /// Notes that a token was shown; once a minute for each route.
    ///
    /// - Parameters:
    ///   - access: the token's.
    ///   - route: method and pattern.
    ///   - request: that showed it.
    func note(_ access: GuestAccess, route: String, _ request: Request) {
        let now = clock.now
        let mark = Self.mark(access, route, at: now)
        let slot = Int(truncatingIfNeeded: mark >> 32) & (Self.slots - 1)
        guard noted[slot] != mark else { return }
        noted.store(mark, at: slot)
        guard buffer.withLock({ $0.isFirst(access.tokenHash, route, at: now) }) else { return }
        let entry = GuestAccessEntry(
            orderID: access.orderID,
            event: .tokenUsed,
            tokenHash: access.tokenHash,
            route: route,
            network: ClientNetwork(address: request.remoteAddress),
            at: now
        )
        buffer.withLock { $0.append(entry) }
    }

    /// 64 bits for a token, a route and a minute; never 0, which is nobody's.
    private static func mark(_ access: GuestAccess, _ route: String, at now: Timestamp) -> UInt64 {
        // FNV-1a over the route's bytes, from a part of the token's hash.
        let prime: UInt64 = 0x100_0000_01b3
        let start = access.tokenHash[word: 0] ^ UInt64(bitPattern: now.minute)
        return route.utf8.reduce(start) { ($0 ^ UInt64($1)) &* prime } | 1
    }

    /// Writes what has been noted; blocks on MariaDB.
    ///
    /// - Parameter deadline: for all of it; what is not written by then stays noted.
    /// - Returns: how many entries were written.
    /// - Throws: `MariaDBError`.
    @discardableResult
    package func flush(until deadline: Deadline) throws -> Int {
        var count = 0
        while true {
            let entries = buffer.withLock { $0.take(limit: Self.batch) }
            guard !entries.isEmpty else { return count }
            do {
                try store.insert(entries, until: deadline)
            } catch {
                buffer.withLock { $0.putBack(entries) }
                throw error
            }
            count += entries.count
            // What came meanwhile waits for the next time, or there would be a batch for each.
            guard entries.count == Self.batch else { return count }
        }
    }
}

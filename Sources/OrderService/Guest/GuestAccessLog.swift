import MariaDB
import Observability
package import Resilience
import Synchronization
import Web

/// Notes the use of guests' tokens, for support to see; out of caches as well.
///
/// Noting costs a request a look into a set and no trip anywhere; `flush` writes in batches, once a
/// second or so. A process that dies loses what it had noted since.
package final class GuestAccessLog: Sendable {
    /// Entries of one transaction.
    private static let batch = 512

    let store: GuestAccessStore
    private let clock: WallClock
    private let buffer = Mutex(GuestAccessBuffer())

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

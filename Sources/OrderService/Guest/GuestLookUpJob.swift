import Logging
import MariaDB
import Resilience
import Web

/// Finds out which orders look-ups mean, in the worker, where nobody measures how long it takes.
///
/// If number and e-mail address belong together, the event `guest.link.requested` asks the mailer
/// to send a link. Whatever became of a look-up, whoever made it is told nothing.
struct GuestLookUpJob: Sendable {
    static let lookUpRoute = "POST /v1/guest/lookup"
    private static let batch = 50

    let store: GuestLookUpStore
    let digests: GuestDigests
    let clock: WallClock
    private let logger = Logger(label: "orderd.guest")

    init(store: GuestLookUpStore, digests: GuestDigests, clock: WallClock) {
        self.store = store
        self.digests = digests
        self.clock = clock
    }

    /// Resolves what waits, each look-up in a transaction of its own; blocks on MariaDB.
    ///
    /// - Returns: how many were resolved; one that failed is tried again in the next round, until
    ///   it is over.
    /// - Throws: `MariaDBError` if the list cannot be read.
    func run(until deadline: Deadline) throws -> Int {
        var resolved = 0
        for rowID in try store.waiting(limit: Self.batch, until: deadline) {
            do {
                if try resolve(rowID, until: deadline) { resolved += 1 }
            } catch {
                logger.warning(
                    "a look-up is tried again later",
                    metadata: ["row": "\(rowID)", "error": "\(error)"]
                )
            }
        }
        return resolved
    }

    /// Resolves one look-up.
    ///
    /// - Returns: false if another worker has it.
    private func resolve(_ rowID: Int64, until deadline: Deadline) throws -> Bool {
        let now = clock.now
        return try store.database.transaction(class: .write, until: deadline) { transaction in
            guard let entry = try GuestLookUpStore.lockWaiting(rowID, in: &transaction) else {
                return false
            }
            let order = try order(of: entry, at: now, in: &transaction)
            let matches = order.map { digests.matches(entry.emailDigest, email: $0.email) } ?? false
            if let order {
                try note(entry, order, matches: matches, at: now, in: &transaction)
            }
            try GuestLookUpStore.resolve(
                rowID,
                as: matches ? order?.id : nil,
                at: now,
                in: &transaction
            )
            return true
        }
    }

    /// The order of the number, its row locked so that the event has its place among the order's.
    private func order(
        of entry: GuestLookUpStore.Entry,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Order? {
        guard entry.expiresAt > now, !entry.orderNumber.isEmpty else { return nil }
        return try transaction.query(
            """
            SELECT \(Order.columns) FROM orders
            WHERE number = \(entry.orderNumber) AND visible_at IS NOT NULL
                AND personal_data = 'whole' FOR UPDATE
            """
        ).first.map(Order.init)
    }

    private func note(
        _ entry: GuestLookUpStore.Entry,
        _ order: Order,
        matches: Bool,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let access = GuestAccessEntry(
            orderID: order.id,
            event: matches ? .lookedUp : .lookUpMismatched,
            tokenHash: nil,
            route: Self.lookUpRoute,
            network: entry.network,
            at: entry.requestedAt
        )
        try GuestAccessStore.insert([access], in: &transaction)
        guard matches else { return }
        let subject: JSON = [
            "id": .string(entry.publicID), "expiresAt": .string(entry.expiresAt.rfc3339),
        ]
        let message = OutboxMessage(
            channel: .event,
            topic: OutboxMessage.Topic.guestLinkRequested.rawValue,
            subject: ("lookup", subject)
        )
        try Outbox.insert([message], of: order, at: now, in: &transaction)
    }
}

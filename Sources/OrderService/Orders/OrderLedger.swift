import Commerce
package import MariaDB
package import Resilience

/// The one place where orders change: locks the row, writes the change with its history and
/// outbox, and drops what caches hold of the order.
package final class OrderLedger: Sendable {
    package let database: Database
    private let cache: LookUpCache
    private let clock: WallClock

    package init(database: Database, cache: LookUpCache, clock: WallClock) {
        self.database = database
        self.cache = cache
        self.clock = clock
    }

    /// Changes an order in one transaction; blocks on MariaDB and Redis.
    ///
    /// The body may run again after a deadlock, so it has no effect outside the transaction. If it
    /// changes nothing, nothing is written and no version is bumped.
    ///
    /// - Parameters:
    ///   - id: the order's id.
    ///   - actor: who causes the change, for the history.
    ///   - deadline: by which the change is committed, or fails.
    ///   - body: makes the change.
    /// - Returns: what `body` returned, and the order as it is now; nil if there is no such order.
    /// - Throws: what `body` throws, `MariaDBError`.
    @discardableResult
    package func change<Result>(
        _ id: Int64,
        by actor: String,
        until deadline: Deadline,
        _ body: (inout OrderChange, inout Transaction) throws -> Result
    ) throws -> (result: Result, order: Order)? {
        let now = clock.now
        var attempted: OrderChange?
        let written: (result: Result, change: OrderChange)?
        do {
            written = try database.transaction(class: .write, until: deadline) { transaction in
                attempted = nil
                let made = try make(id, actor, now, body, &transaction)
                attempted = made?.change
                return made
            }
        } catch MariaDBError.commitOutcomeUnknown(let failure) {
            // It may stand, and a drop too many costs nothing.
            if let attempted, attempted.hasChanged { dropCaches(after: attempted, until: deadline) }
            throw MariaDBError.commitOutcomeUnknown(failure)
        }
        guard let written else { return nil }
        if written.change.hasChanged {
            written.change.passCrashPoints(.after)
            dropCaches(after: written.change, until: deadline)
        }
        return (written.result, written.change.order)
    }

    /// Makes a change in a transaction; nil if there is no such order.
    private func make<Result>(
        _ id: Int64,
        _ actor: String,
        _ now: Timestamp,
        _ body: (inout OrderChange, inout Transaction) throws -> Result,
        _ transaction: inout Transaction
    ) throws -> (result: Result, change: OrderChange)? {
        let rows = try transaction.query(
            "SELECT \(Order.columns) FROM orders WHERE id = \(id) FOR UPDATE"
        )
        guard let order = try rows.first.map(Order.init) else { return nil }
        var change = OrderChange(order: order, actor: actor, now: now)
        let result = try body(&change, &transaction)
        guard change.hasChanged else { return (result, change) }
        change.seal()
        try Self.write(change, from: order, in: &transaction)
        change.passCrashPoints(.before)
        return (result, change)
    }

    private func dropCaches(after change: OrderChange, until deadline: Deadline) {
        dropCaches(of: change.order, invoices: change.changedInvoices, until: deadline)
    }

    private static func write(
        _ change: OrderChange,
        from before: Order,
        in transaction: inout Transaction
    ) throws {
        let order = change.order
        try transaction.execute(
            """
            UPDATE orders SET status = \(order.status.rawValue),
                payment_status = \(order.paymentStatus.rawValue),
                closing = \(order.closing?.rawValue), version = \(order.version),
                requires_verification = \(order.requiresVerification),
                client_address = \(order.clientNetwork?.text),
                updated_at = \(order.updatedAt), visible_at = \(order.visibleAt),
                expires_at = \(order.expiresAt)
            WHERE id = \(order.id) AND version = \(before.version)
            """
        )
        if !change.history.isEmpty {
            let entries = change.history.map { entry in
                [
                    order.id.sqlValue, order.version.sqlValue, entry.kind.sqlValue,
                    change.actor.sqlValue, entry.cause.sqlValue, entry.isPublic.sqlValue,
                    change.now.sqlValue,
                ]
            }
            try transaction.execute(
                """
                INSERT INTO order_events
                    (order_id, order_version, kind, actor, cause, is_public, occurred_at)
                VALUES \(rows: entries)
                """
            )
        }
        // The cache's row repeats the invalidation, should this process die before it.
        let drop = OutboxMessage(channel: .cache, topic: OutboxMessage.dropCaches)
        try Outbox.insert(change.messages + [drop], of: order, at: change.now, in: &transaction)
        if !change.changedInvoices.isEmpty {
            try Outbox.insert(
                InvoiceDrop(change.changedInvoices),
                orderID: order.id,
                at: change.now,
                in: &transaction
            )
        }
    }

    /// Drops all that caches hold of an order, and of those of its invoices that have changed.
    package func dropCaches(of order: Order, invoices: [String] = [], until deadline: Deadline) {
        cache.drop(
            Self.cacheKeys(orderID: order.id, userID: order.userID) + InvoiceDrop(invoices).keys,
            until: deadline
        )
    }

    /// The keys of all that caches hold of an order, the pages of its customer's history included.
    static func cacheKeys(orderID: Int64, userID: String?) -> [[UInt8]] {
        CacheName.ofOrders.map { $0.key(orderID) }
            + (userID.map { [CacheName.orderHistory.key($0)] } ?? [])
    }
}

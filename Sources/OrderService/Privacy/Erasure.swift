import MariaDB
import Redis
package import Resilience

/// Removes what is held of a person, as far as the law lets it go.
///
/// Orders stay, without the person; those that money came for keep whom their invoice is for. Each
/// order and each kind of row is a transaction of its own, in an order in which a run that was cut
/// short is completed by the next: what is found by an order goes before what the order is found by.
package struct Erasure: Sendable {
    let orders: SubjectOrders
    let reduction: OrderReduction
    let traces: ErasureStore
    let sessions: SessionAuthority
    let guests: GuestAccessAuthority
    let cache: LookUpCache
    let stateRedis: RedisClient
    let limits: PaymentLimits
    let clock: WallClock
    /// How long an order is needed for the accounts.
    let accounting: Duration

    private static let actor = "privacy"

    /// Erases, or says what it would do; blocks on MariaDB and Redis.
    ///
    /// It may be repeated.
    ///
    /// - Parameters:
    ///   - subject: whose data.
    ///   - account: who does it, `cli:<account>`, for the record.
    ///   - reason: why, for the record.
    ///   - skipsOpen: whether open orders are left alone and everything else is done; otherwise one
    ///     open order forbids it all.
    ///   - isDryRun: whether nothing is to be done.
    ///   - deadline: for all of it.
    /// - Returns: what was done.
    /// - Throws: `MariaDBError`.
    package func run(
        _ subject: DataSubject,
        by account: String,
        reason: String,
        skipsOpen: Bool,
        isDryRun: Bool,
        until deadline: Deadline
    ) throws -> ErasureReport {
        var report = ErasureReport(subject: subject, isDryRun: isDryRun)
        let items = try orders.all(of: subject, until: deadline)
        report.customers = try orders.customers(withAddress: subject, until: deadline)
        let closed = try items.filter { item in
            guard case .open(let obstacle)? = try reduce(item, isDryRun: true, until: deadline)
            else { return true }
            report.open.append(.init(id: item.id, number: item.number, obstacle: obstacle))
            return false
        }
        guard report.open.isEmpty || skipsOpen else { return report }
        report.isCarriedOut = true
        // Who is signed in could order meanwhile.
        if !isDryRun, let id = subject.userID {
            _ = try sessions.revokeAll(userID: id, until: deadline)
        }
        for item in closed { try erase(item, by: account, &report, until: deadline) }
        try eraseCheckouts(of: subject, &report, until: deadline)
        try eraseTraces(of: subject, keeping: report.open.map(\.id), &report, until: deadline)
        guard !isDryRun else { return report }
        report.isRedisClean = dropKeys(of: subject, until: deadline) && report.isRedisClean
        try traces.record(report, by: account, reason: reason, until: deadline)
        return report
    }

    private func reduce(
        _ item: SubjectOrders.Item,
        isDryRun: Bool,
        until deadline: Deadline
    ) throws -> OrderReduction.Result? {
        try reduction.reduce(
            item.id,
            unneededBefore: clock.now - accounting,
            isDryRun: isDryRun,
            by: Self.actor,
            until: deadline
        )
    }

    private func erase(
        _ item: SubjectOrders.Item,
        by account: String,
        _ report: inout ErasureReport,
        until deadline: Deadline
    ) throws {
        report.count(
            "guestTokens",
            report.isDryRun
                ? try traces.liveGuestTokens(of: item.id, until: deadline)
                : try guests.revokeAll(of: item.id, by: account, until: deadline)
        )
        let ids = try orders.providerIDs(of: item.id, until: deadline)
        try apply(
            ErasureStore.tracesOfOrder(item, providerIDs: ids),
            &report,
            until: deadline
        )
        try drop(checkout: item.checkoutSessionID, &report, until: deadline)
        switch try reduce(item, isDryRun: report.isDryRun, until: deadline) {
        case .reduced(.invoice): report.count("ordersKeptForInvoice", 1)
        case .reduced: report.count("ordersErased", 1)
        case .unchanged: report.count("ordersErasedBefore", 1)
        // It has moved since it was asked.
        case .open(let obstacle):
            report.open.append(.init(id: item.id, number: item.number, obstacle: obstacle))
        case nil: break
        }
    }

    /// Removes checkouts that became no order.
    private func eraseCheckouts(
        of subject: DataSubject,
        _ report: inout ErasureReport,
        until deadline: Deadline
    ) throws {
        for id in try traces.checkouts(of: subject, until: deadline) {
            try apply(ErasureStore.tracesOfCheckout(id), &report, until: deadline)
            try drop(checkout: id, &report, until: deadline)
        }
    }

    /// Drops the copy of a checkout that is gone.
    private func drop(
        checkout id: String,
        _ report: inout ErasureReport,
        until deadline: Deadline
    ) throws {
        guard !report.isDryRun else { return }
        if !cache.drop(CheckoutDrop(id).keys, until: deadline) {
            report.isRedisClean = false
        }
    }

    private func apply(
        _ found: [ErasureStore.Trace],
        _ report: inout ErasureReport,
        until deadline: Deadline
    ) throws {
        for trace in found {
            report.count(
                trace.name,
                try traces.apply(trace, isDryRun: report.isDryRun, until: deadline)
            )
        }
    }

    /// Removes what belongs to no order, and last of all the customer.
    private func eraseTraces(
        of subject: DataSubject,
        keeping open: [Int64],
        _ report: inout ErasureReport,
        until deadline: Deadline
    ) throws {
        try apply(traces.traces(of: subject), &report, until: deadline)
        guard let id = subject.userID, open.isEmpty else { return }
        if !report.isDryRun {
            for item in try orders.all(of: subject, until: deadline) {
                try reduction.unlink(item.id, by: Self.actor, until: deadline)
            }
        }
        let customer = ErasureStore.customer(id)
        report.count(
            customer.name,
            try traces.apply(customer, isDryRun: report.isDryRun, until: deadline)
        )
    }

    /// Drops the person's keys in Redis; tells whether both have confirmed it.
    private func dropKeys(of subject: DataSubject, until deadline: Deadline) -> Bool {
        let isStateClean = (try? dropAttempts(of: subject, until: deadline)) != nil
        guard let id = subject.userID else { return isStateClean }
        let ofCustomer = [CacheName.cart.key(id), CacheName.orderHistory.key(id)]
        return cache.drop(ofCustomer, until: deadline) && isStateClean
    }

    /// Drops the counts of the person's attempts to pay, and what is kept of each attempt.
    private func dropAttempts(
        of subject: DataSubject,
        until deadline: Deadline
    ) throws(RedisError) {
        let counts = limits.limits(of: subject.payer)
        let keys = counts.flatMap { [$0.key, $0.clearedKey] }
        _ = try stateRedis.send(Command("UNLINK", arguments: keys), until: deadline)
        for pattern in Set(counts.flatMap(\.patternsOfAttempts)) {
            try stateRedis.unlinkAll(matching: pattern, until: deadline)
        }
    }
}

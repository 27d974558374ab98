import Logging
import MariaDB
import Resilience

/// Keeps to the table of retention, in batches: each is a transaction of its own, so a run that is
/// cut short goes on where it was, whoever runs next.
struct RetentionJob: Sendable {
    let database: Database
    let store: RetentionStore
    let orders: OrderReduction
    let clock: WallClock
    let periods: Settings.Retention
    private let logger = Logger(label: "orderd.retention")

    init(
        database: Database,
        store: RetentionStore,
        orders: OrderReduction,
        clock: WallClock,
        periods: Settings.Retention
    ) {
        self.database = database
        self.store = store
        self.orders = orders
        self.clock = clock
        self.periods = periods
    }

    /// Rows that one statement removes.
    private static let batch = 1_000
    /// Orders that one batch goes through, one by one.
    private static let orderBatch = 100
    private static let actor = "retention"

    /// Removes a batch of every class that has something to remove; blocks on MariaDB.
    ///
    /// - Parameter deadline: of the round; classes that it leaves no time for wait for the next.
    /// - Returns: how many rows went.
    /// - Throws: `MariaDBError` of the first class that failed, after all were tried.
    func run(until deadline: Deadline) throws -> Int {
        var removed = 0
        var failure: (any Error)?
        for rule in RetentionRule.all where !deadline.isExpired {
            do {
                removed += try keep(to: rule, until: deadline)
            } catch {
                logger.error(
                    "a class of data was not gone through",
                    metadata: ["class": "\(rule.name)", "error": "\(error)"]
                )
                failure = failure ?? error
            }
        }
        // What goes on failing must not be tried without a pause.
        if let failure { throw failure }
        return removed
    }

    private func keep(to rule: RetentionRule, until deadline: Deadline) throws -> Int {
        guard let cutoff = rule.cutoff(periods, at: clock.now) else { return 0 }
        let removed =
            switch rule.work {
            case .statement(let statement):
                Int(
                    try database.execute(
                        statement(cutoff, Self.batch),
                        class: .job,
                        until: deadline
                    ).affectedRows
                )
            case .orders(let statement):
                try reduce(statement(cutoff, Self.orderBatch), until: deadline)
            case .nothing: 0
            }
        if let oldest = rule.oldest {
            let row = try database.query(oldest, class: .job, until: deadline).first
            try store.note(
                rule.name,
                removed: removed,
                oldest: try row?.optionalTimestamp("oldest"),
                until: deadline
            )
        }
        return removed
    }

    private func reduce(_ statement: SQL, until deadline: Deadline) throws -> Int {
        let rows = try database.query(statement, class: .job, until: deadline)
        var removed = 0
        for row in rows where !deadline.isExpired {
            let result = try orders.reduce(
                try row.int64("id"),
                unneededBefore: clock.now - periods.accounting,
                by: Self.actor,
                until: deadline
            )
            if case .reduced? = result { removed += 1 }
        }
        return removed
    }
}

import Commerce
import MariaDB
import Resilience

/// Begins to close orders whose payment deadline has passed.
struct ExpiryJob: Sendable {
    let database: Database
    let clock: WallClock
    let closing: OrderClosing

    private static let batch = 50

    /// Closes what is due; blocks on MariaDB.
    ///
    /// - Returns: how many orders were taken.
    func run(until deadline: Deadline) throws -> Int {
        let rows = try database.query(
            """
            SELECT id FROM orders
            WHERE expires_at <= \(clock.now) AND status = \(OrderStatus.awaitingPayment.rawValue)
                AND closing IS NULL AND visible_at IS NOT NULL
            ORDER BY expires_at LIMIT \(Self.batch)
            """,
            class: .job,
            until: deadline
        )
        var count = 0
        for row in rows {
            do {
                try closing.begin(
                    try row.int64("id"),
                    .expire,
                    by: "worker",
                    cause: "the payment deadline has passed",
                    isStaff: true,
                    until: deadline
                )
                count += 1
            } catch is IllegalTransition {
                // It was paid, or cancelled, since the list was read.
            }
        }
        return count
    }
}

import Commerce
import MariaDB
import Resilience

/// Begins to close orders whose deadline has passed.
struct ExpiryJob: Sendable {
    let database: Database
    let clock: WallClock
    let closing: OrderClosing

    private static let batch = 50
    /// How much longer an order waits whose payment the bank is still working on.
    private static let grace = Duration.seconds(900)

    /// Closes what is due; blocks on MariaDB.
    ///
    /// - Returns: how many orders were taken.
    func run(until deadline: Deadline) throws -> Int {
        let rows = try database.query(
            """
            SELECT id, payment_status FROM orders
            WHERE expires_at <= \(clock.now) AND closing IS NULL AND visible_at IS NOT NULL
                AND (status = 'awaiting_payment'
                    OR status = 'payment_review' AND payment_status = 'authorized')
            ORDER BY expires_at LIMIT \(Self.batch)
            """,
            class: .job,
            until: deadline
        )
        var count = 0
        for row in rows {
            let id = try row.int64("id")
            if try row.string("payment_status") == PaymentStatus.processing.rawValue {
                try putOff(id, until: deadline)
            } else if try closing.beginOverdue(id, by: "worker", until: deadline) {
                count += 1
            }
        }
        return count
    }

    /// Gives a payment that is still processing more time, and its stock with it.
    private func putOff(_ id: Int64, until deadline: Deadline) throws {
        try closing.ledger.change(id, by: "worker", until: deadline) { change, _ in
            guard change.order.closing == nil, change.order.paymentStatus == .processing else {
                return
            }
            change.moveDeadline(to: change.now + Self.grace, holdsStock: true)
            change.record("order.deadline_extended", cause: "the payment is processing")
        }
    }
}

import Commerce
import MariaDB
import Resilience

/// The reservations' rows.
struct ReservationStore: Sendable {
    let database: Database
    let ledger: OrderLedger

    struct Reservation: Sendable {
        let id: Int64
        let key: String
        let status: ReservationStatus
    }

    /// The reservation of an order that still stands; nil if there is none.
    func live(of orderID: Int64, until deadline: Deadline) throws -> Reservation? {
        try database.query(
            """
            SELECT id, reservation_key, status FROM reservations WHERE live_order_id = \(orderID)
            """,
            until: deadline
        ).first.map { row in
            Reservation(
                id: try row.int64("id"),
                key: try row.string("reservation_key"),
                status: try row.word("status", ReservationStatus.init(rawValue:))
            )
        }
    }

    /// Notes what became of a reservation.
    func set(
        _ status: ReservationStatus,
        of orderID: Int64,
        reservation id: Int64,
        until deadline: Deadline
    ) throws {
        try ledger.change(orderID, by: "worker", until: deadline) { change, transaction in
            try transaction.execute(
                """
                UPDATE reservations SET status = \(status.rawValue), updated_at = \(change.now),
                    version = version + 1
                WHERE id = \(id)
                """
            )
            change.record("reservation.\(status.rawValue)")
            // Sold, and not there: somebody has to look, before anything is sent.
            if status == .lost, change.order.status.allowedEvents.contains(.reviewStock) {
                try change.apply(.reviewStock, cause: "the stock could not be committed")
            }
        }
    }
}

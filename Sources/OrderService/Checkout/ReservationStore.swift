import Commerce
import Logging
import MariaDB
import Resilience

/// The reservations' rows.
struct ReservationStore: Sendable {
    let database: Database
    let ledger: OrderLedger

    private static let logger = Logger(label: "orderd.reservations")

    struct Reservation: Sendable {
        let id: Int64
        let key: IdempotencyKey
        let status: ReservationStatus
        /// Until when product-service is known to hold the stock; nil if nothing is known.
        let expiresAt: Timestamp?
    }

    /// Our key at product-service; one order reserves once.
    static func key(of orderID: Int64) -> IdempotencyKey { IdempotencyKey("order", orderID) }

    /// The reservation of an order that still stands; nil if there is none.
    func live(of orderID: Int64, until deadline: Deadline) throws -> Reservation? {
        try database.query(
            """
            SELECT id, reservation_key, status, expires_at FROM reservations
            WHERE live_order_id = \(orderID)
            """,
            until: deadline
        ).first.map { row in
            Reservation(
                id: try row.int64("id"),
                key: try row.word("reservation_key", IdempotencyKey.init(_:)),
                status: try row.word("status", ReservationStatus.init(rawValue:)),
                expiresAt: try row.optionalTimestamp("expires_at")
            )
        }
    }

    /// Notes until when product-service holds the stock.
    func setExpiry(
        _ time: Timestamp,
        of reservation: Reservation,
        until deadline: Deadline
    ) throws {
        try database.execute(
            """
            UPDATE reservations SET expires_at = \(time), version = version + 1
            WHERE id = \(reservation.id) AND status = 'held'
            """,
            until: deadline
        )
    }

    /// Puts an optimistic reservation under a new key in the place of one that has run out, for
    /// the worker to verify; an order that ends needs none, and its own is noted as given back.
    ///
    /// - Throws: `IllegalTransition` of one that has ended, `MariaDBError`.
    func replace(
        _ reservation: Reservation,
        of orderID: Int64,
        until deadline: Deadline
    ) throws {
        let status = try reservation.status.after(.replace)
        try ledger.change(orderID, by: "worker", until: deadline) { change, transaction in
            guard !change.order.isEnding else {
                _ = try Self.note(.release, reservation, heldFor: nil, &change, &transaction)
                return
            }
            guard try Self.move(reservation, to: status, at: change.now, in: &transaction)
            else { return }
            // Not within the insertion: MariaDB refuses a prepared one that counts, from its second
            // time on (error 1140).
            let number =
                try transaction.query(
                    "SELECT COUNT(*) AS number FROM reservations WHERE order_id = \(orderID)"
                ).first?.int("number") ?? 0
            let key = IdempotencyKey(Self.key(of: orderID), attempt: number + 1)
            try transaction.execute(
                """
                INSERT INTO reservations (order_id, reservation_key, status,
                    requires_verification, created_at, updated_at)
                VALUES (\(orderID), \(key.description), 'optimistic', TRUE, \(change.now),
                    \(change.now))
                """
            )
            change.setRequiresVerification(true)
            change.record("reservation.replaced", cause: "it had run out")
            change.schedule(.verifyReservation)
        }
    }

    /// Notes what became of a reservation, unless somebody else has moved it since it was read.
    ///
    /// The stock of an order that ends is not lost: whoever ends it has given it back a moment ago,
    /// and has not noted it yet.
    ///
    /// - Parameters:
    ///   - event: what became of it.
    ///   - orderID: the order's.
    ///   - reservation: as it was read.
    ///   - life: how long product-service holds the stock from now on; nil if that is as it was.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: whether nobody had; else nothing has changed.
    /// - Throws: `IllegalTransition` of one that has ended, `MariaDBError`.
    @discardableResult
    func note(
        _ event: ReservationEvent,
        of orderID: Int64,
        _ reservation: Reservation,
        heldFor life: Duration? = nil,
        until deadline: Deadline
    ) throws -> Bool {
        let noted = try ledger.change(orderID, by: "worker", until: deadline) {
            change,
            transaction in
            let isGivenBack = event == .lose && change.order.isEnding
            return try Self.note(
                isGivenBack ? .release : event,
                reservation,
                heldFor: life,
                &change,
                &transaction
            )
        }?.result
        if noted == .lost {
            Self.logger.error(
                "the stock of an order is gone",
                metadata: ["orderId": "\(orderID)", "reservation": "\(reservation.key)"]
            )
        }
        return noted != nil
    }

    /// Moves a reservation within a change of its order, with what follows for that.
    ///
    /// - Returns: its status now; nil if somebody has moved it since it was read.
    private static func note(
        _ event: ReservationEvent,
        _ reservation: Reservation,
        heldFor life: Duration?,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> ReservationStatus? {
        let status = try reservation.status.after(event)
        guard try move(reservation, to: status, at: change.now, in: &transaction) else {
            return nil
        }
        if let life {
            try transaction.execute(
                """
                UPDATE reservations SET expires_at = \(change.now + life)
                WHERE id = \(reservation.id)
                """
            )
        }
        // What a cached cart held nobody can verify; its stock now is.
        if change.order.requiresVerification {
            change.setRequiresVerification(change.order.fromCache)
        }
        change.record("reservation.\(status.rawValue)")
        switch status {
        case .held
        where change.order.status == .paymentReview || change.order.paymentStatus == .authorized:
            // It was reserved for as long as a payment takes; a review or a capture may take longer.
            change.schedule(.extendReservation)
            change.schedule(.capturePayment)
        case .held where change.order.status.isGoingOut:
            // It was sold, and the first reservation had run out.
            change.schedule(.commitReservation)
        case .lost: try giveUp(&change)
        default: break
        }
        return status
    }

    /// Writes a move of the table from the status that was read, and from no other.
    ///
    /// - Returns: whether nobody had moved it since.
    private static func move(
        _ reservation: Reservation,
        to status: ReservationStatus,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE reservations SET status = \(status.rawValue), requires_verification = FALSE,
                updated_at = \(now), version = version + 1
            WHERE id = \(reservation.id) AND status = \(reservation.status.rawValue)
            """
        ).affectedRows == 1
    }

    /// Ends an order without stock that nobody has paid; a sold one somebody has to look at before
    /// anything is sent.
    private static func giveUp(_ change: inout OrderChange) throws {
        let cause = "the stock is gone"
        if !change.order.paymentStatus.isSettled, change.order.closing == nil,
            change.allows(.reject)
        {
            change.setClosing(.reject)
            change.record("order.closing", cause: cause)
            change.schedule(.closeOrder)
        } else if change.allows(.reviewStock) {
            try change.apply(.reviewStock, cause: cause)
        }
    }
}

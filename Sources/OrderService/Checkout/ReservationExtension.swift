import Commerce
import MariaDB
import Resilience

/// Holds the stock of an order for as long as it may be paid, where that has become later than
/// was planned: a payment that could be started only after an outage, or is still processing; and
/// for as long as somebody looks at it.
struct ReservationExtension: Sendable {
    let orders: OrderStore
    let reservations: ReservationStore
    let reviews: FraudReviewStore
    let products: ProductServiceClient
    let clock: WallClock
    /// How much longer than the payment's deadline stock is held.
    let margin: Duration

    /// Extends the reservation of an order to its deadline and the margin; blocks on
    /// product-service.
    ///
    /// One that has run out meanwhile is replaced by another, which the worker verifies.
    ///
    /// - Returns: why it has to be tried again; nil if nothing is left to be done.
    /// - Throws: `MariaDBError`.
    func extend(_ orderID: Int64, until deadline: Deadline) throws -> UpstreamFailure? {
        guard let order = try orders.find(orderID, until: deadline),
            order.closing == nil, let end = try end(of: order, until: deadline),
            let reservation = try reservations.live(of: orderID, until: deadline),
            reservation.status == .held
        else { return nil }
        let timeToLive = max(.seconds(1), end.distance(from: clock.now)) + margin
        switch products.extend(
            key: reservation.key,
            timeToLive: timeToLive,
            until: deadline,
            nil
        ) {
        case .executed(true):
            try reservations.setExpiry(end + margin, of: reservation, until: deadline)
        case .executed(false):
            try reservations.replace(reservation, of: orderID, until: deadline)
        case .notExecuted(let failure), .unknown(let failure):
            return failure
        }
        return nil
    }

    /// Until when the stock of an order is needed; nil if nothing is waited for.
    private func end(of order: Order, until deadline: Deadline) throws -> Timestamp? {
        switch order.status {
        case .awaitingPayment: order.expiresAt
        case .paymentReview:
            // An approved one waits for its capture.
            try reviews.stockEnd(of: order.id, until: deadline) ?? order.expiresAt
        default: nil
        }
    }
}

import Commerce
import Logging
import MariaDB
import Resilience

/// Makes sure of stock that was sold while product-service was away.
///
/// The reservation is asked for again under the same key, so that one which was made after all is
/// found and not made twice.
struct ReservationVerification: Sendable {
    let orders: OrderStore
    let reservations: ReservationStore
    let products: ProductServiceClient
    /// How long the stock is held.
    let timeToLive: Duration
    private let logger = Logger(label: "orderd.reservations")

    init(
        orders: OrderStore,
        reservations: ReservationStore,
        products: ProductServiceClient,
        timeToLive: Duration
    ) {
        self.orders = orders
        self.reservations = reservations
        self.products = products
        self.timeToLive = timeToLive
    }

    /// Verifies the reservation of an order, if it is an optimistic one.
    ///
    /// - Returns: why there is no answer yet; nil if nothing is left to be done.
    func verify(_ orderID: Int64, until deadline: Deadline) throws -> UpstreamFailure? {
        guard let reservation = try reservations.live(of: orderID, until: deadline),
            reservation.status == .optimistic
        else { return nil }
        let outcome = products.reserve(
            key: reservation.key,
            lines: try orders.lines(of: orderID, until: deadline),
            timeToLive: timeToLive,
            until: deadline,
            nil
        )
        return try settle(outcome, reservation, of: orderID, until: deadline)
    }

    /// Takes over the outcome of a reservation that came after its request had gone on without it.
    func settleLate(
        _ outcome: Outcome<ProductServiceClient.Reservation, UpstreamFailure>,
        of orderID: Int64
    ) {
        let deadline = Deadline.after(.seconds(2))
        do {
            guard let reservation = try reservations.live(of: orderID, until: deadline),
                reservation.status == .optimistic
            else { return }
            _ = try settle(outcome, reservation, of: orderID, until: deadline)
        } catch {
            logger.notice(
                "a late reservation is left to the worker",
                metadata: ["orderId": "\(orderID)", "error": "\(error)"]
            )
        }
    }

    private func settle(
        _ outcome: Outcome<ProductServiceClient.Reservation, UpstreamFailure>,
        _ reservation: ReservationStore.Reservation,
        of orderID: Int64,
        until deadline: Deadline
    ) throws -> UpstreamFailure? {
        switch outcome {
        case .executed(.held):
            try reservations.note(
                .hold,
                of: orderID,
                reservation,
                heldFor: timeToLive,
                until: deadline
            )
        case .executed(.outOfStock):
            try reservations.note(.lose, of: orderID, reservation, until: deadline)
        case .executed(.released):
            // The key is of no more use, which says nothing of the stock.
            try reservations.replace(reservation, of: orderID, until: deadline)
        case .notExecuted(let failure), .unknown(let failure):
            return failure
        }
        return nil
    }
}

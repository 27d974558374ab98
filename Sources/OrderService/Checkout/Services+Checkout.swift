extension Services {
    /// Holds stock for longer than was planned.
    var reservationExtension: ReservationExtension {
        ReservationExtension(
            orders: orders,
            reservations: reservations,
            reviews: fraudReviewStore,
            products: products,
            clock: clock,
            margin: settings.checkout.reservationMargin
        )
    }
}

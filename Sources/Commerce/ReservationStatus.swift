/// Where the reservation of an order's stock stands.
package enum ReservationStatus: String, Sendable, CaseIterable {
    case held
    /// Assumed, because product-service was not reached; verified before money is captured.
    case optimistic
    case committed
    case released
    /// Its time ran out at product-service, or the stock was not there when it was verified.
    case lost
}

/// What may happen to a reservation.
package enum ReservationEvent: String, Sendable, CaseIterable {
    /// What was assumed is held at product-service after all.
    case hold
    /// The stock is sold: it has left the shelves.
    case commit
    /// The stock is given back, for its order ends.
    case release
    /// There is no stock.
    case lose
    /// Its key is of no more use; an assumed reservation under another key takes its place.
    case replace
}

extension ReservationStatus: MachineState {
    package typealias Event = ReservationEvent

    /// The one table of a reservation's moves; it goes forward only.
    ///
    /// What product-service has committed comes back by hand, as goods do.
    package static let transitions = TransitionTable<ReservationStatus>(
        from: .held,
        .optimistic,
        moves: [
            .held: ends,
            .optimistic: ends.merging([.hold: .held]) { $1 },
        ]
    )

    private static let ends: [ReservationEvent: ReservationStatus] = [
        .commit: .committed, .release: .released, .lose: .lost, .replace: .lost,
    ]
}

/// Where an order stands.
package enum OrderStatus: String, Sendable, CaseIterable {
    case awaitingPayment = "awaiting_payment"
    case confirmed
    case paymentReview = "payment_review"
    case stockReview = "stock_review"
    case inFulfilment = "in_fulfilment"
    case shipped
    case delivered
    case returned
    case cancelled
    case expired
    case rejected
}

/// What may happen to an order.
package enum OrderEvent: String, Sendable, CaseIterable {
    /// The money is there, authorized, or due on delivery, and nothing else holds the order.
    case confirm
    case reviewPayment = "review_payment"
    case reviewStock = "review_stock"
    case start
    case ship
    case deliver
    case `return`
    case cancel
    case expire
    case reject
}

extension OrderStatus: MachineState {
    package typealias Event = OrderEvent

    /// The one table of an order's moves.
    ///
    /// An expired order may be confirmed after all: money that came late, with the stock still to
    /// be had (within the limits that `Payments` sets).
    package static let transitions = TransitionTable<OrderStatus>(
        from: .awaitingPayment,
        moves: [
            .awaitingPayment: [
                .confirm: .confirmed, .reviewPayment: .paymentReview, .reviewStock: .stockReview,
                .cancel: .cancelled, .expire: .expired, .reject: .rejected,
            ],
            .paymentReview: [
                .confirm: .confirmed, .reviewStock: .stockReview, .cancel: .cancelled,
                .reject: .rejected,
            ],
            .stockReview: [
                .confirm: .confirmed, .reviewPayment: .paymentReview, .cancel: .cancelled,
                .reject: .rejected,
            ],
            .confirmed: [
                .start: .inFulfilment, .reviewPayment: .paymentReview, .reviewStock: .stockReview,
                .cancel: .cancelled,
            ],
            .inFulfilment: [.ship: .shipped, .cancel: .cancelled],
            .shipped: [.deliver: .delivered, .return: .returned],
            .delivered: [.return: .returned],
            .expired: [.confirm: .confirmed, .reviewStock: .stockReview],
        ]
    )
}

extension OrderStatus {
    /// Whether the order is sold: its goods are on their way to the customer, or will be.
    package var isGoingOut: Bool {
        switch self {
        case .confirmed, .inFulfilment, .shipped, .delivered: true
        default: false
        }
    }

    /// Whether the order has ended without being bought, so that money for it is to be given back.
    package var hasEndedUnpaid: Bool {
        switch self {
        case .cancelled, .expired, .rejected: true
        default: false
        }
    }
}

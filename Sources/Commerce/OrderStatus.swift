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

/// A move that the business forbids.
package struct IllegalTransition: Error, Equatable, Sendable {
    package let status: OrderStatus
    package let event: OrderEvent
    /// What would be allowed instead.
    package let allowed: [OrderEvent]

    package init(status: OrderStatus, event: OrderEvent, allowed: [OrderEvent]) {
        self.status = status
        self.event = event
        self.allowed = allowed
    }
}

extension OrderStatus {
    /// The one table of an order's moves.
    ///
    /// An expired order may be confirmed after all: money that came late, with the stock still to
    /// be had (within the limits that `Payments` sets).
    private static let transitions: [OrderStatus: [OrderEvent: OrderStatus]] = [
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

    /// The status after `event`.
    ///
    /// - Throws: `IllegalTransition` with what would be allowed.
    package func after(_ event: OrderEvent) throws(IllegalTransition) -> OrderStatus {
        guard let next = Self.transitions[self]?[event] else {
            throw IllegalTransition(status: self, event: event, allowed: allowedEvents)
        }
        return next
    }

    /// The events that this status allows, in the order of their declaration.
    package var allowedEvents: [OrderEvent] {
        OrderEvent.allCases.filter { Self.transitions[self]?[$0] != nil }
    }

    /// Whether the order has ended without being bought, so that money for it is to be given back.
    package var hasEndedUnpaid: Bool {
        switch self {
        case .cancelled, .expired, .rejected: true
        default: false
        }
    }

    /// Whether nothing can happen to the order any more.
    package var isFinal: Bool { allowedEvents.isEmpty }
}

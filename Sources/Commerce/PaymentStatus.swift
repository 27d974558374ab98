/// How an order is paid.
package enum PaymentMethod: String, Sendable, CaseIterable {
    case card
    case cashOnDelivery = "cash_on_delivery"
}

/// Where the payment of an order stands.
package enum PaymentStatus: String, Sendable, CaseIterable {
    case noneRequired = "none_required"
    case dueOnDelivery = "due_on_delivery"
    case requiresPaymentMethod = "requires_payment_method"
    case requiresAction = "requires_action"
    case processing
    /// Not started: the provider was not asked yet or not reached; worker and route try again.
    case requiresRetry = "requires_retry"
    /// A call was sent and its answer was lost: money in doubt.
    case unknown
    case authorized
    case paid
    case overpaid
    case partiallyRefunded = "partially_refunded"
    case refunded
    /// Closed unpaid.
    case failed
    case cancelled
    case disputed

    /// Where a payment by this method begins, if there is anything to pay.
    package init(first method: PaymentMethod) {
        self =
            switch method {
            case .card: .requiresRetry
            case .cashOnDelivery: .dueOnDelivery
            }
    }

    /// Whether the customer may still pay.
    package var isPayable: Bool {
        switch self {
        case .requiresPaymentMethod, .requiresAction, .processing, .requiresRetry, .unknown: true
        default: false
        }
    }

    /// Whether the whole amount has been captured, whatever happened to it later.
    package var isSettled: Bool {
        switch self {
        case .paid, .overpaid, .partiallyRefunded, .refunded, .disputed: true
        default: false
        }
    }

    /// Whether the customer has paid: the amount is captured, or held to be captured.
    package var isSuccess: Bool { self == .authorized || isSettled }
}

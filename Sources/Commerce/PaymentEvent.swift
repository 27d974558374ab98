/// What may happen to a payment.
package enum PaymentEvent: String, Sendable, CaseIterable {
    /// The provider's record of it is seen for the first time; what it reports follows at once.
    case meetIntent = "meet_intent"
    // The states of the provider's own record.
    case requireMethod = "require_method"
    case requireAction = "require_action"
    case process
    case authorize
    case pay
    /// More was captured than was asked for.
    case overpay
    case cancel
    /// Closed by us, unpaid.
    case fail
    /// The call that starts it was sent and not answered.
    case loseAnswer = "lose_answer"
    /// Paid at the door.
    case collectCash = "collect_cash"
    // What its refunds together have given back.
    /// Nothing, or nothing any more: a refund may fail days after it succeeded.
    case refundNothing = "refund_nothing"
    case refundPart = "refund_part"
    case refundAll = "refund_all"
    // What its disputes together say.
    case dispute
    /// None is open or lost any more; what its refunds say follows at once.
    case endDispute = "end_dispute"
}

extension PaymentStatus: MachineState {
    package typealias Event = PaymentEvent

    /// What the provider may report of a payment that can still be paid.
    private static let reports: [PaymentEvent: PaymentStatus] = [
        .requireMethod: .requiresPaymentMethod, .requireAction: .requiresAction,
        .process: .processing, .authorize: .authorized, .pay: .paid, .overpay: .overpaid,
        .cancel: .cancelled, .fail: .failed,
    ]

    /// What its refunds and disputes make of a captured payment.
    private static let afterwards: [PaymentEvent: PaymentStatus] = [
        .refundNothing: .paid, .refundPart: .partiallyRefunded, .refundAll: .refunded,
        .dispute: .disputed,
    ]

    /// The one table of a payment's moves; it goes forward only, until money goes back.
    ///
    /// Reports of a provider arrive late, twice and out of order; what is not forward is refused.
    /// A payment that was closed before the provider's record of it was known is opened again once
    /// that is met: it may have been paid.
    package static let transitions = TransitionTable<PaymentStatus>(
        from: .requiresRetry,
        .dueOnDelivery,
        .noneRequired,
        moves: [
            .requiresRetry: reports.merging([
                .meetIntent: .requiresRetry, .loseAnswer: .unknown,
            ]) { $1 },
            .unknown: reports.merging([.meetIntent: .requiresRetry]) { $1 },
            .requiresPaymentMethod: reports.filter { $0.key != .requireMethod },
            .requiresAction: reports.filter { $0.key != .requireAction },
            .processing: reports.filter { $0.key != .process },
            .authorized: [
                .pay: .paid, .overpay: .overpaid, .cancel: .cancelled, .fail: .failed,
            ],
            .dueOnDelivery: [.collectCash: .paid, .cancel: .cancelled, .fail: .failed],
            .paid: afterwards.merging([.overpay: .overpaid]) { $1 },
            .overpaid: afterwards,
            .partiallyRefunded: afterwards,
            .refunded: afterwards,
            .disputed: [.endDispute: .paid],
            .cancelled: [.meetIntent: .requiresRetry],
            .failed: [.meetIntent: .requiresRetry],
        ]
    )
}

extension Finding {
    /// What somebody does where no fix is safe, or has not been enough.
    package var hint: String {
        if fix != nil, outcome == .open { return "run with --fix" }
        if outcome == .begun { return "the worker goes on; run again" }
        return kind.hint
    }
}

extension Finding.Kind {
    fileprivate var hint: String {
        switch self {
        case .chargeWithoutOrder: "find out whose money it is; refund it if nothing is owed"
        case .chargeUnsettled: "compare with Stripe's dashboard; the two contradict each other"
        case .paymentWithoutCharge: "stop the goods; look for the charge at Stripe"
        case .paymentOutdated: "compare with Stripe's dashboard"
        case .amountDiffers: "give back what is too much, or ask for what is missing"
        case .currencyDiffers: "refund it at Stripe and let the customer pay again"
        case .secondCharge: "refund one of the two charges at Stripe"
        case .openIntentOfEndedOrder, .strayOpenIntent: "cancel it at Stripe if it is this shop's"
        case .voidIntentAlive: "if it was paid, refund it at Stripe; else cancel it"
        case .refundUnknownToUs: "compare with Stripe's dashboard"
        case .refundUnknownToStripe: "the customer has no money yet: refund again"
        case .refundDiffers: "compare with Stripe's dashboard"
        case .refundInDoubt: "orderd refunds list; resolve it with evidence"
        case .paymentInDoubt: "compare with Stripe; see Money in doubt"
        case .reservationLeaked: "release it at product-service if the order does not need it"
        case .reservationMissing: "check the stock before anything is sent"
        case .reservationDiffers: "compare with product-service"
        case .orderWithoutPayment: "stop the goods; ask the customer to pay, or cancel"
        case .stuck: "see whether a worker runs, and its log for this order"
        }
    }
}

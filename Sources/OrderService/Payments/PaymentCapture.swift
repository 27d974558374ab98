import Commerce
import MariaDB
import Resilience

/// Takes authorized money once the stock that was sold unreserved is held.
///
/// Stripe captures an intent once, so a try whose answer was lost may be repeated.
struct PaymentCapture: Sendable {
    let orders: OrderStore
    let payments: PaymentStore
    let stripe: StripeClient
    let settlement: PaymentSettlement
    let verification: ReservationVerification
    let reservationExtension: ReservationExtension
    let reviews: FraudReviewStore

    /// Captures the payment of an order, if it is authorized and nothing holds the order.
    ///
    /// - Parameters:
    ///   - orderID: the order's.
    ///   - deadline: of the caller, who blocks on Stripe and product-service.
    /// - Returns: why it has to be tried again; nil if nothing is left to be done.
    /// - Throws: `MariaDBError`.
    func capture(_ orderID: Int64, until deadline: Deadline) throws -> UpstreamFailure? {
        if let failure = try makeSureOfStock(orderID, until: deadline) { return failure }
        guard let order = try orders.find(orderID, until: deadline), order.closing == nil,
            try mayCapture(order, until: deadline),
            let payment = try payments.current(of: orderID, until: deadline),
            payment.status == .authorized, let intentID = payment.intentID
        else { return nil }
        let answer: StripeClient.Answer
        switch stripe.captureIntent(intentID, until: deadline, nil) {
        case .executed(.refused):
            // Its state forbids it; which state that is, a look tells.
            switch stripe.intent(intentID, until: deadline, nil) {
            case .executed(let read): answer = read
            case .notExecuted(let failure), .unknown(let failure): return failure
            }
        case .executed(let captured): answer = captured
        case .notExecuted(let failure), .unknown(let failure): return failure
        }
        guard case .intent(let intent) = answer, intent.status != .requiresCapture else {
            return UpstreamFailure(.stripePayment, "not_captured")
        }
        try settlement.settle(intent, readAt: nil, by: "stripe", until: deadline)
        return nil
    }

    /// Reserves what was sold unreserved, and again what may have run out since.
    private func makeSureOfStock(
        _ orderID: Int64,
        until deadline: Deadline
    ) throws -> UpstreamFailure? {
        let reservations = reservationExtension.reservations
        if let live = try reservations.live(of: orderID, until: deadline), live.status == .held,
            let end = live.expiresAt, end <= reservationExtension.clock.now,
            let failure = try reservationExtension.extend(orderID, until: deadline)
        {
            return failure
        }
        return try verification.verify(orderID, until: deadline)
    }

    private func mayCapture(_ order: Order, until deadline: Deadline) throws -> Bool {
        if order.status == .awaitingPayment { return true }
        return try order.status == .paymentReview
            && reviews.isApproved(order.id, until: deadline)
    }
}

import MariaDB

/// What sets a difference right without anybody's judgement: steps that the service would take
/// itself if it had heard of it, or that take nothing from anybody.
enum ReconciliationFix: Sendable {
    /// Apply what Stripe says of an intent, read at this version of our row.
    case settlePayment(PaymentIntent, version: Int64?)
    /// Cancel an intent at Stripe that nobody may pay any more.
    case endIntent(String)
    /// Apply what Stripe says of a refund; one that was made there is adopted.
    case settleRefund(StripeRefund)
    /// Close a given-up payment whose intent was never made.
    case closeGivenUp(paymentID: Int64)
    /// Let the worker start the payment.
    case ensurePayment
    /// Begin to end an order whose payment deadline has passed.
    case expire
    /// Let the worker go on with the closing.
    case closeOrder
    /// Give stock back at product-service.
    case releaseReservation(key: String, row: ReservationRow?)
    /// Reserve again, under a new key, what has run out.
    case replaceReservation(ReservationRow)
    /// Let the worker ask product-service for the stock again.
    case verifyReservation
    /// Let the worker tell product-service that the stock is sold.
    case commitReservation

    /// For the table, the history and `--json`.
    var word: String {
        switch self {
        case .settlePayment: "settle_payment"
        case .endIntent: "cancel_intent"
        case .settleRefund: "settle_refund"
        case .closeGivenUp: "close_given_up"
        case .ensurePayment: "start_payment"
        case .expire: "expire_order"
        case .closeOrder: "close_order"
        case .releaseReservation: "release_reservation"
        case .replaceReservation: "reserve_again"
        case .verifyReservation: "verify_reservation"
        case .commitReservation: "commit_reservation"
        }
    }
}

/// Which fixes a run makes.
package enum ReconciliationFixing: Sendable {
    case nothing
    /// Only stock of ours that nothing here needs is given back.
    case leaks
    /// All that is safe.
    case everythingSafe

    func includes(_ fix: ReconciliationFix) -> Bool {
        switch (self, fix) {
        case (.everythingSafe, _), (.leaks, .releaseReservation): true
        default: false
        }
    }
}

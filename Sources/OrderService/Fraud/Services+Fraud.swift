import Resilience

extension Services {
    var fraudStore: FraudStore { FraudStore(database: database) }

    var fraudReviewStore: FraudReviewStore { FraudReviewStore(database: database) }

    /// Takes money that was only held.
    var paymentCapture: PaymentCapture {
        PaymentCapture(
            orders: orders,
            payments: payments,
            stripe: stripe,
            settlement: settlement,
            verification: verification,
            reservationExtension: reservationExtension,
            reviews: fraudReviewStore
        )
    }

    var fraudReviews: FraudReviews {
        FraudReviews(
            store: fraudReviewStore,
            ledger: ledger,
            closing: closing,
            capture: paymentCapture,
            clock: clock
        )
    }

    var fraudReviewController: FraudReviewController {
        FraudReviewController(reviews: fraudReviews, decisions: fraudStore, clock: clock)
    }

    /// What the worker looks at again.
    var fraudCheckUp: FraudCheckUp {
        FraudCheckUp(
            orders: orders,
            payments: payments,
            ledger: ledger,
            stripe: stripe,
            hold: settlement.hold
        )
    }

    /// What operators ask about decisions.
    package var fraudExplanation: FraudExplanation {
        FraudExplanation(decisions: fraudStore, reviews: fraudReviewStore, clock: clock)
    }
}

import Commerce
import MariaDB
import Resilience

/// Looks again at money that came while Stripe's words about its charge were not to be had.
struct FraudCheckUp: Sendable {
    let orders: OrderStore
    let payments: PaymentStore
    let ledger: OrderLedger
    let stripe: StripeClient
    let hold: FraudHold

    /// Reads the charge of an order and decides once more; blocks on Stripe.
    ///
    /// - Returns: why it has to be tried again; nil if nothing is left to be done.
    /// - Throws: `MariaDBError`.
    func run(_ orderID: Int64, until deadline: Deadline) throws -> UpstreamFailure? {
        guard let order = try orders.find(orderID, until: deadline), !order.isEnding,
            let payment = try payments.current(of: orderID, until: deadline),
            payment.status.isSuccess, let intentID = payment.intentID
        else { return nil }
        let facts: ChargeFacts
        switch stripe.intent(intentID, until: deadline, nil) {
        case .executed(.intent(let intent)):
            guard let charge = intent.charge else { return nil }
            facts = charge
        case .executed: return nil
        case .notExecuted(let failure), .unknown(let failure): return failure
        }
        try ledger.change(orderID, by: "worker", until: deadline) { change, transaction in
            try PaymentStore.note(
                facts.id,
                of: payment,
                succeeded: true,
                declineCode: nil,
                facts: facts,
                at: change.now,
                in: &transaction
            )
            try hold.judgeMoney(of: &change, &transaction)
        }
        return nil
    }
}

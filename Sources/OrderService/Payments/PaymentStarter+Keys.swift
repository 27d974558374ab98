import Commerce
import Dispatch
import Resilience

/// What becomes of a key under which Stripe makes no intent: another key, or a wait for the request
/// that uses it.
extension PaymentStarter {
    /// How often a request looks whether another one has made the intent.
    private static let followInterval = Duration.milliseconds(100)
    /// How long it does so where an earlier try has failed, so that perhaps nobody but Stripe is at
    /// it any more.
    private static let followOfFailed = Duration.seconds(1)

    /// Gives a payment up whose key is good for nothing, for a new row with a new key, unless its
    /// order has been closed while Stripe was asked.
    ///
    /// Nobody holds the secret of an intent that comes of the old key after all; it is cancelled
    /// when it is met.
    func replace(
        _ payment: Payment,
        because cause: String,
        until deadline: Deadline
    ) throws {
        try ledger.change(payment.orderID, by: "stripe", until: deadline) { change, transaction in
            guard let current = try PaymentStore.locked(of: payment.orderID, in: &transaction),
                current.id == payment.id, current.intentID == nil, change.order.mayBePaid
            else { return }
            try PaymentStore.void(current, at: change.now, in: &transaction)
            try PaymentStore.insert(
                orderID: payment.orderID,
                follows: payment.follows,
                // Who was told to come back is told, under any key, when there is something to pay.
                attempts: current.attempts,
                amount: payment.amount,
                method: .card,
                isManual: current.captureMethod == "manual",
                now: change.now,
                in: &transaction
            )
            change.record("payment.key_given_up", cause: cause)
            change.schedule(.ensurePayment, after: Self.firstRetry)
        }
    }

    /// Waits for the request that is creating the same intent at this moment, and reads what it
    /// made.
    func follow(
        _ payment: Payment,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Started {
        let pause = DispatchSemaphore(value: 0)
        let last = min(deadline, calls?.deadline ?? deadline)
            .tightened(
                to: payment.attempts == 0 ? stripe.payments.totalTimeout : Self.followOfFailed
            )
        while !last.isExpired {
            let interval = Self.followInterval.dispatchInterval
            _ = Turn.whileAway { pause.wait(timeout: .now() + interval) }
            // Another row, where the other request has given the key up.
            let current = try payments.current(of: payment.orderID, until: deadline) ?? payment
            guard current.status.isPayable else {
                return Started(payment: current, clientSecret: nil)
            }
            guard let intentID = current.intentID else { continue }
            return try apply(
                stripe.intent(intentID, until: deadline, calls),
                to: current,
                until: deadline
            )
        }
        // Whoever it was did not get to its end either.
        return try failedStart(of: payment, retryAfter: nil, until: deadline)
    }
}

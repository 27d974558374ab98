import Commerce
import Dispatch
import Resilience

/// What becomes of a key under which Stripe makes no intent: another key, or a wait for the request
/// that uses it.
extension PaymentStarter {
    /// How often a request looks whether another one has made the intent.
    private static let followInterval = Duration.milliseconds(100)

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
            .tightened(to: stripe.payments.totalTimeout)
        while !last.isExpired {
            _ = pause.wait(timeout: .now() + Self.followInterval.dispatchInterval)
            // Another row, where the other request has given the key up.
            guard let current = try payments.current(of: payment.orderID, until: deadline),
                current.status.isPayable
            else { break }
            guard let intentID = current.intentID else { continue }
            return try apply(
                stripe.intent(intentID, until: deadline, calls),
                to: current,
                until: deadline
            )
        }
        let current = try payments.current(of: payment.orderID, until: .after(.seconds(1)))
        return Started(payment: current ?? payment, clientSecret: nil)
    }
}

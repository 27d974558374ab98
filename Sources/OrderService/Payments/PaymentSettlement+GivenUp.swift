import Commerce
import Logging
import MariaDB
import Resilience

/// Intents of payments that were given up for another one: void on sight.
extension PaymentSettlement {
    /// Notes an intent whose payment is not the order's current one, and leaves it to the worker
    /// to cancel it, should it be payable.
    ///
    /// Nobody was told its secret. If it was paid all the same, that is looked at.
    func meetGivenUp(
        _ intent: PaymentIntent,
        beside current: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        guard
            let givenUp = try PaymentStore.locked(
                publicID: intent.paymentID ?? "",
                of: current.orderID,
                in: &transaction
            ), givenUp.intentID == nil || givenUp.intentID == intent.id
        else {
            logger.error(
                "an intent names no payment of its order",
                metadata: ["orderId": "\(current.orderID)", "intentId": "\(intent.id)"]
            )
            return
        }
        guard intent.status != .succeeded else {
            let known = current.intentID ?? "none"
            return try flagSecond(intent, beside: known, current, &change, &transaction)
        }
        guard let status = try? givenUp.status(after: intent.status.event) else { return }
        try PaymentStore.update(
            givenUp,
            status: status,
            intentID: intent.id,
            captured: givenUp.captured,
            reviewReason: givenUp.reviewReason,
            expiresAt: givenUp.expiresAt,
            now: change.now,
            in: &transaction
        )
        change.record("payment.given_up.\(status.rawValue)", cause: intent.id)
        if status.isPayable || status == .authorized { change.schedule(.endPayment) }
    }
}

import Commerce
import MariaDB
import Resilience

/// Ends the payment of an order that closes, or finds out that it was paid.
///
/// Nothing is undone before the PaymentIntent is seen cancelled: until then somebody may pay it.
struct PaymentEnding: Sendable {
    let payments: PaymentStore
    let ledger: OrderLedger
    let stripe: StripeClient
    let settlement: PaymentSettlement

    enum Result: Sendable, Equatable {
        /// It can never be paid any more.
        case unpaid
        case paid
        /// Nobody knows yet, with the reason in a bounded word.
        case undecided(String)
    }

    /// Ends the payment of an order; blocks on Stripe, with no transaction open.
    ///
    /// - Parameters:
    ///   - orderID: the order's, whose closing is on record.
    ///   - reason: Stripe's word for why an intent is cancelled.
    ///   - deadline: of the caller.
    ///   - calls: where the request's log line finds the calls.
    /// - Returns: what is certain.
    /// - Throws: `MariaDBError`.
    func end(
        paymentOf orderID: Int64,
        reason: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Result {
        guard let payment = try payments.current(of: orderID, until: deadline) else {
            return .unpaid
        }
        if payment.status.isSettled { return .paid }
        guard payment.status.isPayable || payment.status == .authorized else {
            guard payment.status == .dueOnDelivery else { return .unpaid }
            return try close(payment, until: deadline)
        }
        guard let intentID = payment.intentID else {
            // Whether it was made or not, nobody was told its secret; it is void on sight.
            return try close(payment, until: deadline)
        }
        return try endIntent(intentID, reason: reason, until: deadline, calls)
    }

    /// Cancels the intents of payments that were given up for another one; blocks on Stripe.
    ///
    /// - Returns: what is certain of all of them.
    /// - Throws: `MariaDBError`.
    func endGivenUp(of orderID: Int64, until deadline: Deadline) throws -> Result {
        for payment in try payments.openGivenUp(of: orderID, until: deadline) {
            guard let intentID = payment.intentID else { continue }
            let result = try endIntent(intentID, reason: "duplicate", until: deadline, nil)
            if case .undecided = result { return result }
        }
        return .unpaid
    }

    /// Cancels one intent and settles what became of it; blocks on Stripe.
    ///
    /// - Returns: what is certain.
    /// - Throws: `MariaDBError`.
    func endIntent(
        _ intentID: String,
        reason: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Result {
        let answer: StripeClient.Answer
        switch stripe.cancelIntent(intentID, reason: reason, until: deadline, calls) {
        case .executed(.refused):
            // Its state forbids it; which state that is, a look tells.
            switch stripe.intent(intentID, until: deadline, calls) {
            case .executed(let read): answer = read
            case .notExecuted(let failure), .unknown(let failure):
                return .undecided(failure.reason)
            }
        case .executed(let cancelled): answer = cancelled
        case .notExecuted(let failure), .unknown(let failure): return .undecided(failure.reason)
        }
        guard case .intent(let intent) = answer else { return .undecided("refused") }
        try settlement.settle(intent, readAt: nil, by: "stripe", until: deadline)
        switch intent.status {
        case .canceled: return .unpaid
        case .succeeded: return .paid
        default: return .undecided(intent.status.rawValue)
        }
    }

    /// Closes a payment that no intent is known of.
    ///
    /// - Returns: `undecided` if one has become known since the payment was read.
    private func close(_ payment: Payment, until deadline: Deadline) throws -> Result {
        let orderID = payment.orderID
        let closed = try ledger.change(orderID, by: "worker", until: deadline) {
            change,
            transaction -> Bool in
            guard let current = try PaymentStore.locked(of: orderID, in: &transaction),
                current.id == payment.id, current.intentID == nil,
                let status = try? current.status.after(.cancel)
            else { return false }
            try PaymentStore.update(
                current,
                status: status,
                intentID: nil,
                captured: current.captured,
                reviewReason: current.reviewReason,
                expiresAt: current.expiresAt,
                now: change.now,
                in: &transaction
            )
            change.setPaymentStatus(status)
            return true
        }
        return closed?.result == true ? .unpaid : .undecided("changed")
    }

    /// Closes a payment that was given up and whose intent was never made.
    ///
    /// Should it be met after all, it is void on sight, as before.
    func closeGivenUp(
        _ id: Int64,
        of orderID: Int64,
        by actor: String,
        until deadline: Deadline
    ) throws {
        try ledger.change(orderID, by: actor, until: deadline) { change, transaction in
            guard let payment = try PaymentStore.locked(id: id, in: &transaction),
                payment.orderID == orderID, payment.intentID == nil,
                let status = try? payment.status.after(.cancel), status != payment.status,
                try PaymentStore.isVoid(payment, in: &transaction)
            else { return }
            try PaymentStore.update(
                payment,
                status: status,
                intentID: nil,
                captured: payment.captured,
                reviewReason: payment.reviewReason,
                expiresAt: payment.expiresAt,
                now: change.now,
                in: &transaction
            )
            change.record("payment.given_up.cancelled", cause: payment.publicID)
        }
    }
}

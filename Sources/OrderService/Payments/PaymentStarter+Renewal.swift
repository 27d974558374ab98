import Commerce
import Resilience
import Web

/// A new payment after one that was closed unpaid, and what the limits count of it.
extension PaymentStarter {
    /// An attempt that the limits admitted for this call.
    struct Admission: Sendable {
        let attempt: LimitedAttempt
        /// Whether it was counted by this call, not by an earlier or a concurrent one.
        let isNew: Bool
    }

    /// The current payment; for a payer a new row where the last one was closed unpaid and the
    /// order is open.
    ///
    /// The attempt is counted before the row is there, under the name of the closed payment: of
    /// two calls at once the second is a repeat of the first. A row whose intent was not made has
    /// given its attempt back, and needs another.
    ///
    /// - Throws: a `Problem` with 429 where a limit has no room for the attempt.
    func renewed(
        _ orderID: Int64,
        by payer: Payer?,
        until deadline: Deadline
    ) throws -> (payment: Payment, admission: Admission?) {
        guard let payment = try payments.current(of: orderID, until: deadline) else {
            throw Problem.orderNotFound
        }
        guard let payer else { return (payment, nil) }
        guard payment.isClosedUnpaid else {
            guard payment.isYetToStart, let closed = payment.follows else { return (payment, nil) }
            return (payment, try admit(after: closed, by: payer, until: deadline))
        }
        guard try orders.find(orderID, until: deadline)?.mayBePaid ?? false else {
            return (payment, nil)
        }
        let admission = try admit(after: payment.publicID, by: payer, until: deadline)
        try insert(after: payment, payer, until: deadline)
        guard let current = try payments.current(of: orderID, until: deadline),
            current.id != payment.id
        else {
            if admission.isNew { limiter.giveBack(admission.attempt, until: deadline) }
            return (payment, nil)
        }
        return (current, admission)
    }

    private func admit(
        after closed: String,
        by payer: Payer,
        until deadline: Deadline
    ) throws(Problem) -> Admission {
        let attempt = LimitedAttempt.payment(after: closed, by: payer)
        let decision = try limiter.admit(attempt, until: deadline)
        return Admission(attempt: attempt, isNew: !decision.isRepeat)
    }

    private func insert(
        after payment: Payment,
        _ payer: Payer,
        until deadline: Deadline
    ) throws {
        let orderID = payment.orderID
        try ledger.change(orderID, by: "customer", until: deadline) { change, transaction in
            guard let current = try PaymentStore.locked(of: orderID, in: &transaction),
                current.id == payment.id, change.order.mayBePaid
            else { return }
            try PaymentStore.insert(
                orderID: orderID,
                follows: payment.publicID,
                amount: payment.amount,
                method: .card,
                isManual: current.captureMethod == "manual",
                now: change.now,
                in: &transaction
            )
            change.setPaymentStatus(.requiresRetry, cause: "a new payment after a closed one")
            change.schedule(.ensurePayment, after: Self.firstRetry)
            if let network = payer.network { change.setClientNetwork(network) }
        }
    }

    /// Gives an attempt back whose intent was not made, and counts one that was, should another
    /// call have given it back; a completion's attempt stays as it is.
    ///
    /// - Parameters:
    ///   - payment: as it was before the call.
    ///   - outcome: of the call; its effect is in the record already.
    ///   - admission: what the limits counted for the call.
    ///   - deadline: of the request; a moment is taken beyond it.
    /// - Throws: `MariaDBError`.
    func keepAccount<Cause>(
        of payment: Payment,
        _ outcome: Outcome<StripeClient.Answer, Cause>,
        _ admission: Admission?,
        until deadline: Deadline
    ) throws {
        guard payment.isYetToStart, payment.follows != nil else { return }
        let deadline = max(deadline, .after(.seconds(1)))
        switch outcome {
        case .executed(.intent): break
        case .notExecuted:
            guard let admission, admission.isNew else { return }
            limiter.giveBack(admission.attempt, until: deadline)
            // Somebody else may have made it since; the record says so before he counts it.
            guard try payments.current(of: payment.orderID, until: deadline)?.intentID != nil
            else { return }
        default: return
        }
        if let attempt = admission?.attempt {
            limiter.count(attempt, until: deadline)
        } else if let order = try orders.find(payment.orderID, until: deadline) {
            limiter.count(.of(payment, order), until: deadline)
        }
    }
}

extension Payment {
    /// Whether it ended without money, so that another may follow it.
    fileprivate var isClosedUnpaid: Bool { status == .cancelled || status == .failed }

    /// Whether it is there to be paid and has no intent.
    fileprivate var isYetToStart: Bool { status.isPayable && intentID == nil }
}

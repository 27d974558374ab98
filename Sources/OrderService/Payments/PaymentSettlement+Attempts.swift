import Commerce
import MariaDB
import Resilience

/// Charges, as an intent shows them: what is kept of them, and what declined ones count for.
extension PaymentSettlement {
    /// Notes the charges that an intent shows.
    ///
    /// - Returns: the declined one, if it was not known.
    @discardableResult
    func noteAttempts(
        of intent: PaymentIntent,
        _ payment: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> String? {
        var newDecline: String?
        if let decline = intent.lastDecline {
            let isNew = try PaymentStore.note(
                decline.chargeID,
                of: payment,
                succeeded: false,
                declineCode: decline.code,
                facts: intent.charge,
                cardFingerprint: decline.cardFingerprint,
                at: change.now,
                in: &transaction
            )
            if isNew {
                newDecline = decline.chargeID
                change.announce(
                    .paymentFailed,
                    about: PaymentRepresentation.event(payment, declined: decline.code)
                )
            }
        }
        let isPaid = intent.status == .succeeded || intent.status == .requiresCapture
        if isPaid, let charge = intent.latestChargeID {
            try PaymentStore.note(
                charge,
                of: payment,
                succeeded: true,
                declineCode: nil,
                facts: intent.charge,
                at: change.now,
                in: &transaction
            )
        }
        return newDecline
    }

    /// Counts a declined charge as an attempt to pay; beyond the limits the worker cancels the
    /// intent, so that its secret is good for nothing more.
    ///
    /// - Parameters:
    ///   - chargeID: the charge's, noted for the first time.
    ///   - order: whose payment it was for.
    ///   - deadline: by which it is committed.
    /// - Throws: `MariaDBError`.
    func countDecline(_ chargeID: String, of order: Order, until deadline: Deadline) throws {
        let hasRoom = limiter.count(.decline(of: chargeID, by: Payer(order)), until: deadline)
        guard !hasRoom else { return }
        try ledger.change(order.id, by: "worker", until: deadline) { change, _ in
            guard change.order.paymentStatus.isPayable else { return }
            change.record("payment.too_many_declines", cause: "the limits of attempts to pay")
            change.schedule(.stopPayment)
        }
    }
}

import Commerce
import MariaDB
import Resilience

/// Reads refunds again at Stripe and settles them, with no transaction open.
struct RefundReader: Sendable {
    let payments: PaymentStore
    let stripe: StripeClient
    let settlement: RefundSettlement
    let paymentSettlement: PaymentSettlement

    /// More refunds than this of one payment are not believed.
    private static let pageLimit = 10

    /// Why Stripe could not be read, in a bounded word.
    struct Unread: Error, CustomStringConvertible {
        let reason: String
        var retryAfter: Duration?
        var description: String { "Stripe cannot be asked: \(reason)" }
    }

    /// Reads all refunds of a PaymentIntent and settles each, those of ours and the others.
    ///
    /// - Returns: why it could not be read; nil if all is known now.
    func reread(
        ofIntent intentID: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Unread? {
        guard try payments.find(intentID: intentID, until: deadline) != nil else { return nil }
        if let unread = try ensureCaptured(intentID, until: deadline, calls) { return unread }
        var found: [StripeRefund] = []
        for _ in 0..<Self.pageLimit {
            switch stripe.refunds(
                ofIntent: intentID,
                after: found.last?.id,
                until: deadline,
                calls
            ) {
            case .executed(.page(let refunds, let isLast)):
                found += refunds
                guard isLast else { continue }
                // Oldest first, as they happened.
                for told in found.reversed() {
                    try settlement.settle(told, by: "stripe", until: deadline)
                }
                return nil
            case let other: return Self.unread(other)
            }
        }
        return Unread(reason: "too_many_refunds")
    }

    /// Reads one refund and settles it; a signed object may stand in where Stripe cannot be asked.
    ///
    /// - Returns: why it could not be read; nil if it was settled, or is not there.
    func reread(
        _ refundID: String,
        signed: StripeRefund? = nil,
        until deadline: Deadline
    ) throws -> Unread? {
        if let signed, try payments.find(intentID: signed.intentID, until: deadline) == nil {
            // Of a payment that is not ours.
            return nil
        }
        switch stripe.refund(refundID, until: deadline, nil) {
        case .executed(.refund(let told)):
            return try settle(told, until: deadline)
        case .executed(.refused(let refusal)) where refusal.status == 404:
            return nil
        case let other:
            // The order of such words does not matter: the table takes none that comes late.
            guard let signed, signed.status.isFinal else { return Self.unread(other) }
            return try settle(signed, until: deadline)
        }
    }

    private func settle(_ told: StripeRefund, until deadline: Deadline) throws -> Unread? {
        if let unread = try ensureCaptured(told.intentID, until: deadline, nil) { return unread }
        try settlement.settle(told, by: "stripe", until: deadline)
        return nil
    }

    /// News of a refund may overtake the news of its payment: that one comes first.
    private func ensureCaptured(
        _ intentID: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Unread? {
        guard let payment = try payments.find(intentID: intentID, until: deadline),
            !payment.status.isSettled
        else { return nil }
        switch stripe.intent(intentID, until: deadline, calls) {
        case .executed(.intent(let intent)):
            try paymentSettlement.settle(
                intent,
                readAt: payment.version,
                by: "stripe",
                until: deadline
            )
            return nil
        case .executed(.refused(let refusal)): return Unread(reason: "status_\(refusal.status)")
        case .executed(.storedFailure): return Unread(reason: RefundDispatch.storedFailure)
        case .notExecuted(let failure), .unknown(let failure):
            return Unread(reason: failure.reason, retryAfter: failure.retryAfter)
        }
    }

    private static func unread(
        _ outcome: Outcome<StripeClient.RefundAnswer, UpstreamFailure>
    ) -> Unread {
        switch outcome {
        case .executed(.refused(let refusal)): Unread(reason: "status_\(refusal.status)")
        case .executed(.storedFailure): Unread(reason: RefundDispatch.storedFailure)
        case .executed: Unread(reason: "unreadable_answer")
        case .notExecuted(let failure), .unknown(let failure):
            Unread(reason: failure.reason, retryAfter: failure.retryAfter)
        }
    }
}

import Commerce
import Logging
import MariaDB
import Resilience

/// Applies what is known of a refund to our record: the one place where refunds change, for
/// request, worker, webhook, re-reading and hand alike.
///
/// The payment's sums are set from all its refunds, never added to, so reports may come twice and
/// in any order; the table of `RefundStatus` refuses what comes late. No call is made in here.
struct RefundSettlement: Sendable {
    let ledger: OrderLedger
    let payments: PaymentStore
    private let logger = Logger(label: "orderd.refunds")

    /// What is flagged, never swallowed.
    enum Flag {
        static let amount = "refund_amount_differs"
        static let currency = "refund_currency_differs"
        static let beyond = "refund_beyond_reservation"
        static let contradiction = "refund_contradicts"
        static let ended = "refund_after_its_end"
        /// The money of an order that has ended stays here.
        static let failed = "refund_failed"
    }

    init(ledger: OrderLedger, payments: PaymentStore) {
        self.ledger = ledger
        self.payments = payments
    }

    /// Settles a refund as Stripe told it; one that was made at Stripe is adopted.
    ///
    /// - Returns: the row as it is now; nil if its payment is not of ours.
    /// - Throws: `MariaDBError`.
    @discardableResult
    func settle(
        _ told: StripeRefund,
        by actor: String,
        until deadline: Deadline
    ) throws -> Refund? {
        guard let known = try payments.find(intentID: told.intentID, until: deadline) else {
            return nil
        }
        return try ledger.change(known.orderID, by: actor, until: deadline) {
            change,
            transaction in
            guard let payment = try PaymentStore.locked(id: known.id, in: &transaction) else {
                return nil
            }
            guard let refund = try RefundStore.locked(as: told, of: payment, in: &transaction)
            else { return try adopt(told, of: payment, &change, &transaction) }
            return try apply(told, to: refund, of: payment, &change, &transaction)
        }?.result
    }

    private func apply(
        _ told: StripeRefund,
        to refund: Refund,
        of payment: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Refund? {
        var update: RefundStore.Update
        do throws(IllegalTransition<RefundStatus>) {
            update = .init(status: try refund.status.after(told.status.event))
        } catch {
            guard told.status.isFinal else { return refund }
            // Two different ends cannot both be true.
            try flag(Flag.contradiction, told, payment, &change, &transaction)
            return refund
        }
        update.providerID = told.id
        update.failureReason = told.failureReason
        if told.amount != refund.amount {
            update.amount = told.amount.currency == refund.amount.currency ? told.amount : nil
            update.reviewReason = Flag.amount
        }
        let isNews =
            update.status != refund.status || refund.providerID == nil || update.amount != nil
        guard isNews else { return refund }
        return try write(update, to: refund, of: payment, &change, &transaction)
    }

    /// Takes in a refund that was made at Stripe's dashboard, or whose row has been ended by hand.
    private func adopt(
        _ told: StripeRefund,
        of payment: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Refund? {
        let status = try RefundStatus.requested.after(told.status.event)
        var draft = RefundStore.Draft(
            orderID: payment.orderID,
            paymentID: payment.id,
            amount: told.amount,
            reason: told.reason ?? "made at Stripe",
            status: status,
            requestedBy: "stripe",
            providerID: told.id
        )
        draft.failureReason = told.failureReason
        if told.refundID != nil { draft.reviewReason = Flag.ended }
        if told.amount.currency != payment.captured.currency {
            draft.reviewReason = Flag.currency
        }
        if status.isOpen {
            draft.nextAttemptAt = change.now + RefundPace.firstLook
            change.schedule(.advanceRefunds, after: RefundPace.firstLook)
        }
        let refund = try RefundStore.insert(draft, at: change.now, in: &transaction)
        change.record("refund.adopted", cause: "\(refund.publicID) is \(told.id)")
        if let reason = draft.reviewReason { warn(reason, told, payment) }
        try setSums(of: payment, flag: draft.reviewReason, &change, &transaction)
        tell(refund, before: nil, &change)
        return refund
    }

    /// Writes a change of a refund, the payment's sums and what follows for the order.
    private func write(
        _ update: RefundStore.Update,
        to refund: Refund,
        of payment: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Refund? {
        try RefundStore.update(refund, update, at: change.now, in: &transaction)
        guard let current = try RefundStore.locked(id: refund.id, in: &transaction) else {
            return nil
        }
        // Whoever decided by hand may be proved wrong by Stripe, and then there is work again.
        if current.status.isOpen, !refund.status.isOpen {
            change.schedule(.advanceRefunds, after: RefundPace.firstLook)
        }
        change.touch()
        // Nobody asks again for the money of an order that is over, so somebody has to be told.
        let staysHere =
            (current.status == .failed || current.status == .cancelled)
            && change.order.status.hasEndedUnpaid
        let flag = update.reviewReason ?? (staysHere ? Flag.failed : nil)
        try setSums(of: payment, flag: flag, &change, &transaction)
        tell(current, before: refund.status, &change)
        return current
    }

    /// Sets the payment's sums from all its refunds, and its status and the order's from them.
    ///
    /// Stripe may have given back more than we had counted: then the sums stop at what was
    /// captured, as the CHECK demands, and the payment is flagged.
    private func setSums(
        of payment: Payment,
        flag: String?,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        let sums = try RefundStore.sums(of: payment, in: &transaction)
        let captured = payment.captured
        let refunded = min(sums.succeeded, captured.minor)
        let reserved = min(max(sums.held, refunded), captured.minor)
        let reason = flag ?? (sums.held > captured.minor ? Flag.beyond : nil)
        let status = payment.status.afterRefunds(
            of: refunded,
            captured: captured.minor,
            asked: payment.amount.minor
        )
        try PaymentStore.setRefunds(
            of: payment,
            reserved: Money(minor: reserved, captured.currency),
            refunded: Money(minor: refunded, captured.currency),
            status: status,
            reviewReason: reason ?? payment.reviewReason,
            at: change.now,
            in: &transaction
        )
        if let reason, reason != payment.reviewReason {
            change.record("payment.flagged", cause: reason)
        }
        if try PaymentStore.locked(of: payment.orderID, in: &transaction)?.id == payment.id {
            change.setPaymentStatus(status)
        }
    }

    /// Tells history and outside what a refund has become.
    private func tell(_ refund: Refund, before: RefundStatus?, _ change: inout OrderChange) {
        guard refund.status != before else { return }
        let cause = [refund.publicID, refund.failureReason ?? refund.lastError]
            .compactMap { $0 }.joined(separator: ": ")
        let isPublic = refund.status == .succeeded || refund.status == .pending
        change.record("refund.\(refund.status.rawValue)", cause: cause, isPublic: isPublic)
        let subject = (name: "refund", value: RefundRepresentation.event(refund))
        switch refund.status {
        case .succeeded:
            change.announce(.refundSucceeded, about: subject)
            change.schedule(.advanceInvoices)
        case .failed, .cancelled:
            change.announce(.refundFailed, about: subject)
            // A credit note may have been rejected, and waits in vain now; and an order that was
            // called off is credited, though its money is here.
            if before == .succeeded || change.order.status.hasEndedUnpaid {
                change.schedule(.advanceInvoices)
            }
        default: break
        }
    }

    private func flag(
        _ reason: String,
        _ told: StripeRefund,
        _ payment: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        warn(reason, told, payment)
        guard payment.reviewReason != reason else { return }
        try PaymentStore.flag(payment, reason, at: change.now, in: &transaction)
        change.record("payment.flagged", cause: "\(reason): \(told.id)")
    }

    private func warn(_ reason: String, _ told: StripeRefund, _ payment: Payment) {
        logger.error(
            "a refund of Stripe is not what we know",
            metadata: [
                "flag": "\(reason)", "refundId": "\(told.id)", "orderId": "\(payment.orderID)",
                "status": "\(told.status.rawValue)",
            ]
        )
    }

    // MARK: What is known without Stripe's object

    /// Applies an event that a call, the worker's patience or a person brought.
    ///
    /// - Returns: the row as it is now.
    /// - Throws: `IllegalTransition` if it has moved on meanwhile, `MariaDBError`.
    @discardableResult
    func apply(
        _ event: RefundEvent,
        to refund: Refund,
        by actor: String,
        because error: String? = nil,
        nextIn delay: Duration? = nil,
        evidence: String? = nil,
        until deadline: Deadline
    ) throws -> Refund? {
        try ledger.change(refund.orderID, by: actor, until: deadline) { change, transaction in
            guard let payment = try PaymentStore.locked(id: refund.paymentID, in: &transaction),
                let current = try RefundStore.locked(id: refund.id, in: &transaction)
            else { return nil }
            var update = RefundStore.Update(status: try current.status.after(event))
            update.lastError = error ?? current.lastError
            update.nextAttemptAt = delay.map { change.now + $0 }
            if let evidence {
                update.resolution = (evidence, actor)
                change.record("refund.resolved", cause: refund.publicID)
            }
            return try write(update, to: current, of: payment, &change, &transaction)
        }?.result
    }
}

extension StripeRefund.Status {
    /// Whether Stripe leaves this state only when the payer's bank sends the money back.
    var isFinal: Bool { self == .succeeded || self == .failed || self == .canceled }
}

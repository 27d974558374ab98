import Commerce
import MariaDB
import Resilience
import Web

/// Records disputes and early warnings of fraud, and holds or frees what they are about.
///
/// An event is a hint: the dispute is read again at Stripe. Where Stripe cannot be asked, the
/// signed object counts if it is forward, so that goods are held at once. The payment's status
/// follows from all of its disputes together, so their order does not matter:
///
/// | disputes of the payment | its status |
/// |---|---|
/// | any open or lost | `disputed` |
/// | none, or all won, prevented or closed as inquiries | as its sums say: `paid`, `overpaid`, `partially_refunded`, `refunded` |
struct DisputeRecorder: Sendable {
    let stripe: StripeClient
    let store: DisputeStore
    let ledger: OrderLedger
    let hold: FraudHold

    enum Result: Sendable {
        case noted
        /// No payment of ours is known by this charge or intent, or not yet.
        case unknownPayment
        /// The payment is known, but not that it was paid: that has to be settled first.
        case unsettled
    }

    /// Whether events of this type are for here.
    static func isMeant(by type: String) -> Bool {
        type.hasPrefix("charge.dispute.") || type.hasPrefix("radar.early_fraud_warning.")
    }

    /// Records what an event tells; blocks on Stripe, with no transaction open.
    ///
    /// - Parameters:
    ///   - type: the event's.
    ///   - object: the event's, a dispute or a warning.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: whether it is recorded now.
    /// - Throws: `MariaDBError`.
    func note(_ type: String, _ object: JSON, until deadline: Deadline) throws -> Result {
        if let dispute = StripeDispute(object) {
            return try note(dispute, type, until: deadline)
        }
        if let warning = FraudWarning(object) { return try note(warning, until: deadline) }
        return .unknownPayment
    }

    // MARK: Disputes

    private func note(
        _ signed: StripeDispute,
        _ type: String,
        until deadline: Deadline
    ) throws -> Result {
        guard
            let subject = try store.subject(
                intentID: signed.intentID,
                chargeID: signed.chargeID,
                until: deadline
            )
        else { return .unknownPayment }
        let version = try store.version(of: signed.id, until: deadline)
        var told = signed
        var isRead = false
        if case .executed(.found(let read)) = stripe.dispute(signed.id, until: deadline) {
            told = read
            isRead = true
        }
        let change = try ledger.change(subject.orderID, by: "stripe", until: deadline) {
            change,
            transaction -> Result in
            guard let funds = try DisputeStore.funds(of: subject.paymentID, in: &transaction)
            else { return .unknownPayment }
            guard funds.status.isSettled else { return .unsettled }
            let known = try DisputeStore.find(signed.id, in: &transaction)
            let next = Self.next(
                after: known,
                told,
                isNewest: isRead && known?.version == version,
                type,
                at: change.now
            )
            if next != known {
                try DisputeStore.write(
                    next,
                    of: told,
                    subject.paymentID,
                    at: change.now,
                    in: &transaction
                )
                Self.record(next, after: known, told, &change)
            }
            try Self.settle(subject, funds, told, &change, &transaction)
            return .noted
        }
        return change?.result ?? .unknownPayment
    }

    /// What the record shall have of a dispute.
    private static func next(
        after known: DisputeStore.Dispute?,
        _ told: StripeDispute,
        isNewest: Bool,
        _ type: String,
        at now: Timestamp
    ) -> DisputeStore.Dispute {
        var next =
            known
            ?? DisputeStore.Dispute(
                status: told.status,
                evidenceDueAt: told.evidenceDueAt,
                version: 1
            )
        if isNewest || next.status.mayBecome(told.status) {
            next.status = told.status
            next.evidenceDueAt = told.evidenceDueAt
        }
        switch type {
        case "charge.dispute.funds_withdrawn":
            next.fundsWithdrawnAt = next.fundsWithdrawnAt ?? now
        case "charge.dispute.funds_reinstated":
            next.fundsReinstatedAt = next.fundsReinstatedAt ?? now
        default: break
        }
        return next
    }

    /// Writes the order's history; customers are not shown it.
    private static func record(
        _ next: DisputeStore.Dispute,
        after known: DisputeStore.Dispute?,
        _ told: StripeDispute,
        _ change: inout OrderChange
    ) {
        if known == nil {
            let sum = "\(told.amount.minor) \(told.amount.currency.rawValue)"
            change.record("dispute.opened", cause: "\(told.id) \(told.reason) \(sum)")
        }
        if next.status != known?.status {
            change.record("dispute.\(next.status.rawValue)", cause: told.id)
            // The order may have ended before, and its sale be undone now.
            if !next.status.isOpen { change.schedule(.advanceInvoices) }
        }
        if next.fundsWithdrawnAt != known?.fundsWithdrawnAt {
            change.record("dispute.funds_withdrawn", cause: told.id)
        }
        if next.fundsReinstatedAt != known?.fundsReinstatedAt {
            change.record("dispute.funds_reinstated", cause: told.id)
        }
        change.touch()
    }

    /// Gives the payment the status that all of its disputes make.
    private static func settle(
        _ subject: DisputeStore.Subject,
        _ funds: DisputeStore.Funds,
        _ told: StripeDispute,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        let isHeld = try DisputeStore.isHeld(subject.paymentID, in: &transaction)
        guard isHeld != (funds.status == .disputed) else { return }
        let status = try funds.status(whenDisputed: isHeld)
        try DisputeStore.set(status, of: subject.paymentID, at: change.now, in: &transaction)
        // A payment that was paid is the live one, so the order's.
        change.setPaymentStatus(status, cause: told.id, isPublic: false)
        // It could not be given back while the bank had it.
        if !isHeld, change.order.status.hasEndedUnpaid {
            _ = try RefundRequester.requestRest(
                reason: "the order was \(change.order.status.rawValue) while it was disputed",
                &change,
                &transaction
            )
        }
    }

    // MARK: Warnings of fraud

    private func note(_ signed: FraudWarning, until deadline: Deadline) throws -> Result {
        guard
            let subject = try store.subject(
                intentID: signed.intentID,
                chargeID: signed.chargeID,
                until: deadline
            )
        else { return .unknownPayment }
        var told = signed
        if case .executed(.found(let read)) = stripe.fraudWarning(signed.id, until: deadline) {
            told = read
        }
        try ledger.change(subject.orderID, by: "stripe", until: deadline) {
            change,
            transaction in
            let known = try DisputeStore.isActionable(told.id, in: &transaction)
            guard known == nil || known == true && !told.isActionable else { return }
            try DisputeStore.write(told, subject.paymentID, at: change.now, in: &transaction)
            let cause = "\(told.id) \(told.fraudType)"
            if known == nil {
                change.record("fraud_warning.received", cause: cause)
                // Money that is still to be learnt of is judged when it is.
                if told.isActionable, change.order.paymentStatus.isSuccess {
                    try hold.judgeMoney(of: &change, &transaction)
                }
            }
            if !told.isActionable { change.record("fraud_warning.ended", cause: cause) }
        }
        return .noted
    }
}

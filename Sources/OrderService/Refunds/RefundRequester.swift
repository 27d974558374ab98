import Commerce
import MariaDB
import Resilience
import Web

/// Takes a wish for a refund: checks it, takes its amount from what is left, writes its row.
///
/// All in one transaction under the order's lock, so that two wishes at once never pass together;
/// Stripe is called after that.
struct RefundRequester: Sendable {
    let ledger: OrderLedger
    let orders: OrderStore
    /// Of one order, by support.
    let supportLimit: Int64
    /// Of all orders in a day; 0 for no limit.
    let dailyLimit: Int64

    /// Cash that was paid at the door goes back by hand.
    private static let notByCard = "not_by_card"

    /// Writes a refund, or finds the one that the same key has made before.
    ///
    /// - Parameters:
    ///   - wish: what is asked for.
    ///   - order: whose payment goes back; it exists.
    ///   - claimID: the idempotency key's row.
    ///   - principal: who asks.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: the refund, not sent yet.
    /// - Throws: a `Problem` with 403, 409, 422 or 429, none of which has an effect;
    ///   `MariaDBError`.
    func request(
        _ wish: RefundWish,
        of order: Order,
        claimID: Int64,
        by principal: Principal,
        until deadline: Deadline
    ) throws -> Refund {
        let lines = try orders.lines(of: order.id, until: deadline)
        let written = try ledger.change(order.id, by: principal.actor, until: deadline) {
            change,
            transaction -> Refund in
            let payment = try PaymentStore.locked(of: order.id, in: &transaction)
            if let known = try RefundStore.locked(claimID: claimID, in: &transaction) {
                return known
            }
            guard let payment, payment.captured.minor > 0 else {
                throw Problem.refundExceedsCaptured(left: .zero(order.total.currency))
            }
            if payment.status == .disputed { throw Problem.paymentDisputed }
            let parts = try wish.items.map { items in
                try RefundWish.parts(
                    items,
                    of: lines,
                    taken: try RefundStore.takenQuantities(of: order.id, in: &transaction)
                )
            }
            let left = Money(
                minor: payment.captured.minor - payment.refundReserved.minor,
                payment.captured.currency
            )
            let amount = try Self.amount(wish, parts, left: left)
            try check(amount, left: left, payment, principal)
            // Should this process die before the call, the worker goes on after the lease.
            let refund = try Self.write(
                Wanted(amount: amount, reason: wish.reason, parts: parts ?? [], claimID: claimID),
                of: payment,
                sendingAfter: RefundPace.lease,
                &change,
                &transaction
            )
            // The last, because from here on all other refunds of the shop wait for the commit.
            try checkDay(amount, at: change.now, &transaction)
            return refund
        }
        guard let refund = written?.result else { throw Problem.orderNotFound }
        return refund
    }

    /// What goes back: the sum that is named, or of the lines, or all that is left.
    private static func amount(
        _ wish: RefundWish,
        _ parts: [RefundLine]?,
        left: Money
    ) throws -> Money {
        guard let parts else {
            return Money(minor: wish.amount ?? left.minor, left.currency)
        }
        return try parts.reduce(.zero(left.currency)) { try $0.adding($1.amount) }
    }

    /// Support's limit is for the order as a whole, so that it cannot be passed in steps.
    private func check(
        _ amount: Money,
        left: Money,
        _ payment: Payment,
        _ principal: Principal
    ) throws {
        let isLimited = principal.roles.isDisjoint(with: [.finance, .admin])
        if isLimited, try payment.refundReserved.adding(amount).minor > supportLimit {
            throw Problem.forbiddenRole
        }
        guard amount.minor > 0, amount.minor <= left.minor else {
            throw Problem.refundExceedsCaptured(left: left)
        }
    }

    /// The day's limit counts what was asked for, whatever became of it.
    private func checkDay(
        _ amount: Money,
        at now: Timestamp,
        _ transaction: inout Transaction
    ) throws {
        let sum = try RefundStore.addToDay(amount, at: now, in: &transaction)
        if dailyLimit > 0, sum > dailyLimit {
            let day: Int64 = 86_400
            throw Problem.rateLimited(retryAfter: day - now.seconds % day)
        }
    }

    /// Gives back all that is left of an order's payment, within a change of the order; the worker
    /// sends it.
    ///
    /// For money that the shop must not keep, such as that of an order which had been called off
    /// when it came; no limit holds it up.
    ///
    /// - Returns: nil if nothing is left, or the payer has disputed it.
    static func requestRest(
        reason: String,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Refund? {
        guard let payment = try PaymentStore.locked(of: change.order.id, in: &transaction),
            payment.status != .disputed,
            payment.captured.minor > payment.refundReserved.minor
        else { return nil }
        let left = payment.captured.minor - payment.refundReserved.minor
        return try write(
            Wanted(amount: Money(minor: left, payment.captured.currency), reason: reason),
            of: payment,
            sendingAfter: .zero,
            &change,
            &transaction
        )
    }

    /// What is written, once nothing speaks against it.
    private struct Wanted {
        let amount: Money
        let reason: String
        var parts: [RefundLine] = []
        var claimID: Int64?
    }

    private static func write(
        _ wanted: Wanted,
        of payment: Payment,
        sendingAfter delay: Duration,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Refund {
        let isByCard = payment.intentID != nil
        let status = isByCard ? .requested : try RefundStatus.requested.after(.giveUp)
        var draft = RefundStore.Draft(
            orderID: payment.orderID,
            paymentID: payment.id,
            amount: wanted.amount,
            reason: wanted.reason,
            status: status,
            requestedBy: change.actor,
            claimID: wanted.claimID,
            lines: wanted.parts
        )
        if isByCard {
            draft.nextAttemptAt = change.now + delay
            change.schedule(.advanceRefunds, after: delay)
        } else {
            draft.lastError = notByCard
        }
        let refund = try RefundStore.insert(draft, at: change.now, in: &transaction)
        try PaymentStore.setRefunds(
            of: payment,
            reserved: try payment.refundReserved.adding(wanted.amount),
            refunded: payment.refunded,
            status: payment.status,
            reviewReason: payment.reviewReason,
            at: change.now,
            in: &transaction
        )
        change.record("refund.requested", cause: refund.publicID)
        if status == .manual {
            change.record("refund.manual", cause: "\(refund.publicID): \(notByCard)")
        }
        return refund
    }
}

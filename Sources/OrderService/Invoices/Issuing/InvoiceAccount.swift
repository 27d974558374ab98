import Commerce

/// What counts of an order for its invoice and credit notes, and which document is due next.
///
/// The invoice is of the whole price. What is credited follows the money: after each refund that
/// succeeded, of the price P, with C captured and R given back so far,
///
///     target = min(P, max(0, P - (C - R))),  due = target - target at R = 0 - credited
///
/// so a refund of what was overpaid credits nothing, and one that failed after it had succeeded is
/// made up for by the next. What came back is credited as a whole once no money is here: it was never
/// paid, or all has gone back, by refunds or by chargebacks. An order that was called off before its
/// goods went out is credited as a whole once no money moves any more, also where some stays here because
/// its refund has failed for good: nothing was sold, and what is here is owed to the payer.
struct InvoiceAccount: Sendable {
    /// A document that there is, or that was refused by a rule.
    struct Entry: Sendable {
        let cause: String
        let kind: InvoiceDocument.Kind
        let isIssued: Bool
        let gross: Int64
    }

    /// A refund that succeeded.
    struct Refund: Sendable {
        let id: Int64
        let amount: Int64
    }

    /// What is to be made next.
    enum Due: Sendable, Equatable {
        case invoice
        /// A credit note for a refund, of so much in minor units.
        case refund(Int64, amount: Int64)
        /// A credit note of all that is left.
        case rest
        /// A document waits for somebody's correction, and all that follow wait for it.
        case blocked
        /// A document that waits is not what is due any more: it goes, and then the next is due.
        case withdrawal(cause: String)
    }

    /// Amounts that are no order's: their sum is beyond what counts money here.
    struct Uncountable: Error, CustomStringConvertible {
        let orderID: Int64

        var description: String { "the amounts of order \(orderID) are beyond counting" }
    }

    let orderID: Int64
    let status: OrderStatus
    let method: PaymentMethod
    /// In minor units, as all that follow.
    let price: Int64
    let captured: Int64
    /// What the payers' banks have taken by disputes that were lost.
    let lost: Int64
    /// In the order in which they succeeded.
    let refunds: [Refund]
    /// Whether money may yet move: a refund is under way or waits for somebody, or a dispute is open.
    let isUnsettled: Bool
    var entries: [Entry]

    /// Whether every sum and difference of its amounts fits; nothing else may be asked if not.
    var isCountable: Bool {
        let amounts = [price, captured, lost] + refunds.map(\.amount) + entries.map(\.gross)
        // Of Int64.min there is no magnitude, so it is none of these.
        return amounts.map { Int64(exactly: $0.magnitude) ?? .max }.checkedSum ?? .max < .max
    }

    /// Nil if nothing is due.
    var due: Due? {
        guard let waiting = entries.first(where: { !$0.isIssued }) else { return next }
        if isDue(waiting) { return .blocked }
        // An order that is looked at again may yet be sold.
        if waiting.kind == .invoice, !hasEnded { return .blocked }
        return .withdrawal(cause: waiting.cause)
    }

    /// Whether a document that waits for a correction is still what is due, to the ban.
    ///
    /// It is not once its refund has failed, or its order has ended before anything was sold.
    func isDue(_ waiting: Entry) -> Bool {
        var others = self
        others.entries.removeAll { $0.cause == waiting.cause }
        return switch others.next {
        case .invoice: waiting.kind == .invoice
        case .refund(let id, let amount):
            waiting.cause == InvoiceCause.refund(id).key && waiting.gross == amount
        case .rest:
            waiting.cause == InvoiceCause.ending(orderID).key && waiting.gross == others.left
        case nil, .blocked, .withdrawal: false
        }
    }

    /// What of the price is not credited, in minor units.
    private var left: Int64 { price - credited }

    private var credited: Int64 {
        entries.filter { $0.kind == .creditNote && $0.isIssued }.reduce(0) { $0 + $1.gross }
    }

    /// What is due where nothing waits.
    private var next: Due? {
        guard entries.contains(where: { $0.kind == .invoice }) else {
            return isSold ? .invoice : nil
        }
        guard left > 0 else { return nil }
        if let due = dueRefund { return due }
        let isKnown = entries.contains { $0.cause == InvoiceCause.ending(orderID).key }
        return isUndone && !isKnown ? .rest : nil
    }

    private var dueRefund: Due? {
        let known = Set(entries.map(\.cause))
        let isKnown = { (refund: Refund) in known.contains(InvoiceCause.refund(refund.id).key) }
        // Those that have their documents first: clocks of hosts differ, and one that is credited may
        // have succeeded after one that is not.
        var refunded = refunds.filter(isKnown).reduce(0) { $0 + $1.amount }
        for refund in refunds where !isKnown(refund) {
            refunded += refund.amount
            let amount = min(left, target(refunded) - target(0) - credited)
            if amount > 0 { return .refund(refund.id, amount: amount) }
        }
        return nil
    }

    private func target(_ refunded: Int64) -> Int64 {
        min(price, max(0, price - (captured - refunded)))
    }

    /// Whether the order is sold so far that it has to have an invoice: from its confirmation, and
    /// from its shipping if it is paid at the door.
    private var isSold: Bool {
        guard price > 0 else { return false }
        return switch status {
        case .confirmed, .inFulfilment: method == .card
        case .shipped, .delivered: true
        // What came back before anybody paid for it was not sold.
        case .returned: captured > 0
        case .awaitingPayment, .paymentReview, .stockReview, .cancelled, .expired, .rejected: false
        }
    }

    /// What was credited and has not gone back: a refund failed after its credit note was issued.
    ///
    /// Nothing of an order that was called off: its sale is undone, whatever becomes of its money.
    var overcredited: Int64 {
        let isWhole = isUndone || status.hasEndedUnpaid
        return max(0, credited - (isWhole ? price : target(refunded) - target(0)))
    }

    /// What has gone back and is not credited, though each refund that is to be credited has been.
    var undercredited: Int64 {
        due == nil ? max(0, min(price, target(refunded) - target(0)) - credited) : 0
    }

    /// Whether the goods were never sent and no money moves any more, or they have come back and nothing
    /// of their money is here.
    ///
    /// Where the goods are kept, what a dispute has taken is a loss: the sale stands. Of goods that
    /// came back some of the price may be kept.
    private var isUndone: Bool {
        status.hasEndedUnpaid ? !isUnsettled : status == .returned && kept <= 0
    }

    /// What is here of the payers' money; negative where more has gone than came.
    var kept: Int64 { captured - refunded - lost }

    private var refunded: Int64 { refunds.reduce(0) { $0 + $1.amount } }

    private var hasEnded: Bool { status.hasEndedUnpaid || status == .returned }
}

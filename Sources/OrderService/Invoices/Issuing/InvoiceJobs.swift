import Commerce
import MariaDB
package import Resilience

/// Issues what is due of an order: its invoice, then a credit note for each refund, then one for
/// its end; withdraws what was rejected and is due no more.
///
/// May be done again at any time, by several at once: what an order has to have is read under its
/// lock, and each cause makes one document (`invoices.cause_key`).
package struct InvoiceJobs: Sendable {
    let ledger: OrderLedger
    let issuer: InvoiceIssuer

    /// Documents of one order and one run: a refund is 1 ban at least, so this ends by itself.
    private static let most = 1_000

    /// Issues all that is due; blocks on MariaDB.
    ///
    /// Each document has a transaction of its own, so that a number is held for a short time.
    ///
    /// - Returns: how many documents were written, rejected ones among them.
    /// - Throws: `MariaDBError`; what keeps a document from being made.
    @discardableResult
    package func advance(_ orderID: Int64, until deadline: Deadline) throws -> Int {
        var written = 0
        for _ in 0..<Self.most {
            let change = try ledger.change(orderID, by: "worker", until: deadline) {
                change,
                transaction in
                try step(&change, &transaction)
            }
            switch change?.result {
            case nil, .nothingDue?: return written
            case .withdrew?: continue
            case .wroteLast?: return written + 1
            case .wroteOne?: written += 1
            }
        }
        return written
    }

    private enum Step: Sendable {
        case nothingDue, withdrew, wroteOne, wroteLast
    }

    private func step(
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Step {
        var account = try InvoiceStore.account(of: change.order, in: &transaction)
        let cause: InvoiceCause
        var amount: Int64?
        switch account.due {
        case nil, .blocked: return .nothingDue
        case .withdrawal(let cause):
            try issuer.withdraw(cause, &change, &transaction)
            return .withdrew
        case .invoice: cause = .order(account.orderID)
        case .refund(let id, let credited): (cause, amount) = (.refund(id), credited)
        case .rest: cause = .ending(account.orderID)
        }
        let entry = try issuer.issue(cause, amount: amount, &change, &transaction)
        account.entries.append(entry)
        return switch account.due {
        case nil, .blocked: .wroteLast
        case .invoice, .refund, .rest, .withdrawal: .wroteOne
        }
    }
}

extension Order {
    /// Whether a document may be due of it, now that it has left a state.
    func mayNeedInvoice(after before: OrderStatus) -> Bool {
        guard total.minor > 0 else { return false }
        return switch status {
        case .confirmed: paymentMethod == .card
        case .shipped: paymentMethod == .cashOnDelivery
        case .returned: true
        case .cancelled, .rejected: before != .awaitingPayment
        case .awaitingPayment, .paymentReview, .stockReview, .inFulfilment, .delivered, .expired:
            false
        }
    }
}

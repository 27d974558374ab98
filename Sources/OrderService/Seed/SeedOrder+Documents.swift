import Commerce
import MariaDB

extension SeedOrder {
    /// What counts of it for its documents.
    private var account: InvoiceAccount {
        let refunded = payment?.refunded ?? 0
        return InvoiceAccount(
            orderID: purchase.id,
            status: status,
            method: story.method,
            price: purchase.totals.total.minor,
            captured: payment?.captured ?? 0,
            lost: 0,
            // There is one refund an order at most; it has the order's id.
            refunds: refunded > 0 ? [.init(id: purchase.id, amount: refunded)] : [],
            // None of them fails.
            isUnsettled: payment.map { $0.captured > $0.refunded } ?? false,
            entries: documents.map { document in
                .init(
                    cause: document.cause.key,
                    kind: document.cause.kind,
                    isIssued: true,
                    gross: document.gross
                )
            }
        )
    }

    /// The document that is due now, by the same rules as that of any order; nil if none is.
    func dueDocument(at time: Timestamp) -> Document? {
        let account = account
        let captured = account.captured
        func document(_ cause: InvoiceCause, _ gross: Int64) -> Document {
            Document(cause: cause, gross: gross, captured: captured, at: time)
        }
        switch account.due {
        case nil, .blocked, .withdrawal: return nil
        case .invoice: return document(.order(purchase.id), account.price)
        case .refund(let id, let amount): return document(.refund(id), amount)
        case .rest:
            let credited = documents.filter { $0.cause.kind == .creditNote }
                .reduce(0) { $0 + $1.gross }
            return document(.ending(purchase.id), account.price - credited)
        }
    }
}

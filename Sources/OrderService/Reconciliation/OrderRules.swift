import Commerce
import MariaDB

/// Looks at an order by itself: whether it has its money, and whether it goes on.
enum OrderRules {
    /// How long after its deadline, or the beginning of its closing, an order may stay.
    static let patience = Duration.seconds(900)

    /// What is wrong with it; nil if nothing is.
    static func judge(_ books: OrderBooks, at now: Timestamp) -> Finding? {
        let order = books.order
        guard order.visibleAt != nil else { return nil }
        func finding(
            _ kind: Finding.Kind,
            _ fix: ReconciliationFix? = nil
        ) -> Finding {
            Finding(
                kind,
                of: order,
                .order(order.id),
                ours: .init(status: order.closing?.rawValue ?? order.status.rawValue),
                theirs: books.current?.figure ?? .nothing,
                fix: fix
            )
        }
        if order.closing != nil, order.updatedAt + patience <= now {
            return finding(.stuck, .closeOrder)
        }
        if order.isOverdue(at: now - patience) {
            return finding(.stuck, order.paymentStatus == .processing ? nil : .expire)
        }
        if order.paymentMethod == .card, order.total.minor > 0, order.status.isGoingOut,
            !(books.current?.status.isSuccess ?? false)
        {
            return finding(.orderWithoutPayment)
        }
        return nil
    }
}

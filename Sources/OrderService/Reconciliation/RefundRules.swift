import Commerce

/// Compares a refund at Stripe with our row of it.
enum RefundRules {
    /// Where a refund at Stripe and our row, if we have one, differ; nil if they agree.
    static func compare(_ told: StripeRefund, _ refund: Refund?, of order: Order) -> Finding? {
        func finding(_ kind: Finding.Kind, isSafe: Bool) -> Finding {
            Finding(
                kind,
                of: order,
                .refund(told.id),
                ours: refund?.figure ?? .nothing,
                theirs: told.figure,
                fix: isSafe ? .settleRefund(told) : nil
            )
        }
        guard let refund else { return finding(.refundUnknownToUs, isSafe: true) }
        let next = try? refund.status.after(told.status.event)
        if refund.providerID == told.id, next == refund.status, refund.amount == told.amount {
            return nil
        }
        // What our table of moves refuses, somebody has to understand first.
        let isSafe = next != nil && refund.amount.currency == told.amount.currency
        return finding(.refundDiffers, isSafe: isSafe)
    }

    /// Where our row claims what Stripe does not have.
    static func compareMissing(_ refund: Refund, of order: Order) -> Finding? {
        let kind: Finding.Kind
        switch refund.status {
        case .succeeded, .pending, .requiresAction:
            // Ended by hand, with evidence: the money may have gone another way.
            guard refund.resolvedAt == nil else { return nil }
            kind = .refundUnknownToStripe
        case .requested, .unknown, .manual: kind = .refundInDoubt
        case .failed, .cancelled: return nil
        }
        return Finding(
            kind,
            of: order,
            .refund(refund.providerID ?? refund.publicID),
            ours: refund.figure,
            theirs: .nothing
        )
    }
}

extension Refund {
    fileprivate var figure: Finding.Figure {
        Finding.Figure(status: status.rawValue, amount: amount)
    }
}

extension StripeRefund {
    fileprivate var figure: Finding.Figure {
        Finding.Figure(status: status.rawValue, amount: amount)
    }
}

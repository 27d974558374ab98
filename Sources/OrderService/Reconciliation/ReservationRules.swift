import Commerce

/// Compares what product-service holds under a key with our row of it.
enum ReservationRules {
    /// What both sides say of one key.
    struct Pair: Sendable {
        let key: String
        /// nil if product-service does not know the key.
        let theirs: ProductServiceClient.Held.Status?
        let row: ReservationRow?
        let order: Order?
        /// Whether an order of ours with the key's number has been made, whatever became of it.
        let isOfOurs: Bool
    }

    /// Where the two differ; nil if they agree, or nothing depends on it.
    static func compare(_ pair: Pair) -> Finding? {
        if let theirs = pair.theirs, theirs.takesStock { return taken(pair, theirs) }
        return notTaken(pair)
    }

    private static func finding(
        _ kind: Finding.Kind,
        _ pair: Pair,
        _ fix: ReconciliationFix? = nil
    ) -> Finding {
        Finding(
            kind,
            of: pair.order,
            .reservation(pair.key),
            ours: pair.row.map { .init(status: $0.status.rawValue) } ?? .nothing,
            theirs: pair.theirs.map { .init(status: $0.rawValue) } ?? .nothing,
            fix: fix
        )
    }

    private static func taken(
        _ pair: Pair,
        _ theirs: ProductServiceClient.Held.Status
    ) -> Finding? {
        func leaked(isSure: Bool) -> Finding {
            // What was sold has left the shelves, and comes back by hand.
            let isReleasable = isSure && theirs == .held
            let fix = ReconciliationFix.releaseReservation(key: pair.key, row: pair.row)
            return finding(.reservationLeaked, pair, isReleasable ? fix : nil)
        }
        guard let order = pair.order else { return leaked(isSure: pair.isOfOurs) }
        // One that nobody was shown is being made, or will be discarded with its stock.
        if order.visibleAt == nil { return nil }
        let hasEnded = order.status.hasEndedUnpaid && order.closing == nil
        guard let row = pair.row, row.isLive else {
            return leaked(isSure: hasEnded || pair.row?.status == .released)
        }
        if hasEnded {
            guard row.status == .committed else { return leaked(isSure: true) }
            return theirs == .committed ? nil : finding(.reservationDiffers, pair)
        }
        let isSold = [.confirmed, .inFulfilment, .shipped, .delivered].contains(order.status)
        switch (row.status, theirs) {
        case (.optimistic, _): return finding(.reservationDiffers, pair, .verifyReservation)
        case (.held, _) where isSold:
            return finding(.reservationDiffers, pair, .commitReservation)
        case (.held, .committed), (.committed, .held): return finding(.reservationDiffers, pair)
        default: return nil
        }
    }

    private static func notTaken(_ pair: Pair) -> Finding? {
        guard let row = pair.row, row.isLive, let order = pair.order, order.closing == nil,
            !order.status.hasEndedUnpaid, order.status != .returned
        else { return nil }
        switch row.status {
        case .optimistic: return finding(.reservationDiffers, pair, .verifyReservation)
        case .held where order.status == .awaitingPayment || order.status == .confirmed:
            return finding(.reservationMissing, pair, .replaceReservation(row))
        default: return finding(.reservationMissing, pair)
        }
    }

    /// The order that a key of ours is for, as in `order-17` and `order-17-2`.
    static func orderID(of key: String) -> Int64? {
        let words = key.split(separator: "-", omittingEmptySubsequences: false)
        guard words.count == 2 || words.count == 3, words[0] == "order",
            let id = Int64(words[1]), id > 0, words.count == 2 || Int64(words[2]) != nil
        else { return nil }
        return id
    }
}

import Commerce
import MariaDB
import Resilience

/// Refunds.
extension ReconciliationRun {
    /// Walks Stripe's list of the window.
    mutating func compareRefunds() throws {
        var last: String?
        repeat {
            try checkTime()
            let page = try page(
                reconciler.stripe.refunds(made: times, after: last, until: deadline)
            )
            report.count("refunds", page.refunds.count)
            for pair in try pairs(page.refunds) { try compare(pair) }
            last = page.hasMore ? page.lastID : nil
        } while last != nil
    }

    /// Walks our refunds that changed in the window and that Stripe's list did not show.
    mutating func compareOwnRefunds() throws {
        var place: ReconciliationStore.Place? = .init(time: start)
        while let current = place {
            try checkTime()
            let page = try store.refunds(after: current, before: now, until: deadline)
            for refund in page.items where !seenRefunds.contains(refund.id) {
                try checkTime()
                try compare(refund)
            }
            place = page.next
        }
    }

    /// A refund of Stripe with the order whose payment it is of, and our row.
    private struct Pair {
        let told: StripeRefund
        let refund: Refund?
        let books: OrderBooks

        var finding: Finding? { RefundRules.compare(told, refund, of: books.order) }
    }

    /// Those of payments that are ours.
    private func pairs(_ told: [StripeRefund]) throws -> [Pair] {
        let orders = try store.orderIDs(ofIntents: told.map(\.intentID), until: deadline)
        let books = try store.books(of: Array(Set(orders.values)), until: deadline)
        let rows = try store.refunds(
            told: told.map(\.id),
            named: told.compactMap(\.refundID),
            until: deadline
        )
        return told.compactMap { told in
            guard let books = orders[told.intentID].flatMap({ books[$0] }) else { return nil }
            let row =
                rows.first { $0.providerID == told.id }
                ?? rows.first { $0.publicID == told.refundID && $0.providerID == nil }
            return Pair(told: told, refund: row, books: books)
        }
    }

    private mutating func compare(_ pair: Pair) throws {
        if let refund = pair.refund { seenRefunds.note(refund.id) }
        guard pair.finding != nil, let (finding, changedAt) = try reread(pair.told.id) else {
            return
        }
        guard try !isInFlight(changedAt, of: finding.orderID) else {
            report.inFlight += 1
            return
        }
        try conclude(finding) { run in try run.reread(pair.told.id)?.finding }
    }

    /// Reads both sides of one refund and compares them.
    private func reread(_ id: String) throws -> (finding: Finding, changedAt: Timestamp)? {
        guard let told = try found(reconciler.stripe.listedRefund(id, until: deadline)),
            let pair = try pairs([told]).first, let finding = pair.finding
        else { return nil }
        let changedAt = pair.refund?.updatedAt ?? pair.books.updatedAt
        return (finding, max(told.createdAt, changedAt))
    }

    /// A row that Stripe's list did not show: older there, or not there at all.
    private mutating func compare(_ refund: Refund) throws {
        if let id = refund.providerID,
            let told = try found(reconciler.stripe.listedRefund(id, until: deadline))
        {
            for pair in try pairs([told]) { try compare(pair) }
            return
        }
        guard let books = try store.books(of: refund.orderID, until: deadline),
            let finding = RefundRules.compareMissing(refund, of: books.order)
        else { return }
        guard try !isInFlight(refund.updatedAt, of: refund.orderID) else {
            report.inFlight += 1
            return
        }
        try conclude(finding) { _ in finding }
    }
}

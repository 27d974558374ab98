import Commerce
import MariaDB
import Resilience

/// Stock at product-service: what is taken there for nothing here, and what is missing there.
extension ReconciliationRun {
    /// Walks product-service's lists, then our rows of the window that they did not show.
    mutating func compareReservations() throws {
        // Held stock runs out by itself, so all of it is few; what was sold is listed by the window.
        let end = (now - Reconciler.leakAge).seconds
        let isListed = try walk(.held, made: 0..<max(0, end))
        if isListed {
            _ = try walk(.committed, made: min(start.seconds, end)..<end)
        } else {
            report.note(
                "product-service does not list reservations: ours were asked for one by one, and "
                    + "stock of orders that never were cannot be found"
            )
        }
        var place: ReconciliationStore.Place? = .init(time: start)
        while let current = place {
            try checkTime()
            let page = try store.reservations(after: current, before: now, until: deadline)
            for row in page.items where !seenReservations.contains(row.id) {
                // With the list, what is over here is over there, or would have been shown.
                guard row.isLive || !isListed else { continue }
                // An answer about one that changes at this moment would say nothing.
                guard try !isInFlight(row.updatedAt, of: row.orderID) else { continue }
                try checkTime()
                try compare(row.key)
            }
            place = page.next
        }
    }

    /// Walks one of product-service's lists; returns whether there is one.
    private mutating func walk(
        _ status: ProductServiceClient.Held.Status,
        made times: Range<Int64>
    ) throws -> Bool {
        var last: String?
        repeat {
            try checkTime()
            let listing = try read(
                reconciler.products.reservations(status, made: times, after: last, until: deadline)
            )
            guard case .page(let listed, let hasMore) = listing else { return false }
            report.count("reservations", listed.count)
            for (pair, _) in try pairs(listed) {
                if let row = pair.row { seenReservations.note(row.id) }
                if ReservationRules.compare(pair) != nil { try compare(pair.key) }
            }
            last = hasMore ? listed.last?.key : nil
        } while last != nil
        return true
    }

    /// Those whose keys are of our form, each with our row and our order.
    private func pairs(
        _ held: [ProductServiceClient.Held]
    ) throws -> [(pair: ReservationRules.Pair, changedAt: Timestamp)] {
        let ours = held.filter { ReservationRules.orderID(of: $0.key) != nil }
        return try pairs(ours.map { ($0.key, $0.status) })
    }

    private func pairs(
        _ keys: [(key: String, theirs: ProductServiceClient.Held.Status?)]
    ) throws -> [(pair: ReservationRules.Pair, changedAt: Timestamp)] {
        guard !keys.isEmpty else { return [] }
        let rows = try store.reservations(keys: keys.map(\.key), until: deadline)
        let orderIDs = keys.compactMap {
            rows[$0.key]?.orderID ?? ReservationRules.orderID(of: $0.key)
        }
        let books = try store.books(of: orderIDs, until: deadline)
        let last = try store.lastOrderID(until: deadline)
        return keys.map { key, theirs in
            let row = rows[key]
            let id = row?.orderID ?? ReservationRules.orderID(of: key) ?? 0
            let pair = ReservationRules.Pair(
                key: key,
                theirs: theirs,
                row: row,
                order: books[id]?.order,
                isOfOurs: (1...max(1, last)).contains(id) && last > 0
            )
            let start = Timestamp(seconds: 0)
            return (pair, max(row?.updatedAt ?? start, books[id]?.updatedAt ?? start))
        }
    }

    /// Reads both sides of one key and takes up what differs.
    private mutating func compare(_ key: String) throws {
        guard let (finding, changedAt) = try reread(key) else { return }
        guard try !isInFlight(changedAt, of: finding.orderID) else {
            report.inFlight += 1
            return
        }
        try conclude(finding) { run in try run.reread(key)?.finding }
    }

    private func reread(_ key: String) throws -> (finding: Finding, changedAt: Timestamp)? {
        let held = try read(reconciler.products.reservation(key: key, until: deadline))
        guard let (pair, changedAt) = try pairs([(key, held?.status)]).first,
            let finding = ReservationRules.compare(pair)
        else { return nil }
        return (finding, changedAt)
    }

    private func read<Value>(_ outcome: Outcome<Value, UpstreamFailure>) throws -> Value {
        switch outcome {
        case .executed(let value): return value
        case .notExecuted(let failure), .unknown(let failure):
            throw Unread(description: failure.reason)
        }
    }
}

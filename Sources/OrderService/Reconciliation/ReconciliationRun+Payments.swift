import Commerce
import MariaDB
import Resilience

/// PaymentIntents and payments.
extension ReconciliationRun {
    /// Walks Stripe's list of the window.
    mutating func compareIntents() throws {
        var last: String?
        repeat {
            try checkTime()
            let page = try page(
                reconciler.stripe.intents(made: times, after: last, until: deadline)
            )
            report.count("intents", page.intents.count)
            if page.foreign > 0 { report.count("foreignIntents", page.foreign) }
            let ids = Set(page.intents.compactMap(\.intent.orderID))
            let books = try store.books(of: Array(ids), until: deadline)
            for listed in page.intents {
                try compare(listed, listed.intent.orderID.flatMap { books[$0] })
            }
            last = page.hasMore ? page.lastID : nil
        } while last != nil
    }

    /// Walks our payments that changed in the window and that Stripe's list did not show.
    mutating func comparePayments() throws {
        var place: ReconciliationStore.Place? = .init(time: start)
        while let current = place {
            try checkTime()
            let page = try store.payments(after: current, before: now, until: deadline)
            report.count("payments", page.items.count)
            for item in page.items where !seenPayments.contains(item.id) {
                try checkTime()
                try compareIntent(item.intentID, of: item.orderID)
            }
            place = page.next
        }
    }

    /// Reads one intent that our books name.
    private mutating func compareIntent(_ id: String, of orderID: Int64) throws {
        if let listed = try intent(id) {
            return try compare(listed, try store.books(of: orderID, until: deadline))
        }
        try concludeMissing(id, of: orderID)
    }

    /// An intent of ours that Stripe does not know: we say paid, or let somebody wait for it.
    private mutating func concludeMissing(_ id: String, of orderID: Int64) throws {
        guard let books = try store.books(of: orderID, until: deadline),
            let payment = books.entries.first(where: { $0.payment.intentID == id })?.payment,
            payment.status.isSuccess || payment.status.isPayable
        else { return }
        guard try !isInFlight(books.updatedAt, of: orderID) else {
            report.inFlight += 1
            return
        }
        let finding = Finding(
            payment.status.isSuccess ? .paymentWithoutCharge : .paymentOutdated,
            of: books.order,
            .intent(id),
            ours: payment.figure,
            theirs: .nothing
        )
        try conclude(finding) { _ in finding }
    }

    /// Compares an intent with our books; a difference is read again first.
    mutating func compare(_ listed: ListedIntent, _ books: OrderBooks?) throws {
        if let entry = books?.entry(listed.intent.paymentID),
            entry.payment.intentID == listed.intent.id
        {
            seenPayments.note(entry.payment.id)
        }
        guard IntentRules.compare(listed, books) != nil else { return }
        guard let (finding, changedAt) = try reread(listed.intent.id) else { return }
        guard try !isInFlight(changedAt, of: finding.orderID) else {
            report.inFlight += 1
            return
        }
        try conclude(finding) { run in try run.reread(listed.intent.id)?.finding }
    }

    /// Reads both sides of one intent and compares them.
    private func reread(_ id: String) throws -> (finding: Finding, changedAt: Timestamp)? {
        guard let listed = try intent(id), let orderID = listed.intent.orderID else { return nil }
        let books = try store.books(of: orderID, until: deadline)
        guard let finding = IntentRules.compare(listed, books) else { return nil }
        return (finding, max(listed.changedAt, books?.updatedAt ?? listed.changedAt))
    }

    private func intent(_ id: String) throws -> ListedIntent? {
        try found(reconciler.stripe.listedIntent(id, until: deadline))
    }

    // MARK: Payments in doubt

    /// Looks at every payment in doubt, whatever its age; the intents of those that were given up
    /// are searched for at Stripe.
    mutating func lookAtDoubts() throws {
        var last: Int64 = 0
        while true {
            try checkTime()
            let page = try reconciler.inDoubt.payments(
                after: last,
                limit: ReconciliationStore.pageSize,
                until: deadline
            )
            report.count("doubts", page.count)
            for item in page {
                try checkTime()
                try lookAt(item)
            }
            guard page.count == ReconciliationStore.pageSize, let end = page.last else { return }
            last = end.id
        }
    }

    private mutating func lookAt(_ item: InDoubtStore.Item) throws {
        if let intentID = item.intentID, item.doubt != .review {
            try compareIntent(intentID, of: item.orderID)
        } else if item.doubt == .void {
            let page = try page(
                reconciler.stripe.intents(ofPayment: item.publicID, until: deadline)
            )
            // The index may be behind, or lie: what the intent says of itself counts.
            for listed in page.intents where listed.intent.paymentID == item.publicID {
                try compare(listed, try store.books(of: item.orderID, until: deadline))
            }
        }
        guard let (finding, changedAt) = try doubt(item.publicID, item.orderID) else { return }
        guard try !isInFlight(changedAt, of: item.orderID) else {
            report.inFlight += 1
            return
        }
        try conclude(finding) { run in
            try run.doubt(item.publicID, item.orderID)?.finding
        }
    }

    /// What is in doubt of a payment still.
    private func doubt(
        _ publicID: String,
        _ orderID: Int64
    ) throws -> (finding: Finding, changedAt: Timestamp)? {
        guard let books = try store.books(of: orderID, until: deadline),
            let entry = books.entry(publicID), let doubt = entry.doubt
        else { return nil }
        let payment = entry.payment
        var fix: ReconciliationFix?
        switch doubt {
        case .void where payment.intentID == nil:
            let age = now.distance(from: entry.updatedAt)
            if age >= Reconciler.searchIsSure { fix = .closeGivenUp(paymentID: payment.id) }
        case .requiresRetry where payment.intentID == nil && books.order.mayBePaid:
            fix = .ensurePayment
        default: break
        }
        let finding = Finding(
            .paymentInDoubt,
            of: books.order,
            .payment(publicID),
            ours: .init(status: payment.reviewReason ?? doubt.rawValue, amount: payment.amount),
            theirs: .init(status: payment.intentID ?? "none"),
            fix: fix
        )
        return (finding, entry.updatedAt)
    }

    // MARK: Orders

    /// Walks the orders of the window, and those that are overdue whatever their age.
    mutating func lookAtOrders() throws {
        for id in try store.overdueOrders(before: now - OrderRules.patience, until: deadline) {
            try lookAtOrders([id])
        }
        var place: ReconciliationStore.Place? = .init(time: start)
        while let current = place {
            try checkTime()
            let page = try store.orders(after: current, before: now, until: deadline)
            report.count("orders", page.items.count)
            try lookAtOrders(page.items)
            place = page.next
        }
    }

    private mutating func lookAtOrders(_ ids: [Int64]) throws {
        let books = try store.books(of: ids, until: deadline)
        for id in ids {
            guard let read = books[id], let finding = OrderRules.judge(read, at: now) else {
                continue
            }
            guard try !isInFlight(read.updatedAt, of: id) else {
                report.inFlight += 1
                continue
            }
            try conclude(finding) { run in
                try run.store.books(of: id, until: run.deadline)
                    .flatMap { OrderRules.judge($0, at: run.now) }
            }
        }
    }
}

extension OrderBooks.Entry {
    /// Why the payment is in doubt, as the table's generated column has it.
    fileprivate var doubt: PaymentDoubt? {
        let isClosed = payment.status == .failed || payment.status == .cancelled
        if isVoid { return isClosed ? nil : .void }
        if payment.status == .unknown { return .unknown }
        if payment.status == .requiresRetry, payment.attempts > 0 { return .requiresRetry }
        let isOver = isClosed || payment.status == .refunded
        return payment.reviewReason != nil && !isOver ? .review : nil
    }
}

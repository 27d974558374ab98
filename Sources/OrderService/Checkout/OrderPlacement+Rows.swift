import Commerce
import MariaDB
import Resilience
import Signing
import Web

/// The rows of an order: made at once, shown once the stock is reserved, removed if it is not.
extension OrderPlacement {
    /// When the worker tries for the first time to reserve what was sold unreserved.
    private static let firstVerification = Duration.seconds(5)

    /// Makes the rows of a session's order; finds the order where another request has made it.
    ///
    /// - Returns: the order, and its lines where they were made here.
    func insert(
        _ ready: Ready,
        until deadline: Deadline
    ) throws -> (order: Order, lines: [Line]?) {
        do {
            return (try insertOnce(ready, until: deadline), ready.session.lines)
        } catch let error as MariaDBError where error.code == .duplicateEntry {
            // Another request completes the same session, or the random number is taken.
            if let order = try store.find(checkoutSession: ready.session.id, until: deadline) {
                return (order, nil)
            }
            return (try insertOnce(ready, until: deadline), ready.session.lines)
        }
    }

    private func insertOnce(_ ready: Ready, until deadline: Deadline) throws -> Order {
        let now = clock.now
        let number = OrderNumber(random: Self.randomNumber()).description
        let id = try store.database.transaction(class: .write, until: deadline) { transaction in
            let session = ready.session
            // Held until the order is there: the session cannot change under it.
            let rows = try transaction.query(
                "SELECT version FROM checkout_sessions WHERE id = \(session.id) FOR UPDATE"
            )
            guard try rows.first?.int64("version") == session.version else {
                throw SessionChanged()
            }
            var userID: String?
            if case .customer(let id) = session.owner {
                userID = id
                try transaction.execute(
                    "INSERT INTO customers (user_id) VALUES (\(id)) ON DUPLICATE KEY UPDATE user_id = user_id"
                )
                if let cart = session.cart {
                    try CartOrders.checkFree(cart, of: id, at: now, in: &transaction)
                }
            }
            let status = Self.initialPaymentStatus(ready)
            let id = try insertOrder(ready, number, userID, status, now, in: &transaction)
            try insertLines(session.lines, of: id, in: &transaction)
            try OrderNameWords.insert(ofOrders: id...id, in: &transaction)
            if let cart = session.cart, let userID {
                try CartOrders.note(cart, of: userID, as: id, at: now, in: &transaction)
            }
            if status != .noneRequired {
                try PaymentStore.insert(
                    orderID: id,
                    amount: ready.totals.total,
                    method: ready.paymentMethod,
                    isManual: ready.fraud?.needsReview ?? false,
                    now: now,
                    in: &transaction
                )
            }
            if let fraud = ready.fraud {
                try FraudStore.insert(
                    fraud.assessment,
                    of: fraud.completion,
                    orderID: id,
                    at: now,
                    in: &transaction
                )
            }
            var tasks: [OutboxMessage] = [.discardUnseen(at: now + Self.unseenLife)]
            if status == .requiresRetry {
                // Should this process die before the payment is started.
                tasks.append(.ensurePayment(at: now + PaymentStarter.firstRetry))
            }
            try Outbox.insert(tasks, orderID: id, at: now, in: &transaction)
            CrashPoint.orderMade.pass(.before)
            return id
        }
        CrashPoint.orderMade.pass(.after)
        guard let order = try store.find(checkoutSession: ready.session.id, until: deadline),
            order.id == id
        else { throw Problem.internalError }
        return order
    }

    private static func initialPaymentStatus(_ ready: Ready) -> PaymentStatus {
        guard ready.totals.total.minor > 0 else { return .noneRequired }
        return PaymentStatus(first: ready.paymentMethod)
    }

    private static func randomNumber() -> UInt64 {
        SecureRandom.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func insertOrder(
        _ ready: Ready,
        _ number: String,
        _ userID: String?,
        _ status: PaymentStatus,
        _ now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Int64 {
        let session = ready.session
        let billing = CheckoutRepresentation.billing(ready.billing).serialized()
        let shipping = CheckoutRepresentation.address(ready.address).serialized()
        let expiry = ready.paymentMethod == .card ? now + paymentDeadline : nil
        let written = try transaction.execute(
            """
            INSERT INTO orders (number, checkout_session_id, user_id, email, contact_name, phone,
                client_address, billing, shipping, shipping_method, payment_method, status,
                payment_status, currency, items_minor, shipping_minor, total_minor, item_count, from_cache,
                requires_verification, created_at, updated_at, expires_at)
            VALUES (\(number), \(session.id), \(userID), \(ready.email), \(ready.name),
                \(session.contact.phone ?? ""), \(ready.network?.text),
                \(String(decoding: billing, as: UTF8.self)),
                \(String(decoding: shipping, as: UTF8.self)), \(ready.method.id),
                \(ready.paymentMethod.rawValue), \(OrderStatus.awaitingPayment.rawValue),
                \(status.rawValue), \(ready.totals.total.currency.rawValue),
                \(ready.totals.items.minor), \(ready.totals.shipping.minor),
                \(ready.totals.total.minor), \(session.lines.reduce(0) { $0 + $1.quantity }),
                \(session.fromCache), \(session.requiresVerification), \(now), \(now), \(expiry))
            """
        )
        return Int64(written.lastInsertID)
    }

    private func insertLines(
        _ lines: [Line],
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws {
        let rows = lines.enumerated().map { index, line in
            [
                orderID.sqlValue, (index + 1).sqlValue, line.sku.sqlValue, line.name.sqlValue,
                line.quantity.sqlValue, line.unitPrice.minor.sqlValue,
                line.vatRate.percent.sqlValue, line.total.minor.sqlValue,
                line.vat.minor.sqlValue, line.total.currency.rawValue.sqlValue,
            ]
        }
        // Few counts of rows are few statements to be prepared.
        for start in stride(from: 0, to: rows.count, by: 10) {
            try transaction.execute(
                """
                INSERT INTO order_lines (order_id, position, sku, name, quantity,
                    unit_price_minor, vat_percent, total_minor, vat_minor, currency)
                VALUES \(rows: rows[start..<min(start + 10, rows.count)])
                """
            )
        }
    }

    /// Notes the reservation and makes the order visible, with its place in the history.
    func show(
        _ order: Order,
        _ reservation: ReservationStatus,
        _ key: IdempotencyKey,
        _ context: Context
    ) throws -> Order {
        let isOptimistic = reservation == .optimistic
        let expiry = clock.now + reservationLife
        let shown = try ledger.change(
            order.id,
            by: context.principal.actor,
            until: context.deadline
        ) { change, transaction in
            guard change.order.visibleAt == nil else { return }
            try transaction.execute(
                """
                INSERT INTO reservations (order_id, reservation_key, status,
                    requires_verification, expires_at, created_at, updated_at)
                VALUES (\(order.id), \(key.description), \(reservation.rawValue), \(isOptimistic),
                    \(expiry), \(change.now), \(change.now))
                """
            )
            if let userID = change.order.userID {
                try transaction.execute(
                    """
                    UPDATE customers SET orders_count = orders_count + 1
                    WHERE user_id = \(userID)
                    """
                )
                try transaction.execute(
                    """
                    UPDATE orders SET user_seq =
                        (SELECT orders_count FROM customers WHERE user_id = \(userID))
                    WHERE id = \(order.id)
                    """
                )
            }
            change.setVisible()
            if isOptimistic {
                change.setRequiresVerification(true)
                try PaymentStore.holdBack(orderID: order.id, in: &transaction)
                change.schedule(.verifyReservation, after: Self.firstVerification)
            }
            change.record("order.placed", isPublic: true)
            change.announce(.orderPlaced)
            if !change.order.paymentStatus.isPayable {
                if try hold.holdCompletion(of: &change, &transaction) { return }
                try change.apply(.confirm, cause: change.order.paymentStatus.rawValue)
                change.announce(.orderConfirmed)
                change.schedule(.commitReservation)
            }
        }
        guard let shown else {
            // Somebody ended the order meanwhile; its stock must not wait for the reservation's end.
            _ = products.release(key: key, until: context.deadline, context.calls)
            throw Problem.overloaded(retryAfter: 1)
        }
        return shown.order
    }

    /// Removes an order that nobody was shown; does nothing to one that was.
    func discard(_ id: Int64, until deadline: Deadline) throws {
        try store.database.transaction(class: .write, until: deadline) { transaction in
            let rows = try transaction.query(
                "SELECT id FROM orders WHERE id = \(id) AND visible_at IS NULL FOR UPDATE"
            )
            guard !rows.isEmpty else { return }
            try transaction.execute("DELETE FROM payments WHERE order_id = \(id)")
            try transaction.execute("DELETE FROM order_lines WHERE order_id = \(id)")
            try transaction.execute("DELETE FROM orders WHERE id = \(id)")
            CrashPoint.orderDiscarded.pass(.before)
        }
        CrashPoint.orderDiscarded.pass(.after)
    }
}

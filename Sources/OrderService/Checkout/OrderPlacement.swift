import Commerce
import MariaDB
import Resilience
import Signing
import Web

/// Makes an order of a checkout session: rows, reservation, and the moment it becomes visible.
struct OrderPlacement: Sendable {
    let store: OrderStore
    let ledger: OrderLedger
    let products: ProductServiceClient
    let methods: ShippingMethods
    let clock: WallClock
    /// From the order's making until its payment has to be there.
    let paymentDeadline: Duration
    /// How much longer than the payment's deadline stock is held.
    let reservationMargin: Duration

    /// How long an order may stay unseen, longer than any request takes, before it is ended.
    private static let unseenLife = Duration.seconds(120)

    /// Stripe's minimum charge in RON, in bani (Stripe, «minimum and maximum charge amounts»).
    private static let minimumCardAmount: Int64 = 200

    /// Everything that an order needs and a session may still lack.
    struct Ready: Sendable {
        let session: CheckoutSession
        let email: String
        let name: String
        let billing: CheckoutSession.Billing
        let address: Address
        let method: ShippingMethod
        let totals: Totals
        let paymentMethod: PaymentMethod
    }

    /// Checks that a session is complete.
    ///
    /// - Throws: a `Problem` with 422 and a pointer for everything that is missing.
    func ready(
        _ session: CheckoutSession,
        paymentMethod: PaymentMethod
    ) throws(Problem) -> Ready {
        var faults: [Problem.Fault] = []
        func require<Value>(_ value: Value?, _ pointer: String) -> Value? {
            if value == nil {
                faults.append(
                    Problem.Fault(
                        pointer: pointer,
                        code: "required",
                        detail: "The session needs this before it can be completed."
                    )
                )
            }
            return value
        }
        let email = require(session.contact.email, "/contact/email")
        let name = require(
            session.contact.name ?? session.billing?.name ?? session.shipping.address?.name,
            "/contact/name"
        )
        let address = require(session.shipping.address, "/shipping/address")
        let method = require(session.shipping.method.flatMap { methods[$0] }, "/shipping/method")
        guard let email, let name, let address, let method, !session.lines.isEmpty else {
            throw Problem(
                .unprocessableContent,
                "invalid_request",
                "The session is not complete.",
                faults: faults
            )
        }
        let billing =
            session.billing
            ?? CheckoutSession.Billing(name: name, company: nil, cui: nil, address: address)
        let totals = try session.totalsOrProblem(methods)
        guard
            paymentMethod != .card || totals.total.minor == 0
                || totals.total.minor >= Self.minimumCardAmount
        else {
            throw Problem(
                .unprocessableContent,
                "amount_too_small",
                "The total is below what cards can be charged."
            )
        }
        return Ready(
            session: session,
            email: email,
            name: name,
            billing: billing,
            address: address,
            method: method,
            totals: totals,
            paymentMethod: paymentMethod
        )
    }

    /// The order of a session, made if it is not there; stock is reserved and it is visible.
    ///
    /// May be called again after any interruption: it goes on where the rows say it stopped.
    ///
    /// - Throws: a `Problem` with 409 `out_of_stock`; the order is gone then and the session open.
    func place(_ ready: Ready, _ context: Context) throws -> Order {
        let order =
            try store.find(checkoutSession: ready.session.id, until: context.deadline)
            ?? insert(ready, until: context.deadline)
        if order.visibleAt != nil { return order }
        let key = Self.reservationKey(orderID: order.id)
        let life = paymentDeadline + reservationMargin
        let outcome = products.reserve(
            key: key,
            lines: ready.session.lines,
            timeToLive: life,
            until: context.deadline,
            context.calls
        )
        switch outcome {
        case .executed(.held):
            return try show(order, .held, key, context)
        case .executed(.outOfStock(let short)):
            try discard(order.id, until: context.deadline)
            throw Self.outOfStock(short, ready.session.lines)
        case .executed(.released):
            // The worker ended the order between its making and this reservation.
            try discard(order.id, until: context.deadline)
            throw Problem.overloaded(retryAfter: 1)
        case .notExecuted, .unknown:
            return try show(order, .optimistic, key, context)
        }
    }

    /// Our key at product-service; one order reserves once.
    static func reservationKey(orderID: Int64) -> String { "order-\(orderID)" }

    /// Whether the order is there and was never shown.
    func isUnseen(_ id: Int64, until deadline: Deadline) throws -> Bool {
        try !store.database.query(
            "SELECT 1 FROM orders WHERE id = \(id) AND visible_at IS NULL",
            until: deadline
        ).isEmpty
    }

    // MARK: The rows

    private func insert(_ ready: Ready, until deadline: Deadline) throws -> Order {
        do {
            return try insertOnce(ready, until: deadline)
        } catch let error as MariaDBError where error.code == .duplicateEntry {
            // Another request completes the same session, or the random number is taken.
            if let order = try store.find(checkoutSession: ready.session.id, until: deadline) {
                return order
            }
            return try insertOnce(ready, until: deadline)
        }
    }

    private func insertOnce(_ ready: Ready, until deadline: Deadline) throws -> Order {
        let now = clock.now
        let number = OrderNumber(random: Self.randomNumber()).description
        let id = try store.database.transaction(class: .write, until: deadline) { transaction in
            let session = ready.session
            var userID: String?
            if case .customer(let id) = session.owner {
                userID = id
                try transaction.execute(
                    "INSERT INTO customers (user_id) VALUES (\(id)) ON DUPLICATE KEY UPDATE user_id = user_id"
                )
            }
            let status = Self.initialPaymentStatus(ready)
            let id = try insertOrder(ready, number, userID, status, now, in: &transaction)
            try insertLines(session.lines, of: id, in: &transaction)
            if status != .noneRequired {
                try PaymentStore.insert(
                    orderID: id,
                    amount: ready.totals.total,
                    method: ready.paymentMethod,
                    status: status,
                    now: now,
                    in: &transaction
                )
            }
            try Outbox.insert(
                .discardUnseen(at: now + Self.unseenLife),
                orderID: id,
                at: now,
                in: &transaction
            )
            return id
        }
        guard let order = try store.find(checkoutSession: ready.session.id, until: deadline),
            order.id == id
        else { throw Problem.internalError }
        return order
    }

    private static func initialPaymentStatus(_ ready: Ready) -> PaymentStatus {
        guard ready.totals.total.minor > 0 else { return .noneRequired }
        return ready.paymentMethod == .card ? .requiresRetry : .dueOnDelivery
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
                billing, shipping, shipping_method, payment_method, status, payment_status,
                currency, items_minor, shipping_minor, total_minor, item_count, from_cache,
                requires_verification, created_at, updated_at, expires_at)
            VALUES (\(number), \(session.id), \(userID), \(ready.email), \(ready.name),
                \(session.contact.phone ?? ""), \(String(decoding: billing, as: UTF8.self)),
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
        for (index, line) in lines.enumerated() {
            try transaction.execute(
                """
                INSERT INTO order_lines (order_id, position, sku, name, quantity,
                    unit_price_minor, vat_percent, total_minor, vat_minor, currency)
                VALUES (\(orderID), \(index + 1), \(line.sku), \(line.name), \(line.quantity),
                    \(line.unitPrice.minor), \(line.vatRate.percent), \(line.total.minor),
                    \(line.vat.minor), \(line.total.currency.rawValue))
                """
            )
        }
    }

    /// Notes the reservation and makes the order visible, with its place in the history.
    private func show(
        _ order: Order,
        _ reservation: ReservationStatus,
        _ key: String,
        _ context: Context
    ) throws -> Order {
        let isOptimistic = reservation == .optimistic
        let expiry = clock.now + paymentDeadline + reservationMargin
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
                VALUES (\(order.id), \(key), \(reservation.rawValue), \(isOptimistic),
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
            if isOptimistic { change.setRequiresVerification(true) }
            change.record("order.placed", isPublic: true)
            change.announce(.orderPlaced)
            if !change.order.paymentStatus.isPayable {
                try change.apply(.confirm, cause: change.order.paymentStatus.rawValue)
                change.announce(.orderConfirmed)
                change.schedule(.commitReservation)
            }
        }
        guard let shown else { throw Problem.overloaded(retryAfter: 1) }
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
        }
    }

    private static func outOfStock(
        _ short: [(sku: String, available: Int64)],
        _ lines: [Line]
    ) -> Problem {
        let faults = lines.enumerated().compactMap { index, line -> Problem.Fault? in
            guard let item = short.first(where: { $0.sku == line.sku }) else { return nil }
            return Problem.Fault(
                pointer: "/items/\(index)/quantity",
                code: "out_of_stock",
                detail: "Of \(line.sku) there are \(item.available) left."
            )
        }
        return Problem(
            .conflict,
            "out_of_stock",
            "Something is not in stock any more.",
            faults: faults
        )
    }
}

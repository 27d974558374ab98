import Commerce
import MariaDB
import Resilience
import Web

/// What the warehouse and the courier report of an order.
struct FulfilmentController: Sendable {
    let ledger: OrderLedger
    let orders: OrderStore
    let limiter: PaymentLimiter

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: "/v1/admin/orders/{id}/fulfilment",
                access: .session([.service, .admin]),
                lane: .request,
                handler: .plain(report)
            )
        ]
    }

    private struct Report {
        let event: FulfilmentEvent
        let carrier: String?
        let trackingNumber: String?

        init(_ body: BodyReader) throws(Problem) {
            let event = body.word("event", as: FulfilmentEvent.self, required: true)
            carrier = body.string("carrier", length: 1...64)
            trackingNumber = body.string("trackingNumber", length: 1...64)
            try body.finish()
            guard let event else { throw .internalError }
            self.event = event
        }
    }

    private func report(_ context: Context) throws -> Response {
        guard let id = context.captures.number(0),
            try orders.find(id, until: context.deadline) != nil
        else { throw Problem.orderNotFound }
        let report = try Report(BodyReader(context.request.body))
        let changed = try ledger.change(
            id,
            by: context.principal.actor,
            until: context.deadline
        ) { change, transaction -> LimitedAttempt? in
            try EntityTag.check(
                ifMatch: context.request.text(.ifMatch),
                is: EntityTag.text(orderID: id, version: change.order.version),
                EntityTag.text(staff: id, version: change.order.version)
            )
            try Self.checkStock(of: change.order, report.event, &transaction)
            try change.apply(report.event.orderEvent)
            try ShippingHold.check(report.event, of: change.order, in: &transaction)
            return try Self.write(report, &change, &transaction)
        }
        guard let order = changed?.order else { throw Problem.orderNotFound }
        if let paid = changed?.result { limiter.noteSuccess(of: paid, until: context.deadline) }
        return Response.json(.ok, OrderRepresentation.summary(order).serialized())
            .with("ETag", EntityTag.text(orderID: order.id, version: order.version))
    }

    /// Nothing is packed or sent whose stock is not ours: still to be verified, or lost.
    ///
    /// - Throws: a `Problem` with 409.
    private static func checkStock(
        of order: Order,
        _ event: FulfilmentEvent,
        _ transaction: inout Transaction
    ) throws {
        guard event == .start || event == .ship else { return }
        let rows = try transaction.query(
            "SELECT status FROM reservations WHERE order_id = \(order.id) ORDER BY id DESC LIMIT 1"
        )
        let status = try rows.first?.word("status", ReservationStatus.init(rawValue:))
        guard status == .held || status == .committed else {
            throw Problem(
                .conflict,
                "illegal_transition",
                "The stock of this order is not certain yet.",
                extensions: [
                    ("orderStatus", .string(order.status.rawValue)), ("allowed", .array([])),
                ]
            )
        }
    }

    /// Writes what was reported; returns the attempt to pay that it has brought to success.
    private static func write(
        _ report: Report,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> LimitedAttempt? {
        let status =
            switch report.event {
            case .start: "preparing"
            case .ship: "shipped"
            case .deliver: "delivered"
            case .return: "returned"
            }
        try transaction.execute(
            """
            INSERT INTO shipments
                (order_id, carrier, tracking_number, status, created_at, updated_at)
            VALUES (\(change.order.id), \(report.carrier), \(report.trackingNumber), \(status),
                \(change.now), \(change.now))
            ON DUPLICATE KEY UPDATE status = VALUES(status), updated_at = VALUES(updated_at),
                carrier = COALESCE(VALUES(carrier), carrier),
                tracking_number = COALESCE(VALUES(tracking_number), tracking_number)
            """
        )
        try transaction.execute(
            """
            INSERT INTO shipment_events (shipment_id, event, occurred_at)
            SELECT id, \(report.event.rawValue), \(change.now) FROM shipments
            WHERE order_id = \(change.order.id)
            """
        )
        switch report.event {
        case .ship: change.announce(.orderShipped)
        case .deliver:
            change.announce(.orderDelivered)
            return try collectCash(&change, &transaction)
        case .start, .return: break
        }
        return nil
    }

    /// Goods that are paid at the door are paid once they are delivered.
    private static func collectCash(
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> LimitedAttempt? {
        guard
            let payment = try PaymentStore.locked(of: change.order.id, in: &transaction),
            let status = try? payment.status.after(.collectCash)
        else { return nil }
        try PaymentStore.update(
            payment,
            status: status,
            intentID: nil,
            captured: payment.amount,
            reviewReason: nil,
            expiresAt: nil,
            now: change.now,
            in: &transaction
        )
        change.setPaymentStatus(status, cause: "paid on delivery")
        change.announce(
            .paymentSucceeded,
            about: PaymentRepresentation.event(payment, payment.amount)
        )
        return .of(payment, change.order)
    }
}

import Commerce
import MariaDB
import Resilience
import Web

/// Makes an order of a checkout session: rows, reservation, and the moment it becomes visible.
struct OrderPlacement: Sendable {
    let store: OrderStore
    let ledger: OrderLedger
    let products: ProductServiceClient
    let verification: ReservationVerification
    let methods: ShippingMethods
    let hold: FraudHold
    let clock: WallClock
    /// From the order's making until its payment has to be there.
    let paymentDeadline: Duration
    /// How much longer than the payment's deadline stock is held.
    let reservationMargin: Duration

    /// How long an order may stay unseen, longer than any request takes, before it is ended.
    static let unseenLife = Duration.seconds(120)

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
        /// Where the completion came from.
        let network: ClientNetwork?
        /// What the checks for fraud say, once they were asked.
        var fraud: FraudScreening.Decision?

        var payer: Payer {
            guard case .customer(let userID) = session.owner else {
                return Payer(userID: nil, email: email, network: network)
            }
            return Payer(userID: userID, email: email, network: network)
        }
    }

    /// The session was changed or dropped between its reading and the order's making.
    struct SessionChanged: Error {}

    /// Checks that a session is complete.
    ///
    /// - Throws: a `Problem` with 422 and a pointer for everything that is missing.
    func ready(
        _ session: CheckoutSession,
        paymentMethod: PaymentMethod,
        from network: ClientNetwork?
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
            ?? CheckoutSession.Billing(name: name, address: address)
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
            paymentMethod: paymentMethod,
            network: network
        )
    }

    /// The order of a session, made if it is not there; stock is reserved and it is visible.
    ///
    /// May be called again after any interruption: it goes on where the rows say it stopped.
    ///
    /// - Throws: a `Problem` with 409 `out_of_stock`; the order is gone then and the session open.
    ///   `CartOrders.Taken` if the session's cart has been ordered through another session.
    func place(_ ready: Ready, _ context: Context) throws -> Order {
        let (order, lines) = try insert(ready, until: context.deadline)
        return try resume(order, withLines: lines, context)
    }

    /// Reserves the stock of an order that has its rows, and makes it visible.
    ///
    /// What is reserved are the order's own lines: the session may have changed since.
    ///
    /// - Parameters:
    ///   - order: that has its rows.
    ///   - lines: its lines, where they are known; read if nil.
    ///   - context: of the request.
    /// - Returns: the order as it is now.
    /// - Throws: as `place`.
    func resume(
        _ order: Order,
        withLines lines: [Line]? = nil,
        _ context: Context
    ) throws -> Order {
        if order.visibleAt != nil { return order }
        let lines = try lines ?? store.lines(of: order.id, until: context.deadline)
        let key = ReservationStore.key(of: order.id)
        let outcome = products.reserve(
            key: key,
            lines: lines,
            timeToLive: reservationLife,
            until: context.deadline,
            context.calls,
            late: { verification.settleLate($0, of: order.id) }
        )
        switch outcome {
        case .executed(.held):
            return try show(order, .held, key, context)
        case .executed(.outOfStock(let short)):
            try discard(order.id, until: context.deadline)
            throw Self.outOfStock(short, lines)
        case .executed(.released):
            // The worker ended the order between its making and this reservation.
            try discard(order.id, until: context.deadline)
            throw Problem.overloaded(retryAfter: 1)
        case .notExecuted, .unknown:
            return try show(order, .optimistic, key, context)
        }
    }

    /// The sums of an order, with the tax at each rate.
    func totals(of order: Order, until deadline: Deadline) throws -> Totals {
        try Totals(
            lines: store.lines(of: order.id, until: deadline),
            shipping: store.shippingMethod(of: order.id, until: deadline).flatMap { methods[$0] },
            currency: order.total.currency
        )
    }

    var reservationLife: Duration { paymentDeadline + reservationMargin }

    /// Whether the order is there and was never shown.
    func isUnseen(_ id: Int64, until deadline: Deadline) throws -> Bool {
        try !store.database.query(
            "SELECT 1 FROM orders WHERE id = \(id) AND visible_at IS NULL",
            until: deadline
        ).isEmpty
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

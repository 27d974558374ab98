import Commerce
import MariaDB
import Resilience
import Web

/// Completing a checkout: the one request that makes an order and starts its payment.
///
/// In this order: claim the idempotency key; check the session and the total; look for signs of
/// fraud; ask the limits; place the order (rows, stock); start the payment; store the answer with
/// the guest's token.
struct CheckoutCompletion: Sendable {
    static let pattern = "/v1/checkout/sessions/{id}/complete"

    let checkout: CheckoutController
    let placement: OrderPlacement
    let carts: CartOrders
    let screening: FraudScreening
    let limiter: PaymentLimiter
    let payments: PaymentStarter
    let guests: GuestAccessAuthority
    let orders: OrderStore
    let idempotency: Idempotency

    var endpoint: Endpoint {
        Endpoint(
            method: .post,
            pattern: Self.pattern,
            access: .checkout,
            lane: .request,
            precedence: .urgent,
            handler: .plain(complete)
        )
    }

    private func complete(_ context: Context) throws -> Response {
        let session = try checkout.ownedSession(context)
        return try idempotency.run(
            context,
            principal: "checkout:\(session.id)",
            route: Self.pattern
        ) { claim in
            let begun = try orders.find(checkoutSession: session.id, until: context.deadline)
            let input = try CompletionInput(context.request)
            let order: Order
            var limits: [Response.Field] = []
            if let begun {
                try check(input, against: begun, context)
                order = try placement.resume(begun, context)
            } else {
                (order, limits) = try place(session.id, input, context)
            }
            var response = try answer(order, session, claim, context)
            response.fields += limits
            return response
        }
    }

    /// Makes the order of a session as the record has it; a session that changes meanwhile is
    /// read again, so that what is ordered is what was checked.
    ///
    /// - Returns: the order, and what to tell of the limits.
    /// - Throws: a `Problem`, with 429 where a limit has no room for the attempt.
    private func place(
        _ id: String,
        _ input: CompletionInput,
        _ context: Context
    ) throws -> (order: Order, limits: [Response.Field]) {
        while true {
            let session = try checkout.recordedSession(id, until: context.deadline)
            var ready = try placement.ready(
                session,
                paymentMethod: input.paymentMethod,
                from: ClientNetwork(address: context.request.remoteAddress)
            )
            // Perhaps the cart was ordered in another tab, at other prices; that attempt counts.
            var counted = id
            if let order = try carts.find(session, until: context.deadline) {
                try check(input, against: order, context)
                counted = order.checkoutSessionID
            } else {
                try input.check(
                    ready.totals.total,
                    CheckoutRepresentation.totals(ready.totals)
                )
                ready.fraud = try screening.decide(ready, context)
            }
            // The session names the attempt, so that whoever repeats it pays once; what an
            // attempt has cost is not given back, unless another tab has made it meanwhile.
            let attempt = LimitedAttempt.completion(of: counted, by: ready.payer)
            let decision = try limiter.admit(attempt, until: context.deadline)
            do {
                return (try placement.place(ready, context), decision.fields)
            } catch let taken as CartOrders.Taken {
                // Another call of this session may have made it: then it is the attempt that paid.
                let isOfAnother = taken.order.checkoutSessionID != id
                if isOfAnother, counted == id, !decision.isRepeat {
                    limiter.giveBack(attempt, until: context.deadline)
                }
                try check(input, against: taken.order, context)
                return (try placement.resume(taken.order, context), decision.fields)
            } catch is OrderPlacement.SessionChanged {
                guard !context.deadline.isExpired else { throw Problem.overloaded(retryAfter: 1) }
            }
        }
    }

    /// Compares what the customer was shown with an order that is there.
    private func check(
        _ input: CompletionInput,
        against order: Order,
        _ context: Context
    ) throws {
        try input.check(
            order.total,
            CheckoutRepresentation.totals(placement.totals(of: order, until: context.deadline))
        )
    }

    /// Starts the payment and puts the answer together; stored with the guest's token, so that
    /// the token exists if and only if somebody can be told it.
    private func answer(
        _ order: Order,
        _ session: CheckoutSession,
        _ claim: IdempotencyClaim,
        _ context: Context
    ) throws -> Response {
        let started =
            try order.paymentStatus == .noneRequired
            ? nil
            : payments.ensure(order.id, knownAs: order, until: context.deadline, context.calls)
        let payment =
            started.map { PaymentRepresentation.started($0, orderID: order.id) }
            ?? PaymentRepresentation.noneRequired
        let current =
            try started?.order ?? orders.find(order.id, until: context.deadline) ?? order
        let body = try orders.database.transaction(class: .write, until: context.deadline) {
            transaction in
            // Completions of one session under different keys wait here for each other, so that
            // the first of them alone finds no token yet.
            _ = try transaction.query("SELECT id FROM orders WHERE id = \(order.id) FOR UPDATE")
            let row = try transaction.query(
                """
                SELECT (SELECT status FROM reservations WHERE order_id = \(order.id)
                        ORDER BY id DESC LIMIT 1) AS reservation,
                    EXISTS (SELECT 1 FROM guest_tokens
                        WHERE order_id = \(order.id) AND origin = 'completion') AS has_token
                """
            )[0]
            let reservation = try row.optionalString("reservation")
            var members: [(name: String, value: JSON)] = [
                ("order", OrderRepresentation.summary(current)),
                ("payment", payment),
                (
                    "reservation",
                    [
                        "optimistic": .bool(reservation == ReservationStatus.optimistic.rawValue),
                        "requiresVerification": .bool(current.requiresVerification),
                    ]
                ),
            ]
            if case .guest = session.owner, try !row.bool("has_token") {
                let token = try guests.issue(
                    orderID: order.id,
                    scopes: .all,
                    in: &transaction
                ).token
                members.append(("guestToken", .string(token)))
            }
            let body = JSON.object(members).serialized()
            try idempotency.finish(
                claim,
                .created,
                body,
                orderID: order.id,
                hasSecret: true,
                in: &transaction
            )
            return body
        }
        return Response.json(.created, body).with("Location", "/v1/orders/\(order.id)")
    }
}

/// The body of a completion; an empty one is `{}`.
private struct CompletionInput {
    let expectedTotal: Money?
    let paymentMethod: PaymentMethod

    /// Compares what the customer was shown with what will be charged.
    ///
    /// - Throws: a `Problem` with 409 and the totals as they are.
    func check(_ total: Money, _ totals: @autoclosure () throws -> JSON) throws {
        guard let expectedTotal, expectedTotal != total else { return }
        throw Problem(
            .conflict,
            "totals_changed",
            "The total is not what you expected.",
            extensions: [("totals", try totals())]
        )
    }

    init(_ request: Request) throws(Problem) {
        guard !request.body.isEmpty else {
            expectedTotal = nil
            paymentMethod = .card
            return
        }
        let body = try BodyReader(request.body)
        expectedTotal = body.object("expectedTotal") { object -> Money? in
            let amount = object.integer("amount", in: 0...Int64.max, required: true)
            let currency = object.string("currency", length: 3...3, required: true)
                .flatMap(Currency.init(rawValue:))
            guard let amount, let currency else { return nil }
            return Money(minor: amount, currency)
        }
        paymentMethod = body.word("paymentMethod", as: PaymentMethod.self) ?? .card
        try body.finish()
    }
}

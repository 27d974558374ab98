import Commerce
import MariaDB
import Resilience
import Synchronization
import Web

/// Payments over HTTP: ensure a live one, and the client's return from the provider.
struct PaymentController: Sendable {
    let starter: PaymentStarter
    let payments: PaymentStore
    let stripe: StripeClient
    let settlement: PaymentSettlement
    let orders: OrderStore
    let recentChanges: RecentChanges
    let idempotency: Idempotency
    let refreshes = RefreshFlights()

    private static let ensurePattern = "/v1/orders/{id}/payments"

    var endpoints: [Endpoint] {
        let access = Access.order(guest: .pay, staff: [])
        return [
            Endpoint(
                method: .post,
                pattern: Self.ensurePattern,
                access: access,
                lane: .request,
                precedence: .urgent,
                handler: .order(ensure)
            ),
            Endpoint(
                method: .post,
                pattern: "/v1/orders/{id}/payments/refresh",
                access: access,
                lane: .request,
                precedence: .urgent,
                handler: .order(refresh)
            ),
        ]
    }

    private func ensure(_ context: Context, _ order: Order) throws -> Response {
        if !context.request.body.isEmpty { try BodyReader(context.request.body).finish() }
        let principal: String =
            switch context.principal {
            case .session(let session): "user:\(session.userID)"
            default: "order:\(order.id)"
            }
        return try idempotency.run(
            context,
            principal: principal,
            route: "\(Self.ensurePattern)#\(order.id)"
        ) { claim in
            try Self.checkPayable(order)
            let started = try starter.ensure(
                order.id,
                renewedBy: Payer(order, in: context),
                until: context.deadline,
                context.calls
            )
            let body = PaymentRepresentation.started(started, orderID: order.id).serialized()
            try orders.database.transaction(class: .write, until: context.deadline) {
                transaction in
                try idempotency.finish(
                    claim,
                    .ok,
                    body,
                    orderID: order.id,
                    hasSecret: true,
                    in: &transaction
                )
            }
            return Response.json(.ok, body)
        }
    }

    private static func checkPayable(_ order: Order) throws(Problem) {
        if order.paymentStatus.isSettled {
            throw Problem(.conflict, "already_paid", "This order is paid.")
        }
        guard order.status == .awaitingPayment, order.closing == nil, order.paymentMethod == .card
        else {
            throw Problem(.conflict, "order_not_payable", "This order cannot be paid any more.")
        }
    }

    /// Re-reads the payment at Stripe and settles it; the answer is the payment's status.
    private func refresh(_ context: Context, _ order: Order) throws -> Response {
        // Others wait for the one that reads; it has its turn again once Stripe has answered.
        try Turn.whileAway {
            try refreshes.run(order.id, until: context.deadline) {
                guard let payment = try payments.current(of: order.id, until: context.deadline),
                    let intentID = payment.intentID, payment.status.isPayable
                else { return }
                let outcome = stripe.intent(intentID, until: context.deadline, context.calls)
                guard case .executed(.intent(let intent)) = outcome else { return }
                try settlement.settle(
                    intent,
                    readAt: payment.version,
                    by: context.principal.actor,
                    until: context.deadline
                )
            }
        }
        guard let found = try payments.lookUp(ofOrder: order.id, until: context.deadline) else {
            throw Problem.orderNotFound
        }
        // Another may have settled it, and not have come to drop what caches hold.
        if found.order.version != order.version {
            recentChanges.drop(before: [found.order], until: context.deadline)
        }
        return Response.json(.ok, PaymentRepresentation.status(found).serialized())
    }
}

/// Holds the reads that clients' returns cause to one per order in two seconds.
final class RefreshFlights: Sendable {
    private static let interval = Duration.seconds(2)

    private let flights = SingleFlight<Int64, Bool>()
    private let lastReads = Mutex<[Int64: ContinuousClock.Instant]>([:])

    /// Runs `read`, waits for another's run, or does nothing if the last one is fresh.
    func run(_ orderID: Int64, until deadline: Deadline, _ read: () throws -> Void) throws {
        let now = ContinuousClock.now
        let isFresh = lastReads.withLock { reads -> Bool in
            if reads.count > 10_000 { reads = reads.filter { now - $0.value < Self.interval } }
            return reads[orderID].map { now - $0 < Self.interval } ?? false
        }
        guard !isFresh else { return }
        _ = try flights.run(orderID, until: deadline) {
            try read()
            lastReads.withLock { $0[orderID] = .now }
            return true
        }
    }
}

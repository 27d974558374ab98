import Commerce
import MariaDB
import Resilience
import Web

/// Cancelling an order over HTTP.
struct CancelController: Sendable {
    let closing: OrderClosing
    let orders: OrderStore
    let idempotency: Idempotency

    private static let pattern = "/v1/orders/{id}/cancel"
    private static let staff: Roles = [.support, .admin]

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: Self.pattern,
                access: .order(guest: .manage, staff: Self.staff),
                lane: .request,
                handler: .order(cancel)
            )
        ]
    }

    /// Writes the intent and takes the steps there is time for: 200 if the order has ended, 202
    /// if the worker goes on.
    private func cancel(_ context: Context, _ order: Order) throws -> Response {
        let reason = try Self.reason(context.request)
        return try idempotency.run(
            context,
            principal: Self.keyOwner(context.principal, order),
            route: "\(Self.pattern)#\(order.id)"
        ) { claim in
            try begin(order, reason, context)
            let progress = try closing.proceed(order.id, until: context.deadline, context.calls)
            let status: Status = if case .done = progress { .ok } else { .accepted }
            guard let current = try orders.find(order.id, until: context.deadline) else {
                throw Problem.orderNotFound
            }
            let body = OrderRepresentation.summary(current).serialized()
            try orders.database.transaction(class: .write, until: context.deadline) {
                transaction in
                try idempotency.finish(
                    claim,
                    status,
                    body,
                    orderID: order.id,
                    hasSecret: false,
                    in: &transaction
                )
            }
            return Response.json(status, body)
        }
    }

    /// Writes the intent; a refusal has had no effect, so it is told as a problem.
    private func begin(_ order: Order, _ reason: String?, _ context: Context) throws {
        do {
            try closing.begin(
                order.id,
                .cancel,
                by: context.principal.actor,
                cause: reason,
                isStaff: !context.principal.roles.isDisjoint(with: Self.staff),
                until: context.deadline
            )
        } catch let refusal as IllegalTransition<OrderStatus> {
            throw Problem(refusal)
        }
    }

    private static func reason(_ request: Request) throws(Problem) -> String? {
        guard !request.body.isEmpty else { return nil }
        let body = try BodyReader(request.body)
        let reason = body.string("reason", length: 1...255)
        try body.finish()
        return reason
    }

    private static func keyOwner(_ principal: Principal, _ order: Order) -> String {
        switch principal {
        case .session(let session): "user:\(session.userID)"
        default: "order:\(order.id)"
        }
    }
}

import Commerce
import MariaDB
import Resilience
import Web

/// Refunds over HTTP: ask for one, list them, end one by hand.
struct RefundController: Sendable {
    let requester: RefundRequester
    let dispatch: RefundDispatch
    let reader: RefundReader
    let settlement: RefundSettlement
    let store: RefundStore
    let payments: PaymentStore
    let orders: OrderStore
    let idempotency: Idempotency

    private static let requestPattern = "/v1/admin/orders/{id}/refunds"
    private static let finance: Roles = [.finance, .admin]

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: Self.requestPattern,
                access: .session([.support, .finance, .admin]),
                lane: .request,
                handler: .plain(request)
            ),
            Endpoint(
                method: .get,
                pattern: "/v1/admin/refunds",
                access: .session(Self.finance),
                lane: .read,
                handler: .plain(list)
            ),
            Endpoint(
                method: .post,
                pattern: "/v1/admin/refunds/{id}/resolve",
                access: .session(Self.finance),
                lane: .request,
                handler: .plain(resolve)
            ),
        ]
    }

    private func request(_ context: Context) throws -> Response {
        guard let session = context.principal.session else { throw Problem.unauthenticated }
        guard let id = context.captures.number(0),
            let order = try orders.find(id, until: context.deadline)
        else { throw Problem.orderNotFound }
        let wish = try RefundWish(context.request.body)
        return try idempotency.run(
            context,
            principal: "user:\(session.userID)",
            route: "\(Self.requestPattern)#\(id)"
        ) { claim in
            let refund = try requester.request(
                wish,
                of: order,
                claimID: claim.id,
                by: context.principal,
                until: context.deadline
            )
            // From here on the row stands: no `Problem` is thrown, which would free the key. A
            // repeat finds the row, and what has been tried already is the worker's.
            if refund.status == .requested, refund.attempts == 0 {
                try dispatch.send(refund, until: context.deadline, context.calls)
            }
            let limit = max(context.deadline, .after(.seconds(2)))
            let body = try representation(refund.publicID, until: limit).serialized()
            try orders.database.transaction(class: .write, until: limit) { transaction in
                try idempotency.finish(
                    claim,
                    .created,
                    body,
                    orderID: nil,
                    hasSecret: false,
                    in: &transaction
                )
            }
            return Response.json(.created, body)
        }
    }

    /// A row that was just written or seen has gone.
    private struct Vanished: Error {
        let refund: String
    }

    private func representation(_ publicID: String, until deadline: Deadline) throws -> JSON {
        guard let refund = try store.find(publicID, until: deadline) else {
            throw Vanished(refund: publicID)
        }
        let lines = try store.lines(of: [refund.id], until: deadline)
        return RefundRepresentation.refund(refund, lines[refund.id] ?? [])
    }

    private func list(_ context: Context) throws -> Response {
        let query = context.request.query
        let status = try query.state(as: RefundStatus.self)
        let page = try PageRequest(query)
        let (refunds, total) = try store.page(
            status,
            page: page.number,
            size: page.size,
            until: context.deadline
        )
        let lines = try store.lines(of: refunds.map(\.id), until: context.deadline)
        let body = OrderRepresentation.page(
            refunds.map { RefundRepresentation.refund($0, lines[$0.id] ?? []) },
            page: page.number,
            size: page.size,
            total: total
        )
        return Response.json(.ok, body.serialized())
    }

    // MARK: By hand

    /// What somebody has found out about a refund that is left to people.
    private enum Finding: String, CaseIterable {
        case succeeded
        case failed

        var event: RefundEvent { self == .succeeded ? .confirmByHand : .rejectByHand }
    }

    /// Ends a manual refund for ever, after Stripe was asked once more, whose word wins.
    private func resolve(_ context: Context) throws -> Response {
        let body = try BodyReader(context.request.body)
        let finding = body.word("outcome", as: Finding.self, required: true)
        let evidence = body.string("evidence", length: 1...1_000, required: true)
        try body.finish()
        guard let finding, let evidence else { throw Problem.internalError }
        guard let publicID = context.captures.text(0),
            let refund = try store.find(publicID, until: context.deadline)
        else { throw Problem.notFound }
        // Refused before Stripe is asked: only what is left to people is theirs.
        _ = try refund.status.after(finding.event)
        if let intentID = try payments.find(id: refund.paymentID, until: context.deadline)?
            .intentID,
            let unread = try reader.reread(
                ofIntent: intentID,
                until: context.deadline,
                context.calls
            )
        {
            let wait = unread.retryAfter?.components.seconds ?? 0
            throw Problem.dependencyUnavailable(retryAfter: Int(min(max(wait + 1, 5), 60)))
        }
        if try store.find(publicID, until: context.deadline)?.status == .manual {
            try settlement.apply(
                finding.event,
                to: refund,
                by: context.principal.actor,
                evidence: evidence,
                until: context.deadline
            )
        }
        let answer = try representation(publicID, until: context.deadline)
        return Response.json(.ok, answer.serialized())
    }
}

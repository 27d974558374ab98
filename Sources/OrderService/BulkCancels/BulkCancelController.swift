import MariaDB
import Resilience
import Web

/// Cancelling many orders over HTTP: ask for it, look at it, list what was asked for.
struct BulkCancelController: Sendable {
    let store: BulkCancelStore
    let orders: OrderStore
    let audit: AuditTrail
    let idempotency: Idempotency

    private static let pattern = "/v1/orders/bulk/cancel"
    private static let staff: Roles = [.support, .admin]

    var endpoints: [Endpoint] {
        [
            asking,
            Endpoint(
                method: .get,
                pattern: Self.pattern,
                access: .session(Self.staff),
                lane: .read,
                handler: .plain(list)
            ),
            Endpoint(
                method: .get,
                pattern: "\(Self.pattern)/{jobId}",
                access: .session(Self.staff),
                lane: .read,
                handler: .plain(look)
            ),
        ]
    }

    private var asking: Endpoint {
        Endpoint(
            method: .post,
            pattern: Self.pattern,
            access: .session(Self.staff),
            lane: .request,
            handler: .plain(ask)
        )
    }

    /// Writes down what is wanted; the worker does it.
    private func ask(_ context: Context) throws -> Response {
        guard let session = context.principal.session else { throw Problem.unauthenticated }
        let wish = try BulkCancelWish(context.request.body)
        let response = try idempotency.run(
            context,
            principal: "user:\(session.userID)",
            route: Self.pattern
        ) { claim in
            let body = try take(wish, by: session.userID, claim, context)
            return Response.json(.accepted, body)
        }
        // A repeat is told as well where it is; what was stored of the answer is its body.
        guard let id = (try? JSON(parsing: response.body))?["id"]?.string else { return response }
        return response.with("Location", "\(Self.pattern)/\(id)")
    }

    /// Puts on record whose orders it is about, then writes it beside its answer.
    private func take(
        _ wish: BulkCancelWish,
        by userID: String,
        _ claim: IdempotencyClaim,
        _ context: Context
    ) throws -> [UInt8] {
        let found = try orders.summaries(of: wish.orderIDs, until: context.deadline)
        let publicID = BulkCancel.makePublicID()
        let known = Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let owned = wish.orderIDs.compactMap { known[$0]?.owned }
        try audit.note(asking, context, aboutEach: owned, subject: publicID)
        let items = wish.orderIDs.map { id in
            BulkCancelItem(
                orderID: id,
                orderStatus: known[id]?.status,
                paymentStatus: known[id]?.paymentStatus
            )
        }
        let now = store.clock.now
        return try store.database.transaction(class: .write, until: context.deadline) {
            transaction in
            let bulk = try BulkCancelStore.insert(
                wish,
                as: publicID,
                by: userID,
                at: now,
                in: &transaction
            )
            let body = BulkCancelRepresentation.whole(bulk, items).serialized()
            try idempotency.finish(
                claim,
                .accepted,
                body,
                orderID: nil,
                hasSecret: false,
                in: &transaction
            )
            return body
        }
    }

    private func look(_ context: Context) throws -> Response {
        guard let publicID = context.captures.text(0), BulkCancel.mayBePublicID(publicID),
            let bulk = try store.find(publicID, until: context.deadline)
        else { throw Problem.notFound }
        let items = try store.items(of: bulk.id, until: context.deadline)
        let body = BulkCancelRepresentation.whole(bulk, items)
        return Response.json(.ok, body.serialized())
    }

    private func list(_ context: Context) throws -> Response {
        let place = try ListPlace(context.request.query)
        let page = try store.list(
            before: place.last,
            limit: place.size + 1,
            until: context.deadline
        )
        let tallies = try store.tallies(of: page.map(\.id), until: context.deadline)
        return place.answer(page, id: \.id) { bulk in
            BulkCancelRepresentation.summary(bulk, tallies[bulk.id] ?? BulkCancelTally())
        }
    }
}

import MariaDB
import Resilience
import Web

/// Guests' tokens and their use over HTTP, for support: see them, and end them.
struct GuestDeskController: Sendable {
    let guests: GuestAccessAuthority
    let accesses: GuestAccessStore
    let orders: OrderStore

    private static let staff: Roles = [.support, .admin]
    private static let tokensPattern = "/v1/admin/orders/{id}/guest-tokens"
    private static let reasonLength = 3...255

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: Self.tokensPattern,
                access: .session(Self.staff),
                lane: .read,
                handler: .plain(list)
            ),
            Endpoint(
                method: .post,
                pattern: "\(Self.tokensPattern)/revoke",
                access: .session(Self.staff),
                lane: .request,
                handler: .plain(revokeAll)
            ),
            Endpoint(
                method: .post,
                pattern: "\(Self.tokensPattern)/{tokenId}/revoke",
                access: .session(Self.staff),
                lane: .request,
                handler: .plain(revoke)
            ),
            Endpoint(
                method: .get,
                pattern: "/v1/admin/orders/{id}/guest-accesses",
                access: .session(Self.staff),
                lane: .read,
                handler: .plain(listAccesses)
            ),
        ]
    }

    private func list(_ context: Context) throws -> Response {
        let tokens = try guests.tokens(of: order(context).id, until: context.deadline)
        let now = guests.clock.now
        let body: JSON = [
            "items": .array(tokens.map { GuestDeskRepresentation.token($0, at: now) })
        ]
        return Response.json(.ok, body.serialized())
    }

    private func revoke(_ context: Context) throws -> Response {
        let actor = try actor(context)
        guard let id = context.captures.text(1),
            let token = try guests.revoke(
                id,
                of: order(context).id,
                by: actor,
                until: context.deadline
            )
        else { throw Problem.notFound }
        let body = GuestDeskRepresentation.token(token, at: guests.clock.now)
        return Response.json(.ok, body.serialized())
    }

    private func revokeAll(_ context: Context) throws -> Response {
        let actor = try actor(context)
        let count = try guests.revokeAll(
            of: order(context).id,
            by: actor,
            until: context.deadline
        )
        let body: JSON = ["revoked": JSON(count)]
        return Response.json(.ok, body.serialized())
    }

    private func listAccesses(_ context: Context) throws -> Response {
        let place = try ListPlace(context.request.query)
        let records = try accesses.records(
            ofOrder: order(context).id,
            before: place.last,
            limit: place.size + 1,
            until: context.deadline
        )
        return place.answer(records, id: \.id, GuestDeskRepresentation.access)
    }

    /// Who asks, having said why: the reason is in the record of staff.
    private func actor(_ context: Context) throws -> String {
        let body = try BodyReader(context.request.body)
        _ = body.string("reason", length: Self.reasonLength, required: true)
        try body.finish()
        guard let session = context.principal.session else { throw Problem.unauthenticated }
        return session.userID
    }

    private func order(_ context: Context) throws -> Order {
        guard let id = context.captures.number(0),
            let order = try orders.find(id, until: context.deadline)
        else { throw Problem.orderNotFound }
        return order
    }
}

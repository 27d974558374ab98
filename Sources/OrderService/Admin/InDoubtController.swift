import Commerce
import MariaDB
import Resilience
import Web

/// Lists for finance: money in doubt, and reservations.
struct InDoubtController: Sendable {
    let store: InDoubtStore
    let clock: WallClock

    var endpoints: [Endpoint] {
        [
            endpoint("/v1/admin/payments/in-doubt", payments),
            endpoint("/v1/admin/reservations", reservations),
        ]
    }

    private func endpoint(
        _ pattern: String,
        _ list: @escaping @Sendable (Context) throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: .get,
            pattern: pattern,
            access: .session([.finance, .admin]),
            lane: .read,
            handler: .plain(list)
        )
    }

    private func payments(_ context: Context) throws -> Response {
        let query = context.request.query
        let size = try PageRequest(query).size
        let found = try store.money(
            after: MoneyPlace(cursor: query["cursor"]),
            limit: size + 1,
            until: context.deadline
        )
        let page = found.prefix(size)
        let next = found.count > size ? page.last?.cursor : nil
        let now = clock.now
        let body: JSON = [
            "items": .array(page.map { $0.json(at: now) }), "nextCursor": JSON(next),
        ]
        return Response.json(.ok, body.serialized())
    }

    private func reservations(_ context: Context) throws -> Response {
        let query = context.request.query
        let place = try ListPlace(query)
        let items = try store.reservations(
            in: try query.state(as: ReservationStatus.self),
            after: place.last,
            limit: place.size + 1,
            until: context.deadline
        )
        let now = clock.now
        return place.answer(items, id: \.id) { InDoubtRepresentation.reservation($0, at: now) }
    }
}

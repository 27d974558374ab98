import Commerce
import MariaDB
import Resilience
import Web

/// Reviews over HTTP: what waits for somebody, and what he decides.
struct FraudReviewController: Sendable {
    let reviews: FraudReviews
    let decisions: FraudStore
    let clock: WallClock

    private static let staff: Roles = [.support, .admin]

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/admin/fraud/reviews",
                access: .session(Self.staff),
                lane: .read,
                handler: .plain(list)
            ),
            Endpoint(
                method: .post,
                pattern: "/v1/admin/fraud/reviews/{id}",
                access: .session(Self.staff),
                lane: .request,
                handler: .plain(decide)
            ),
        ]
    }

    private func list(_ context: Context) throws -> Response {
        let query = context.request.query
        let place = try ListPlace(query)
        let found = try reviews.store.list(
            try query.state(as: FraudReviewStatus.self) ?? .waiting,
            after: place.last,
            limit: place.size + 1,
            until: context.deadline
        )
        let orderIDs = found.prefix(place.size).map(\.orderID)
        let known = Dictionary(
            grouping: try decisions.decisions(about: orderIDs, until: context.deadline)
        ) { $0.orderID ?? 0 }
        let now = clock.now
        return place.answer(found, id: \.id) { review in
            FraudRepresentation.review(review, known[review.orderID] ?? [], at: now)
        }
    }

    /// 200 if all that follows is done, 202 if the worker goes on with it.
    private func decide(_ context: Context) throws -> Response {
        let body = try BodyReader(context.request.body)
        let decision = body.word("decision", as: FraudReviews.Decision.self, required: true)
        let reason = body.string("reason", length: 1...1_000, required: true)
        try body.finish()
        guard let decision, let reason else { throw Problem.internalError }
        guard let id = context.captures.number(0) else { throw Problem.notFound }
        let isDone = try reviews.decide(
            id,
            decision,
            reason: reason,
            by: context.principal.actor,
            until: context.deadline,
            context.calls
        )
        // The decision is committed: that is told, also where the time is up.
        let deadline = max(context.deadline, .after(.seconds(2)))
        guard let isDone, let review = try reviews.store.find(id, until: deadline) else {
            throw Problem.notFound
        }
        let known = try decisions.decisions(about: [review.orderID], until: deadline)
        let answer = FraudRepresentation.review(review, known, at: clock.now)
        return Response.json(isDone ? .ok : .accepted, answer.serialized())
    }
}

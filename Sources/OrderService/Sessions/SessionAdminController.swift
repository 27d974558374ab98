import Resilience
import Web

/// A user's sessions over HTTP, for support and admins: what there is, and an end to all of it.
///
/// Support sees and ends sessions that are a customer's and nothing else; those of staff and
/// services are for admins.
struct SessionAdminController: Sendable {
    let sessions: SessionAuthority

    private static let reasonLength = 3...255

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/admin/users/{userId}/sessions",
                access: .session([.support, .admin]),
                lane: .read,
                handler: .plain(list)
            ),
            Endpoint(
                method: .post,
                pattern: "/v1/admin/users/{userId}/sessions/revoke",
                access: .session([.support, .admin]),
                lane: .request,
                handler: .plain(revoke)
            ),
        ]
    }

    private func list(_ context: Context) throws -> Response {
        let items = try sessions.list(
            userID: try Self.userID(context),
            having: Self.roles(context),
            isLive: true,
            until: context.deadline
        ).map { JSON.object($0.members) }
        return Response.json(.ok, JSON.object([("items", .array(items))]).serialized())
    }

    private func revoke(_ context: Context) throws -> Response {
        let userID = try Self.userID(context)
        let body = try BodyReader(context.request.body)
        _ = body.string("reason", length: Self.reasonLength, required: true)
        try body.finish()
        let count = try sessions.revokeAll(
            userID: userID,
            having: Self.roles(context),
            until: context.deadline
        )
        let answer: JSON = ["revoked": JSON(count)]
        return Response.json(.ok, answer.serialized())
    }

    private static func userID(_ context: Context) throws(Problem) -> String {
        guard let userID = context.captures.text(0), isUserID(userID) else { throw .notFound }
        return userID
    }

    /// What sessions the asker may see; nil for all.
    private static func roles(_ context: Context) -> Roles? {
        context.principal.roles.contains(.admin) ? nil : .customer
    }
}

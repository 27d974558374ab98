import MariaDB
import Resilience
import Web

/// A guest's own token over HTTP: renew it, or give it up.
struct GuestController: Sendable {
    let guests: GuestAccessAuthority

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: "/v1/guest/token/rotate",
                access: .guest(nil),
                lane: .request,
                handler: .plain(rotate)
            ),
            Endpoint(
                method: .delete,
                pattern: "/v1/guest/token",
                access: .guest(nil),
                lane: .request,
                handler: .plain(revoke)
            ),
        ]
    }

    private func rotate(_ context: Context) throws -> Response {
        guard case .guest(let access) = context.principal else { throw Problem.unauthenticated }
        let fresh = try guests.rotate(access, until: context.deadline)
        let answer: JSON = [
            "token": .string(fresh.token),
            "expiresAt": .string(fresh.access.expiresAt.rfc3339),
        ]
        return Response.json(.ok, answer.serialized())
    }

    private func revoke(_ context: Context) throws -> Response {
        guard case .guest(let access) = context.principal else { throw Problem.unauthenticated }
        try guests.revoke(access, until: context.deadline)
        return Response(.noContent, readyLines: "Cache-Control: no-store\r\n")
    }
}

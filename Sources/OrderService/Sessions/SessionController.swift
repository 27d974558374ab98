import MariaDB
import Resilience
import Web

/// Sessions over HTTP: issue, exchange for a cookie, sign out.
struct SessionController: Sendable {
    let sessions: SessionAuthority
    let csrf: CSRFProtection
    let clock: WallClock
    let maximumLife: Duration

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: "/v1/sessions",
                access: .session(.service),
                lane: .request,
                handler: .plain(issue)
            ),
            Endpoint(
                method: .post,
                pattern: "/v1/sessions/cookie",
                access: .session([]),
                lane: .request,
                handler: .plain(makeCookie)
            ),
            Endpoint(
                method: .delete,
                pattern: "/v1/sessions/current",
                access: .session([]),
                lane: .request,
                handler: .plain(signOut)
            ),
        ]
    }

    private func issue(_ context: Context) throws -> Response {
        let body = try BodyReader(context.request.body)
        let userID = body.string("userId", length: 1...64, required: true)
        if let userID, !isUserID(userID) {
            body.report("userId", "format", "A user's id has letters, digits and _ - . : @ only.")
        }
        let roles = body.words("roles", as: Role.self, count: 1...5, required: true) ?? []
        let maximum = maximumLife.components.seconds
        let seconds = body.integer("ttlSeconds", in: 60...maximum, required: true)
        try body.finish()
        guard let userID, let seconds else { throw Problem.internalError }
        guard Roles(roles) == .customer else { throw Problem.forbiddenRole }
        let issued = try sessions.issue(
            userID: userID,
            roles: .customer,
            timeToLive: .seconds(seconds),
            until: context.deadline
        )
        let answer: JSON = [
            "token": .string(issued.token),
            "expiresAt": .string(issued.session.expiresAt.rfc3339),
        ]
        return Response.json(.created, answer.serialized())
    }

    /// Exchanges a bearer token for a cookie that scripts cannot read.
    private func makeCookie(_ context: Context) throws -> Response {
        guard let session = context.principal.session,
            let header = context.request.text(.authorization)
        else { throw Problem.unauthenticated }
        let isSecure = context.request.isSecure
        let cookie = Cookie.strict(
            name: SessionCookie.name(isSecure: isSecure),
            value: String(header.dropFirst("Bearer ".count)),
            maximumAge: Int(session.expiresAt.distance(from: clock.now).components.seconds),
            isSecure: isSecure
        )
        let answer: JSON = [
            "csrfToken": .string(csrf.token(for: session.tokenHash)),
            "expiresAt": .string(session.expiresAt.rfc3339),
        ]
        return Response.json(.ok, answer.serialized())
            .with("Set-Cookie", cookie)
            .with("X-CSRF-Token", csrf.token(for: session.tokenHash))
    }

    private func signOut(_ context: Context) throws -> Response {
        guard let session = context.principal.session else { throw Problem.unauthenticated }
        _ = try sessions.revoke(session.tokenHash, until: context.deadline)
        var response = Response(.noContent, readyLines: "Cache-Control: no-store\r\n")
        if context.request.parameters.contains(.cookie) {
            let isSecure = context.request.isSecure
            response.add(
                "Set-Cookie",
                Cookie.strict(
                    name: SessionCookie.name(isSecure: isSecure),
                    value: "",
                    maximumAge: 0,
                    isSecure: isSecure
                )
            )
        }
        return response
    }
}

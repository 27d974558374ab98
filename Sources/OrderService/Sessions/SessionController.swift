import MariaDB
import Resilience
import Web

/// Sessions over HTTP: issue, exchange for a cookie, list, sign out.
struct SessionController: Sendable {
    let sessions: SessionAuthority
    let csrf: CSRFProtection
    let clock: WallClock
    let maximumLife: Duration

    var endpoints: [Endpoint] {
        let anyone = Access.session([])
        return [
            endpoint(.post, "/v1/sessions", .session(.service), issue),
            endpoint(.get, "/v1/sessions", anyone, lane: .read, list),
            endpoint(.delete, "/v1/sessions", anyone, signOutEverywhere),
            endpoint(.post, "/v1/sessions/cookie", anyone, makeCookie),
            endpoint(.get, "/v1/sessions/current", anyone, lane: .read, current),
            endpoint(.delete, "/v1/sessions/current", anyone, signOut),
            endpoint(.delete, "/v1/sessions/{id}", anyone, revoke),
        ]
    }

    private func endpoint(
        _ method: Method,
        _ pattern: String,
        _ access: Access,
        lane: Endpoint.Lane = .request,
        _ handler: @escaping @Sendable (Context) throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: method,
            pattern: pattern,
            access: access,
            lane: lane,
            handler: .plain(handler),
            recordedSubjects: [.userOfBody]
        )
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
            "id": .string(issued.id.text),
            "token": .string(issued.token),
            "expiresAt": .string(issued.session.expiresAt.rfc3339),
        ]
        return Response.json(.created, answer.serialized())
    }

    /// Exchanges a bearer token for a cookie that scripts cannot read.
    private func makeCookie(_ context: Context) throws -> Response {
        let session = try Self.session(context)
        guard let header = context.request.text(.authorization) else {
            throw Problem.unauthenticated
        }
        let answer: JSON = [
            "csrfToken": .string(csrf.token(for: session.tokenHash)),
            "expiresAt": .string(session.expiresAt.rfc3339),
        ]
        let cookie = SessionCookie.making(
            String(header.dropFirst("Bearer ".count)),
            lasting: session.expiresAt.distance(from: clock.now),
            for: context.request
        )
        return Response.json(.ok, answer.serialized())
            .with("Set-Cookie", cookie)
            .with("X-CSRF-Token", csrf.token(for: session.tokenHash))
    }

    // MARK: Looking

    /// The session that asks; by cookie also what its writes have to show.
    private func current(_ context: Context) throws -> Response {
        let session = try Self.session(context)
        guard let record = try sessions.record(of: session.tokenHash, until: context.deadline)
        else { throw Problem.unauthenticated }
        var members = [(name: "userId", value: JSON.string(record.userID))] + record.members
        if context.request.parameters[.authorization]?.isEmpty ?? true {
            members.append(("csrfToken", .string(csrf.token(for: session.tokenHash))))
        }
        return Response.json(.ok, JSON.object(members).serialized())
    }

    private func list(_ context: Context) throws -> Response {
        let session = try Self.session(context)
        let items = try sessions.list(
            userID: session.userID,
            having: Self.reach(of: session),
            isLive: true,
            until: context.deadline
        ).map { record -> JSON in
            let isCurrent = record.tokenHash == session.tokenHash
            return .object(record.members + [("current", .bool(isCurrent))])
        }
        return Response.json(.ok, JSON.object([("items", .array(items))]).serialized())
    }

    // MARK: Ending

    private func signOut(_ context: Context) throws -> Response {
        let session = try Self.session(context)
        _ = try sessions.revoke(session.tokenHash, until: context.deadline)
        return Self.ended(context, isCurrent: true)
    }

    private func signOutEverywhere(_ context: Context) throws -> Response {
        let session = try Self.session(context)
        _ = try sessions.revokeAll(
            userID: session.userID,
            having: Self.reach(of: session),
            until: context.deadline
        )
        return Self.ended(context, isCurrent: true)
    }

    /// Ends one of the user's own sessions; those of others are not there.
    private func revoke(_ context: Context) throws -> Response {
        let session = try Self.session(context)
        guard let id = context.captures.text(0).flatMap({ SessionID($0) }),
            let hash = try sessions.revoke(
                id,
                of: session.userID,
                having: Self.reach(of: session),
                until: context.deadline
            )
        else { throw Problem.notFound }
        return Self.ended(context, isCurrent: hash == session.tokenHash)
    }

    /// Whose sessions of its user a session sees and ends; nil for all.
    ///
    /// A customer's, which any service may be issued for any user, has no say over those of staff.
    private static func reach(of session: Session) -> Roles? {
        session.roles == .customer ? .customer : nil
    }

    private static func session(_ context: Context) throws -> Session {
        guard let session = context.principal.session else { throw Problem.unauthenticated }
        return session
    }

    private static func ended(_ context: Context, isCurrent: Bool) -> Response {
        let response = Response(.noContent, readyLines: "Cache-Control: no-store\r\n")
        guard isCurrent, context.request.parameters.contains(.cookie) else { return response }
        return response.with("Set-Cookie", SessionCookie.removal(for: context.request))
    }
}

import Web

extension Problem {
    static let unauthenticated = Problem(
        .unauthorized,
        "unauthenticated",
        "Valid credentials are needed.",
        fields: [Response.Field("WWW-Authenticate", "Bearer")]
    )

    static let tokenExpired = Problem(
        .unauthorized,
        "token_expired",
        "The token has expired.",
        fields: [Response.Field("WWW-Authenticate", "Bearer error=\"invalid_token\"")]
    )

    static let forbiddenRole = Problem(
        .forbidden,
        "forbidden_role",
        "The session lacks the role for this."
    )

    static let notFound = Problem(.notFound, "not_found", "There is nothing here.")

    static let orderNotFound = Problem(.notFound, "order_not_found", "There is no such order.")

    static let sessionExpired = Problem(
        .gone,
        "session_expired",
        "The checkout session has expired; start a new one."
    )

    static let bodyTooLarge = Problem(
        .contentTooLarge,
        "body_too_large",
        "A body may have 1 MiB at most."
    )

    static func methodNotAllowed(allow: String) -> Problem {
        Problem(
            .methodNotAllowed,
            "method_not_allowed",
            "This resource has other methods.",
            fields: [Response.Field("Allow", allow)]
        )
    }

    static func unsupportedMediaType(_ accepted: String) -> Problem {
        Problem(
            .unsupportedMediaType,
            "unsupported_media_type",
            "The body must be \(accepted).",
            fields: [Response.Field("Accept", accepted)]
        )
    }

    static func overloaded(retryAfter seconds: Int) -> Problem {
        Problem(
            .serviceUnavailable,
            "overloaded",
            "The service is busy; try again shortly.",
            fields: [Response.Field("Retry-After", String(seconds))]
        )
    }

    static func dependencyUnavailable(retryAfter seconds: Int) -> Problem {
        Problem(
            .serviceUnavailable,
            "dependency_unavailable",
            "Something that this service needs is not available; try again shortly.",
            fields: [Response.Field("Retry-After", String(seconds))]
        )
    }

    /// The same, with a `Retry-After` of as long as the dependency is sure not to be asked.
    static func dependencyUnavailable(after failure: UpstreamFailure) -> Problem {
        let wait = failure.retryAfter?.components.seconds ?? 0
        return dependencyUnavailable(retryAfter: Int(min(max(wait + 1, 5), 60)))
    }

    static let internalError = Problem(
        .internalServerError,
        "internal",
        "Something went wrong on our side."
    )

    static func invalid(_ status: Status, pointer: String, code: String, detail: String) -> Problem
    {
        Problem(
            status,
            "invalid_request",
            "The request has faults; see errors.",
            faults: [Fault(pointer: pointer, code: code, detail: detail)]
        )
    }
}

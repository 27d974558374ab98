import Web

/// Lets scripts of other origins call the service: the CORS protocol of the Fetch standard.
///
/// Off unless the setting names origins. Only those are told anything; for all others the answers
/// are as without the protocol, and browsers keep them from scripts.
struct CrossOrigin: Sendable {
    private static let allowedHeaders = """
        Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-CSRF-Token, \
        X-Request-Id, traceparent
        """
    private static let exposedHeaders = """
        Allow, Content-Disposition, ETag, Idempotent-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, \
        RateLimit-Reset, Retry-After, X-CSRF-Token, X-Request-Id
        """
    private static let preflightLife = "600"

    /// Origins as browsers write them: scheme, host and port.
    let origins: [String]

    /// Adds what the origin of a request may know; an empty list of origins adds nothing.
    ///
    /// - Parameters:
    ///   - response: the answer.
    ///   - request: the request that it answers.
    func permit(_ response: inout Response, for request: Request) {
        guard !origins.isEmpty else { return }
        response.add("Vary", "Origin")
        guard let origin = request.text(.origin), origins.contains(origin) else { return }
        response.add("Access-Control-Allow-Origin", origin)
        response.add("Access-Control-Allow-Credentials", "true")
        if request.method == .options {
            // A path that there is not has no methods, and the preflight fails by its status.
            guard let methods = response.field("Allow") else { return }
            response.add("Access-Control-Allow-Methods", methods)
            response.add("Access-Control-Allow-Headers", Self.allowedHeaders)
            response.add("Access-Control-Max-Age", Self.preflightLife)
        } else {
            response.add("Access-Control-Expose-Headers", Self.exposedHeaders)
        }
    }
}

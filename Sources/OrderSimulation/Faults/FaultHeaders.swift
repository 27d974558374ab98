import Web

/// The header fields that a fault may add; the web module knows names at compile time only.
enum FaultHeaders {
    static let known: [StaticString] = [
        "Retry-After", "Stripe-Should-Retry", "Idempotent-Replayed", "Request-Id", "Location",
        "X-Request-Id", "Stripe-Rate-Limited-Reason",
    ]

    static func name(_ text: String) -> StaticString? {
        known.first { "\($0)".lowercased() == text.lowercased() }
    }

    /// What a fault answers.
    static func response(_ fault: Fault, path: String) -> Response {
        var response =
            switch fault.kind {
            case .dropBefore, .dropAfter: Response.broken
            case .garbage: Response.json(.ok, Array("{\"id\": \"pi_".utf8) + [0xFF, 0x00, 0x7B])
            case .status, .delay, .hold: failure(fault, path: path)
            }
        for (text, value) in fault.headers {
            if let name = name(text) { response.add(name, value) }
        }
        return response
    }

    private static func failure(_ fault: Fault, path: String) -> Response {
        let status = Status(rawValue: Int(fault.status ?? 500))
        if let body = fault.body { return .json(status, body.serialized()) }
        guard path.hasPrefix("/stripe/") else {
            let body: JSON = ["code": "fault", "message": "The simulator was told to fail."]
            return .json(status, body.serialized())
        }
        let isLimit = status == .tooManyRequests
        return StripeError(
            status,
            type: isLimit || status.rawValue < 500 ? "invalid_request_error" : "api_error",
            code: isLimit ? "rate_limit" : nil,
            isLimit
                ? "Request rate limit exceeded." : "An unknown error occurred. (simulated)"
        ).response
    }
}

extension Response {
    /// A head that no web server accepts: nginx gives it up as 502, as it does when an upstream
    /// ends a connection before its answer.
    static let broken = Response(Status(rawValue: 502), readyLines: "\u{7F}\r\n")

    var isBroken: Bool { "\(readyLines)" == "\u{7F}\r\n" }
}

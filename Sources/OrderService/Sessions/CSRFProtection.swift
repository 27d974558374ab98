import Signing
import Web

/// What a browser's writes must show beside the cookie: a second secret, and that the page which
/// sent them is one that may.
///
/// The `Synchronizer` token of a session is an HMAC over the hash of its token, so it needs no
/// storage, and whoever can only send the cookie along cannot know it. It lives as long as the
/// session does; `GET /v1/sessions/current` tells it to a page that has lost it.
struct CSRFProtection: Sendable {
    // The key for new tokens first, then the one before it.
    private let keys: [[UInt8]]
    private let origins: [String]

    /// Derives keys of its own from the service's sealing keys.
    ///
    /// - Parameters:
    ///   - key: for new tokens.
    ///   - previousKey: whose tokens still count.
    ///   - origins: other origins than our own whose pages may write, as browsers spell them.
    init(key: [UInt8], previousKey: [UInt8]? = nil, origins: [String] = []) {
        let purpose = Array("csrf".utf8)
        keys = ([key] + (previousKey.map { [$0] } ?? [])).map {
            HMACSHA256.authenticationCode(for: purpose, key: $0).bytes
        }
        self.origins = origins
    }

    /// The value for `X-CSRF-Token`.
    func token(for tokenHash: Digest) -> String {
        Self.token(for: tokenHash, key: keys[0])
    }

    private static func token(for tokenHash: Digest, key: [UInt8]) -> String {
        Base64URL.encode(HMACSHA256.authenticationCode(for: tokenHash.bytes, key: key).bytes)
    }

    /// Checks a write; reads pass.
    ///
    /// - Throws: a `Problem` with 403.
    func check(_ request: Request, tokenHash: Digest) throws(Problem) {
        switch request.method {
        case .get, .head, .options: return
        default: break
        }
        let shown = Array(request.parameters[.csrfToken] ?? [])
        let isValid = keys.contains { key in
            constantTimeEquals(shown, Array(Self.token(for: tokenHash, key: key).utf8))
        }
        guard isValid, !request.parameters.isRepeated(.csrfToken), !isForeign(request) else {
            throw Problem(
                .forbidden,
                "csrf_failed",
                "A write by cookie needs a valid X-CSRF-Token, from a page that may write."
            )
        }
    }

    /// Whether a browser says that another site's page sent the request.
    ///
    /// Browsers send `Origin` with every write; `Sec-Fetch-Site` is asked where it is missing. It is
    /// a second line: a page that knows the token but is none of ours has stolen it.
    private func isForeign(_ request: Request) -> Bool {
        guard let origin = request.text(.origin) else {
            return request.header("Sec-Fetch-Site") == "cross-site"
        }
        guard !origins.contains(origin) else { return false }
        // Whether a proxy in front has taken TLS off cannot be seen here, so either scheme is ours.
        let host = request.header("Host") ?? ""
        return origin != "https://\(host)" && origin != "http://\(host)"
    }
}

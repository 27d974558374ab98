import Signing
import Web

/// The cookie form of a session, for browsers.
enum SessionCookie {
    /// The name over TLS; the prefix makes browsers insist on `Secure` and `Path=/`.
    static let secureName = "__Host-session"
    /// The name on plain-HTTP loopback, where the prefix is not allowed.
    static let plainName = "session"

    static func name(isSecure: Bool) -> String { isSecure ? secureName : plainName }

    /// The token in a `Cookie` header; nil if there is none.
    static func token(in header: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let value =
            Cookie.value(named: secureName, in: header)
            ?? Cookie.value(named: plainName, in: header)
        return value.map { Array($0.utf8)[...] }
    }
}

/// The second secret that a browser's writes must show, derived from the session's token.
///
/// The `Synchronizer` token of a session is an HMAC over the hash of its token, so it needs no
/// storage, and whoever can only send the cookie along cannot know it.
struct CSRFProtection: Sendable {
    // The key for new tokens first, then the one before it.
    private let keys: [[UInt8]]

    /// Derives keys of its own from the service's sealing keys.
    init(key: [UInt8], previousKey: [UInt8]? = nil) {
        let purpose = Array("csrf".utf8)
        keys = ([key] + (previousKey.map { [$0] } ?? [])).map {
            HMACSHA256.authenticationCode(for: purpose, key: $0).bytes
        }
    }

    /// The value for `X-CSRF-Token`.
    func token(for tokenHash: Digest) -> String {
        Self.token(for: tokenHash, key: keys[0])
    }

    private static func token(for tokenHash: Digest, key: [UInt8]) -> String {
        Base64URL.encode(HMACSHA256.authenticationCode(for: tokenHash.bytes, key: key).bytes)
    }

    /// Checks the header of a write; reads pass.
    func check(_ request: Request, tokenHash: Digest) throws(Problem) {
        switch request.method {
        case .get, .head, .options: return
        default: break
        }
        let shown = Array(request.parameters[.csrfToken] ?? [])
        let isValid = keys.contains { key in
            constantTimeEquals(shown, Array(Self.token(for: tokenHash, key: key).utf8))
        }
        guard isValid else {
            throw Problem(
                .forbidden,
                "csrf_failed",
                "A write by cookie needs a valid X-CSRF-Token."
            )
        }
    }
}

import Web

/// The cookie form of a session, for browsers.
enum SessionCookie {
    /// The name over TLS; the prefix makes browsers insist on `Secure` and `Path=/`.
    static let secureName = "__Host-session"
    /// The name on plain-HTTP loopback, where the prefix is not allowed.
    static let plainName = "session"

    static func name(isSecure: Bool) -> String { isSecure ? secureName : plainName }

    /// The token in the `Cookie` header; nil if there is none.
    ///
    /// - Throws: a `Problem` with 401 if there are two, or one by the other name: over TLS a plain
    ///   `session` may have been set by another host or without encryption.
    static func token(of request: Request) throws(Problem) -> ArraySlice<UInt8>? {
        guard let header = request.parameters[.cookie] else { return nil }
        let isSecure = request.isSecure
        guard case .none = Cookie.find(name(isSecure: !isSecure), in: header) else {
            throw .unauthenticated
        }
        switch Cookie.find(name(isSecure: isSecure), in: header) {
        case .none: return nil
        case .one(let token): return token
        case .several: throw .unauthenticated
        }
    }

    /// Whether the request shows one cookie of ours and nothing else.
    static func isAlone(in request: Request) -> Bool {
        guard request.parameters[.authorization]?.isEmpty ?? true,
            let header = request.parameters[.cookie], !request.parameters.isRepeated(.cookie),
            case .one = Cookie.find(name(isSecure: request.isSecure), in: header)
        else { return false }
        return true
    }

    /// The `Set-Cookie` field of a session.
    static func making(_ token: String, lasting life: Duration, for request: Request) -> String {
        Cookie.strict(
            name: name(isSecure: request.isSecure),
            value: token,
            maximumAge: Int(life.components.seconds),
            isSecure: request.isSecure
        )
    }

    /// The `Set-Cookie` field that makes a browser forget its session.
    static func removal(for request: Request) -> String {
        making("", lasting: .zero, for: request)
    }
}

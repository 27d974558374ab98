import MariaDB
import Resilience
import Signing
import Web

/// Finds out who makes a request: a bearer token, or a browser's cookie with its CSRF header.
struct Authenticator: Sendable {
    let sessions: SessionAuthority
    let guests: GuestAccessAuthority
    let csrf: CSRFProtection
    let clock: WallClock

    /// The principal of a request's credentials; `nobody` if it has none.
    ///
    /// - Throws: a `Problem` with 401 if it has credentials that do not hold, 403 if a write by
    ///   cookie lacks its CSRF token. With the 401 a cookie that was shown alone is removed: the page
    ///   cannot, and beside it a new session's token would be one credential too many.
    func principal(of request: Request, until deadline: Deadline) throws -> Principal {
        do {
            return try holder(of: request, until: deadline)
        } catch var problem as Problem where problem.status == .unauthorized {
            if SessionCookie.isAlone(in: request) {
                problem.fields.append(
                    Response.Field("Set-Cookie", SessionCookie.removal(for: request))
                )
            }
            throw problem
        }
    }

    /// A principal whom a quick look has found in the cache; nil if the credential has ended since.
    func confirmed(_ principal: Principal) -> Principal? {
        switch principal {
        case .session(let session):
            guard isLive(session.tokenHash, until: session.expiresAt) else { return nil }
            sessions.noteUse(of: session.tokenHash)
            return principal
        case .guest(let access):
            return isLive(access.tokenHash, until: access.expiresAt) ? principal : nil
        case .nobody, .checkout:
            return nil
        }
    }

    private func isLive(_ tokenHash: Digest, until end: Timestamp) -> Bool {
        end > clock.now && !sessions.revoked.lists(tokenHash)
    }

    private func holder(of request: Request, until deadline: Deadline) throws -> Principal {
        guard let credential = try Credential(request) else { return .nobody }
        switch credential.kind {
        case .session:
            guard let session = try sessions.find(credential.tokenHash, until: deadline) else {
                throw Problem.unauthenticated
            }
            guard session.expiresAt > clock.now else { throw Problem.tokenExpired }
            if credential.isCookie {
                try csrf.check(request, tokenHash: credential.tokenHash)
            }
            sessions.noteUse(of: credential.tokenHash)
            return .session(session)
        case .guest:
            guard let access = try guests.find(credential.tokenHash, until: deadline) else {
                throw Problem.unauthenticated
            }
            guard access.expiresAt > clock.now else { throw Problem.tokenExpired }
            return .guest(access)
        case .checkout:
            return .checkout(credential.tokenHash)
        }
    }
}

/// A token as a request presents it; only its hash is kept.
struct Credential {
    enum Kind {
        case session
        case guest
        case checkout
    }

    let kind: Kind
    let tokenHash: Digest
    let isCookie: Bool

    /// 256 bits in base64url without padding.
    private static let tokenCharacters = 43

    /// Reads the credential of a request; nil if there is none.
    ///
    /// - Throws: a `Problem` with 401 for a malformed one, and for two at once: whatever chose
    ///   one of them could choose another than who checked it on the way here.
    init?(_ request: Request) throws(Problem) {
        guard !request.parameters.isRepeated(.authorization),
            !request.parameters.isRepeated(.cookie)
        else { throw .unauthenticated }
        let header = request.parameters[.authorization].flatMap { $0.isEmpty ? nil : $0 }
        let cookie = try SessionCookie.token(of: request)
        switch (header, cookie) {
        case (nil, nil): return nil
        case (.some, .some): throw .unauthenticated
        case (.some(let header), nil):
            // The scheme's case does not matter (RFC 9110, section 11.1); capitals and small
            // letters differ by one bit.
            let scheme = "bearer".utf8
            guard header.prefix(scheme.count).lazy.map({ $0 | 0x20 }).elementsEqual(scheme),
                header.dropFirst(scheme.count).first == UInt8(ascii: " ")
            else { throw .unauthenticated }
            try self.init(token: header.dropFirst(scheme.count + 1), isCookie: false)
        case (nil, .some(let cookie)):
            try self.init(token: cookie, isCookie: true)
            guard kind == .session else { throw .unauthenticated }
        }
    }

    private init(token: ArraySlice<UInt8>, isCookie: Bool) throws(Problem) {
        let prefix = token.prefix(3)
        guard token.count == 3 + Self.tokenCharacters else { throw .unauthenticated }
        if prefix.elementsEqual(Session.tokenPrefix.utf8) {
            kind = .session
        } else if prefix.elementsEqual(GuestAccess.tokenPrefix.utf8) {
            kind = .guest
        } else if prefix.elementsEqual(CheckoutSession.tokenPrefix.utf8) {
            kind = .checkout
        } else {
            throw .unauthenticated
        }
        tokenHash = SHA256.digest(token.span.bytes)
        self.isCookie = isCookie
    }
}

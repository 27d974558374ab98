package import Signing

/// Who makes a request, as far as its credentials tell.
package enum Principal: Sendable {
    case nobody
    case session(Session)
    case guest(GuestAccess)
    /// The bearer of a checkout session's token; which session it opens is the checkout's matter.
    case checkout(Digest)

    package var session: Session? {
        if case .session(let session) = self { session } else { nil }
    }

    package var roles: Roles { session?.roles ?? [] }

    /// The word that the record of changes keeps: who acted, without personal data.
    package var actor: String {
        switch self {
        case .nobody: "nobody"
        case .session(let session) where session.roles == .customer: "customer"
        case .session(let session): Self.actor(ofStaff: session.userID)
        case .guest, .checkout: "guest"
        }
    }

    /// The same word of somebody of the shop, for what is done once the session is not there.
    static func actor(ofStaff userID: String) -> String { "staff:\(userID)" }
}

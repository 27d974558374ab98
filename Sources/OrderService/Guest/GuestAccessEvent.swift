import MariaDB
import Signing

/// What the record of guests' access knows.
package enum GuestAccessEvent: String, Sendable, CaseIterable {
    /// A token that holds was shown, whatever came of the request.
    case tokenUsed = "token_used"
    /// Somebody named the order's number and its e-mail address.
    case lookedUp = "looked_up"
    /// Somebody named the order's number and another e-mail address.
    case lookUpMismatched = "lookup_mismatched"
    /// The mailer was told a token.
    case linkIssued = "link_issued"
}

/// One entry of the record of guests' access.
struct GuestAccessEntry: Sendable, Equatable {
    let orderID: Int64
    let event: GuestAccessEvent
    /// Nil for look-ups, which need no token.
    let tokenHash: Digest?
    /// Method and pattern.
    let route: String
    let network: ClientNetwork?
    let at: Timestamp
}

extension Timestamp {
    /// The minute since 1970 that it lies in.
    var minute: Int64 {
        let length: Int64 = 60_000_000
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: length)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

import Commerce
import MariaDB
import Signing

/// Somebody's wish for a link to an order, by its number and its e-mail address.
struct GuestLookUp: Sendable {
    private static let prefix = "glk_"

    /// Not guessable: 256 random bits.
    let publicID: String
    /// Nil for a text that is no order's number.
    let orderNumber: OrderNumber?
    let emailDigest: Digest
    let network: ClientNetwork?
    let requestedAt: Timestamp
    /// Until when a link may be issued for it.
    let expiresAt: Timestamp

    /// Whether a text has the form of an id; no other is one's.
    static func isID(_ text: String) -> Bool {
        text.hasPrefix(prefix)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte)
                    || (97...122).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }

    /// A fresh public id.
    static func makeID() -> String { SecureRandom.token(prefix: prefix) }
}

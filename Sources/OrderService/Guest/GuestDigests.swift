import Signing
import Web

/// Keyed digests of what guests type, so that neither Redis nor a look-up's row holds it.
///
/// Without the service's key nobody finds out, by trying addresses, whose they are.
struct GuestDigests: Sendable {
    /// What a text is; the same text of two kinds has two digests.
    enum Kind: String, Sendable {
        case email
        case orderNumber = "number"
        case network
    }

    // The key for new digests first, then the one before it.
    private let keys: [[UInt8]]

    /// Derives keys of its own from the service's sealing keys.
    init(key: [UInt8], previousKey: [UInt8]? = nil) {
        let purpose = Array("guest".utf8)
        keys = ([key] + (previousKey.map { [$0] } ?? [])).map {
            HMACSHA256.authenticationCode(for: purpose, key: $0).bytes
        }
    }

    func digest(_ text: String, as kind: Kind) -> Digest {
        Self.digest(text, kind, key: keys[0])
    }

    /// The digest of an e-mail address, however it is spelt.
    func digest(email: String) -> Digest {
        digest(Self.normalized(email), as: .email)
    }

    /// The digests that an e-mail address may have been stored under: one for each key.
    func digests(email: String) -> [Digest] {
        keys.map { Self.digest(Self.normalized(email), .email, key: $0) }
    }

    /// Whether a digest is that of an e-mail address, in a time that does not depend on how much
    /// of it agrees.
    func matches(_ digest: Digest, email: String) -> Bool {
        let email = Self.normalized(email)
        return keys.reduce(false) { matches, key in
            constantTimeEquals(digest, Self.digest(email, .email, key: key)) || matches
        }
    }

    /// The one spelling in which addresses are compared; that of `EmailAddress`, of any text.
    private static func normalized(_ email: String) -> String {
        email.trimmed.lowercased()
    }

    private static func digest(_ text: String, _ kind: Kind, key: [UInt8]) -> Digest {
        HMACSHA256.authenticationCode(for: Array("\(kind.rawValue):\(text)".utf8), key: key)
    }
}
